//go:build unix

package worker_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// TestAGroupLeavesWorkersForOthers is an organization with more extensions that
// never end than there are workers, beside one that calls a quick one: it gets
// a worker at once, and the first gets those back that others gave up.
func TestAGroupLeavesWorkersForOthers(t *testing.T) {
	e := newEngine(t, worker.Config{
		Max: 8, MaxWait: 20 * time.Second, MaxIdle: time.Minute,
		Group: func(tenant string) string { org, _, _ := strings.Cut(tenant, "/"); return org },
	})
	defer e.Close()
	slow := compile(t, e, `module.exports = () => new Promise(r => setTimeout(r, 60000))`)
	quick := compile(t, e, `module.exports = () => 1`)
	var group sync.WaitGroup
	defer group.Wait()
	run := func(ctx context.Context, tenant string) {
		group.Go(func() {
			_, _ = slow.Run(ctx, sandbox.Invocation{Tenant: tenant, Limits: sandbox.Limits{Wall: time.Minute}}, nil)
		})
	}
	all, stop := context.WithCancel(context.Background())
	defer stop()
	first, stopFirst := context.WithCancel(all)
	for i := range 3 {
		run(first, fmt.Sprint("loud/first", i))
	}
	eventually(t, "the first three run", func() bool { return e.Stats().Busy == 3 })
	for i := range 20 {
		run(all, fmt.Sprint("loud/more", i))
	}
	eventually(t, "the organization has six of eight", func() bool { return e.Stats().Busy == 6 })
	for range 5 {
		began := time.Now()
		runFor(t, quick, "calm/x")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a call of another organization took %v", took)
		}
	}
	if s := e.Stats(); s.Busy != 6 || s.Waiting != 17 {
		t.Errorf("%d run and %d wait, want 6 and 17", s.Busy, s.Waiting)
	}
	stopFirst() // three of six end: three of those that wait begin
	eventually(t, "their workers are given on", func() bool { s := e.Stats(); return s.Busy == 6 && s.Waiting == 14 })
}
