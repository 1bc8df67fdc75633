package runtime_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/standard"
)

// TestUpdatesUnderTrafficFailNoCall updates, replaces and rolls back while
// others call: each call is answered by one whole version. There is one slot, so
// that calls wait between finding their version and taking its module.
func TestUpdatesUnderTrafficFailNoCall(t *testing.T) {
	h := openHost(t, standard.Options{Limits: runtime.Limits{Rate: runtime.Unlimited, Concurrent: 1}})
	installVersion := func(n int) {
		// Most replace the current version in place, and its package goes at once.
		version := fmt.Sprintf("1.0.%d", n/4%5)
		server := ""
		if n%2 == 0 {
			server = `"secrets:read"`
		}
		code := fmt.Sprintf(`export default async ({secrets}) => { let may = true; try { await secrets.get('a') } catch { may = false } return %q + ' ' + (may === %v) } // %d`, version, n%2 == 0, n)
		installAll(t, h, "acme", extension(t, manifestOf("x", version, server, ""), code))
	}
	installVersion(0)
	var calls atomic.Int64
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 3 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := do(t, h, "acme"); !strings.HasPrefix(got, "1.0.") || !strings.HasSuffix(got, " true") {
					t.Errorf("during an update: %s", got)
					return
				}
				calls.Add(1)
			}
		})
	}
	for n := range 60 {
		installVersion(n)
		if n%7 == 6 {
			if _, err := h.Rollback(t.Context(), "acme", "acme.x", "", "test"); err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	callers.Wait()
	t.Logf("%d calls during 60 updates", calls.Load())
	if calls.Load() == 0 {
		t.Error("nothing was called")
	}
}
