//go:build unix

package worker_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// TestWhatIsLeftRunning is that calls which an invocation leaves behind are not
// made in the name of the next one in the same worker, and do not end it.
func TestWhatIsLeftRunning(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	leaves := compile(t, e, `module.exports = ({test}) => {
		for (let i = 0; i < 8; i++) Promise.resolve().then(() => test.later("left"))
		return "answered"
	}`)
	next := compile(t, e, `module.exports = async ({test}) => await test.later("next")`)
	for range 200 {
		if _, err := leaves.Run(context.Background(), sandbox.Invocation{Tenant: "t"}, answerRow); err != nil {
			t.Fatal(err)
		}
		var calls, strange atomic.Int32
		_, err := next.Run(context.Background(), sandbox.Invocation{Tenant: "t"}, func(ctx context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
			if calls.Add(1); string(args.JSON) != `{"value":"next"}` {
				strange.Add(1)
			}
			return sandbox.Payload{JSON: []byte("1")}, ctx.Err()
		})
		if err != nil || calls.Load() != 1 || strange.Load() != 0 {
			t.Fatalf("the next invocation: %v, %d calls, %d of them of the one before", err, calls.Load(), strange.Load())
		}
	}
}
