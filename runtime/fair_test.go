package runtime_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// TestOneOrganizationAtFullLoadLeavesAnotherItsShare is 200 callers of one
// organization, whose handler does not end, beside 20 calls of another, one
// after the other: none of these is refused, which those are that wait for a slot.
func TestOneOrganizationAtFullLoadLeavesAnotherItsShare(t *testing.T) {
	const slots, callers = 16, 200
	h := openHost(t, standard.Options{Limits: runtime.Limits{
		Rate: runtime.Unlimited, Concurrent: slots, QueueWait: 100 * time.Millisecond, Sandbox: sandbox.Limits{Wall: 10 * time.Minute},
	}})
	manifest := manifestOf("x", "1.0.0", "", "")
	installAll(t, h, "loud", extension(t, manifest, `export default () => new Promise(done => setTimeout(done, 600000))`))
	installAll(t, h, "calm", extension(t, manifest, `export default () => 'soon'`))
	ctx, cancel := context.WithCancel(t.Context())
	var refused atomic.Int64
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				_, err := h.Invoke(ctx, callOf("loud", "acme.x"))
				switch e := sandbox.AsError(err); {
				case e != nil && e.Code == sandbox.Exhausted && e.Reason == sandbox.ReasonRate && e.RetryAfter > 0:
					refused.Add(1)
				case ctx.Err() == nil:
					t.Errorf("the load: %v", e)
				}
			}
		})
	}
	await := func(n int64) { // as many refusals: the load is full
		for deadline := time.Now().Add(time.Minute); refused.Load() < n; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d calls of the load were refused within a minute, want %d", refused.Load(), n)
			}
		}
	}
	await(callers)
	for i := range 20 {
		if got := do(t, h, "calm"); got != "soon" {
			t.Errorf("call %d: %s", i, got)
		}
		await(refused.Load() + 1)
	}
	if held, _ := h.Slots(); held < slots/2 || held > slots*3/4 {
		t.Errorf("the load holds %d slots of %d, want at most three quarters", held, slots)
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

// TestOneOrganizationsPackagesLeaveOthersTheBundler is an organization whose
// packages take as long as they may to be bundled: its next one waits, and
// another organization's does not.
func TestOneOrganizationsPackagesLeaveOthersTheBundler(t *testing.T) {
	h := openHost(t, standard.Options{})
	long, err := h.Building().Acquire(t.Context(), admission.Owner{Org: "loud"}) // as a package that is being bundled
	if err != nil {
		t.Fatal(err)
	}
	p := extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => 'soon'`)
	next := make(chan error, 1)
	go func() {
		_, err := h.Install(t.Context(), "loud", p, runtime.Consent{By: "test"})
		next <- err
	}()
	for waiting := 0; waiting == 0; _, waiting = h.Building().InUse() {
		select {
		case err := <-next:
			t.Fatalf("two packages of one organization were bundled at once: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	installAll(t, h, "calm", p)
	if got := do(t, h, "calm"); got != "soon" {
		t.Error(got)
	}
	long.Release()
	if err := <-next; err != nil {
		t.Errorf("when the first package was bundled: %v", err)
	}
}
