package runtime_test

import (
	"fmt"
	"os"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/standard"
)

// TestReloadsLeaveMemoryAndGoroutinesFlat replaces an extension again and again
// and calls it each time. The limits are far below what one kept module for each
// reload would need, in the short run too: the code alone is 120 kB.
func TestReloadsLeaveMemoryAndGoroutinesFlat(t *testing.T) {
	reloads := 200
	if os.Getenv("ANNEX_LONG") != "" {
		reloads = 10_000
	}
	h := openHost(t, standard.Options{Limits: runtime.Limits{Rate: runtime.Unlimited}})
	filler := strings.Repeat("annex ", 20_000)
	reload := func(n int) {
		code := fmt.Sprintf("const filler = %q;\nexport default () => `%d ${filler.length}`", filler, n)
		installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", "", ""), code))
		if got, want := do(t, h, "acme"), fmt.Sprintf("%d %d", n, len(filler)); got != want {
			t.Fatalf("reload %d: %s, want %s", n, got, want)
		}
	}
	warm := reloads / 4
	for n := range warm {
		reload(n)
	}
	memory, goroutines := heap(), settled(0)
	for n := range reloads - warm {
		reload(warm + n)
	}
	grown, more := heap()-memory, settled(goroutines)-goroutines
	t.Logf("%d reloads: heap %+d KiB (%+d bytes a reload), goroutines %+d, programs %d", reloads-warm, grown>>10, grown/int64(reloads-warm), more, h.Programs())
	if h.Programs() > 1 {
		t.Errorf("%d programs are held for one handler", h.Programs())
	}
	// The audit of the reloads stays, in memory here, and the heap breathes by some
	// MiB; a leak of modules is 18 MB in the short run.
	if limit := max(8<<20, int64(reloads-warm)*4<<10); grown > limit {
		t.Errorf("memory grew by %d KiB, want at most %d", grown>>10, limit>>10)
	}
	if more > 3 {
		t.Errorf("%d more goroutines", more)
	}
}

// settled is how many goroutines there are once there are no more than want, or
// after 2 s: the bundler's linger for a moment.
func settled(want int) int {
	n := goruntime.NumGoroutine()
	for range 40 {
		if n <= want {
			break
		}
		time.Sleep(50 * time.Millisecond)
		n = min(n, goruntime.NumGoroutine())
	}
	return n
}

// heap is the memory in use after a collection.
func heap() int64 {
	var m goruntime.MemStats
	time.Sleep(20 * time.Millisecond) // finishers of the last call
	goruntime.GC()
	goruntime.GC()
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
