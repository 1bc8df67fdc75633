package bench

import (
	"fmt"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
)

const (
	installed = 10_000
	inUse     = 1_000 // of them, when their throughput is measured
)

// What do ten thousand installed extensions cost: when a host starts, in
// memory, and for a call?
func TestTenThousandInstalled(t *testing.T) {
	t.Run("of the same code", func(t *testing.T) { tenThousand(t, func(int) string { return twoReads }, 0) })
	// Realms are kept ready for 30 seconds, so that idle begins later.
	t.Run("each of its own code", func(t *testing.T) {
		tenThousand(t, func(i int) string { return fmt.Sprintf("%s\nexport const own = %d;", twoReads, i) }, 65*time.Second)
	})
}

func tenThousand(t *testing.T, code func(i int) string, idle time.Duration) {
	_, variant, _ := strings.Cut(t.Name(), "/")
	what := fmt.Sprintf("%d installed extensions %s: ", installed, strings.ReplaceAll(variant, "_", " "))
	dir, empty := t.TempDir(), t.TempDir()
	bar(what+"installing, from 8 callers, sync off", "", short(fill(t, dir, code)/installed)+" each", true)
	closeHost(t, openHost(t, empty, standard.Options{}))
	start := compare(5, side{1, opening(t, dir)}, side{1, opening(t, empty)})
	bar(what+"start", "under 2 s", fmt.Sprintf("%s (an empty host %s)", short(start.median(0)), short(start.median(1))),
		start.median(0) < 2*time.Second)

	before := heap()
	h := openHost(t, dir, standard.Options{})
	memory := func(when string) {
		each := (heap() - before) / installed
		bar(what+"memory, "+when, "under 20 KB each", fmt.Sprintf("%.1f KB each", float64(each)/1000), each < 20_000)
	}
	memory("none was called yet")
	for i := range installed {
		invoke(t, h, name(i), "")
	}
	memory("each was called once, just now")
	if idle > 0 {
		time.Sleep(idle)
		memory("each was called once, a minute ago")
	}
	compareThroughput(t, what, h)
}

func name(i int) string { return fmt.Sprintf("e%05d", i) }

// fill installs into dir. It is not synced: how long that takes is the disk's.
func fill(t *testing.T, dir string, code func(i int) string) time.Duration {
	t.Helper()
	h := openHost(t, dir, standard.Options{NoSync: true})
	defer closeHost(t, h)
	next := make(chan int)
	var all sync.WaitGroup
	began := time.Now()
	for range 8 {
		all.Go(func() {
			for i := range next {
				install(t, h, name(i), code(i))
			}
		})
	}
	for i := range installed {
		next <- i
	}
	close(next)
	all.Wait()
	return time.Since(began)
}

// opening measures standard.Open on a directory, and closes the host again.
func opening(t *testing.T, dir string) func(n int) time.Duration {
	return func(n int) (total time.Duration) {
		for range n {
			began := time.Now()
			h := openHost(t, dir, standard.Options{})
			total += time.Since(began)
			closeHost(t, h)
		}
		return total
	}
}

// heap is what the process holds, without what is garbage.
func heap() int64 {
	goruntime.GC()
	goruntime.GC() // what the first one only finalized
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// compareThroughput calls inUse of the extensions of h in turn, and the only
// one of another host.
func compareThroughput(t *testing.T, what string, h *standard.Host) {
	t.Helper()
	alone := openHost(t, t.TempDir(), standard.Options{})
	install(t, alone, name(0), twoReads)
	i := 0
	seen := compare(61,
		side{inUse / 5, timed(func() { invoke(t, h, name(i%inUse), ""); i++ })},
		side{inUse / 5, timed(func() { invoke(t, alone, name(0), "") })},
	)
	ratio := seen.ratio(0, 1)
	bar(what+fmt.Sprintf("a call, over %d of them, against the only one installed", inUse), "at most 10 % longer",
		fmt.Sprintf("%s: %.2f times", seen.against(0, 1, short), ratio), ratio <= 1.1)
}
