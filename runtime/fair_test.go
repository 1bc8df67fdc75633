package runtime_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// TestOneOrganizationAtFullLoadLeavesAnotherItsShare is 200 callers of one
// organization, whose handler takes a quarter of a second, beside 20 calls of
// another, one after the other: none of these is refused, and none waits for a
// slot, which would take it longer than the other's handler.
func TestOneOrganizationAtFullLoadLeavesAnotherItsShare(t *testing.T) {
	const slots, takes = 16, 250 * time.Millisecond
	h := openHost(t, standard.Options{Limits: runtime.Limits{
		Rate: runtime.Unlimited, Concurrent: slots, QueueWait: 100 * time.Millisecond,
	}})
	manifest := manifestOf("x", "1.0.0", "", "")
	installAll(t, h, "loud", extension(t, manifest, `export default () => new Promise(done => setTimeout(() => done('late'), 250))`))
	installAll(t, h, "calm", extension(t, manifest, `export default () => 'soon'`))
	if got := do(t, h, "calm"); got != "soon" { // compiled
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var answered, refused atomic.Int64
	var callers sync.WaitGroup
	for range 200 {
		callers.Go(func() {
			for ctx.Err() == nil {
				_, err := h.Invoke(ctx, callOf("loud", "acme.x"))
				switch e := sandbox.AsError(err); {
				case e == nil:
					answered.Add(1)
				case e.Code == sandbox.Exhausted && e.Reason == sandbox.ReasonRate && e.RetryAfter > 0:
					refused.Add(1)
				case ctx.Err() == nil:
					t.Errorf("the load: %v", e)
				}
			}
		})
	}
	for answered.Load() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	longest := time.Duration(0)
	for i := range 20 {
		began := time.Now()
		if got := do(t, h, "calm"); got != "soon" {
			t.Fatalf("call %d: %s", i, got)
		}
		longest = max(longest, time.Since(began))
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	callers.Wait()
	t.Logf("the load: %d answered, %d refused; the others: %v at most", answered.Load(), refused.Load(), longest)
	if longest >= takes {
		t.Errorf("a call beside the load took %v, want less than one of the load's", longest)
	}
	if refused.Load() == 0 {
		t.Error("nothing of the load was refused, so it was no full load")
	}
}

// TestStrangersDoNotTakeTheSlotsOfThoseWhoAreKnown is a flood at a public door
// beside the same extension's callers who have a token.
func TestStrangersDoNotTakeTheSlotsOfThoseWhoAreKnown(t *testing.T) {
	h := openHost(t, standard.Options{Limits: runtime.Limits{
		Rate: runtime.Unlimited, Concurrent: 64, ConcurrentEach: 2, Queue: -1,
	}})
	p := extension(t, manifestOf("x", "1.0.0", "", `, {"method": "POST", "path": "open", "handler": "server/do.js", "public": true}`),
		`export default ({request}) => request.path === 'open' ? new Promise(done => setTimeout(() => done(''), 20000)) : 'soon'`)
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "soon" {
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan struct{}, 3)
	var strangers sync.WaitGroup
	for range 3 {
		strangers.Go(func() {
			call := callOf("acme", "acme.x")
			call.Path, call.Public, call.User = "open", true, nil
			if _, err := h.Invoke(ctx, call); sandbox.AsError(err).Reason == sandbox.ReasonRate {
				refused <- struct{}{}
			}
		})
	}
	<-refused // one of the three: the other two run
	got := do(t, h, "acme")
	cancel()
	strangers.Wait()
	if got != "soon" {
		t.Errorf("beside strangers who hold all their slots: %s", got)
	}
	if n := len(refused); n != 0 {
		t.Errorf("%d more strangers were refused, want two to run", n)
	}
}
