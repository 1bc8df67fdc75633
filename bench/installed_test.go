package bench

import (
	"fmt"
	goruntime "runtime"
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
	for _, variant := range []struct {
		name string
		code func(i int) string
	}{
		{"of the same code", func(int) string { return twoReads }},
		{"each of its own code", func(i int) string {
			return fmt.Sprintf("%s\n// %d", twoReads, i) + fmt.Sprintf("\nexport const own = %d;", i)
		}},
	} {
		t.Run(variant.name, func(t *testing.T) {
			what := fmt.Sprintf("%d installed extensions %s: ", installed, variant.name)
			dir := t.TempDir()
			took := fill(t, dir, variant.code)
			bar(what+"installing, from 8 callers, sync off", "no bar", short(took/installed)+" each", true)

			empty := t.TempDir()
			closeHost(t, openHost(t, empty, standard.Options{}))
			opening := compare(5, side{1, opening(t, dir)}, side{1, opening(t, empty)})
			bar(what+"start", "under 2 s", fmt.Sprintf("%s (an empty host: %s)", short(opening.median(0)), short(opening.median(1))),
				opening.median(0) < 2*time.Second)

			before := heap()
			h := openHost(t, dir, standard.Options{})
			bar(what+"memory, none was called yet", "under 20 KB each", perExtension(before), heap()-before < installed*20_000)
			for i := range installed {
				invoke(t, h, name(i), "")
			}
			bar(what+"memory, each was called once just now", "no bar", perExtension(before), true)
			time.Sleep(70 * time.Second) // realms are kept ready for 30 s
			bar(what+"memory, each was called once a minute ago", "under 20 KB each", perExtension(before), heap()-before < installed*20_000)
			compareThroughput(t, what, h)
		})
	}
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

func perExtension(before int64) string {
	return fmt.Sprintf("%.1f KB each", float64(heap()-before)/installed/1000)
}

// compareThroughput calls inUse of the extensions of h in turn, and the only
// one of another host.
func compareThroughput(t *testing.T, what string, h *standard.Host) {
	t.Helper()
	alone := openHost(t, t.TempDir(), standard.Options{})
	install(t, alone, name(0), twoReads)
	i := 0
	seen := compare(15,
		side{2 * inUse, timed(func() { invoke(t, h, name(i%inUse), ""); i++ })},
		side{2 * inUse, timed(func() { invoke(t, alone, name(0), "") })},
	)
	ratio := seen.ratio(0, 1)
	bar(what+fmt.Sprintf("a call, over %d of them, against the only one installed", inUse), "at most 10 % longer",
		fmt.Sprintf("%s against %s: %.2f times", short(seen.median(0)), short(seen.median(1)), ratio), ratio <= 1.1)
}
