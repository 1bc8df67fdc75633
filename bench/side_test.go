package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
)

// side is one of the things that are compared.
type side struct {
	// n is how many operations a turn has. A turn should take ten milliseconds or
	// more, and not much more: on a busy machine some turns are left in peace.
	n int
	// run performs n operations and returns how long they took.
	run func(n int) time.Duration
}

// turns holds what compare saw: for every side, the time of one operation in
// each round.
type turns [][]time.Duration

// compare lets the sides run in turns, rounds times. In turns, because a
// machine gets slower and faster while it is measured.
func compare(rounds int, sides ...side) turns {
	for _, s := range sides {
		s.run(max(1, s.n/4)) // warm up
	}
	seen := make(turns, len(sides))
	for range rounds {
		for i, s := range sides {
			seen[i] = append(seen[i], s.run(s.n)/time.Duration(s.n))
		}
	}
	return seen
}

// median is the middle of what one operation of a side took.
func (t turns) median(i int) time.Duration { return median(t[i]) }

// against writes what was seen of two sides: the medians, and the best turn of
// each, which is nearest to what a machine without other work would show.
func (t turns) against(a, b int, write func(time.Duration) string) string {
	return fmt.Sprintf("%s against %s (at best %s against %s)",
		write(t.median(a)), write(t.median(b)), write(slices.Min(t[a])), write(slices.Min(t[b])))
}

// ratio is how many times longer a took than b: the middle of the ratios of the
// rounds, so that a slow minute which both had does not count.
func (t turns) ratio(a, b int) float64 {
	ratios := make([]float64, len(t[a]))
	for round := range ratios {
		ratios[round] = float64(t[a][round]) / float64(t[b][round])
	}
	return median(ratios)
}

func median[T time.Duration | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// timed measures n calls of f.
func timed(f func()) func(n int) time.Duration {
	return func(n int) time.Duration {
		began := time.Now()
		for range n {
			f()
		}
		return time.Since(began)
	}
}

// bar prints a line of BENCHMARKS.md: what was asked, what must hold (empty: nothing
// in particular), what was seen. A bar that is missed is said to be missed; it fails no test, because a
// busy machine would.
func bar(question, want, got string, met bool) {
	verdict := "met"
	switch {
	case want == "":
		verdict = ""
	case !met:
		verdict = "**MISSED**"
	}
	fmt.Printf("| %s | %s | %s | %s |\n", question, want, got, verdict)
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	}
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}

// perSecond is a rate, from the time of one.
func perSecond(d time.Duration) string { return fmt.Sprintf("%.0f/s", float64(time.Second)/float64(d)) }

func TestMain(m *testing.M) {
	standard.WorkerMain()
	load, _ := os.ReadFile("/proc/loadavg") // tells how far to trust what follows; not everywhere
	busy := strings.Join(strings.Fields(string(load) + " ? ? ?")[:3], " ")
	fmt.Printf("| %s, %s %s/%s, %d cores, load average %s | bar | seen | |\n|---|---|---|---|\n",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), busy)
	os.Exit(m.Run())
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
