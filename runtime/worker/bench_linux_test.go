package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// median reports the median of times, in milliseconds.
func median(b *testing.B, what string, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2])/1e6, what+"-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkColdStart is the first invocation of a tenant: with a spare that is
// ready, and without one.
func BenchmarkColdStart(b *testing.B) {
	for name, spares := range map[string]int{"spare": 2, "no spare": -1} {
		b.Run(name, func(b *testing.B) {
			e := newEngine(b, worker.Config{Spares: spares, MaxIdle: 100 * time.Millisecond})
			defer e.Close()
			p := compile(b, e, twoCalls)
			var times []time.Duration
			for i := range b.N {
				for spares > 0 && e.Stats().Spares < spares {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(2 * time.Millisecond)
				start := time.Now()
				invoke(b, p, strconv.Itoa(i))
				times = append(times, time.Since(start))
			}
			median(b, "median", times)
		})
	}
}

// BenchmarkKill is a native loop: the time from its deadline to its answer, and
// from there to the answer of the tenant's next invocation.
func BenchmarkKill(b *testing.B) {
	const wall = 50 * time.Millisecond
	e := newEngine(b, worker.Config{})
	defer e.Close()
	loop := compile(b, e, `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)
	next := compile(b, e, `module.exports = () => 1`)
	var answered, replaced []time.Duration
	for range b.N {
		start := time.Now()
		_, err := loop.Run(context.Background(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: wall}}, nil)
		if !errors.Is(err, &tooLong) {
			b.Fatal(err)
		}
		answered = append(answered, time.Since(start)-wall)
		start = time.Now()
		invoke(b, next, "t")
		replaced = append(replaced, time.Since(start))
	}
	median(b, "answered", answered)
	median(b, "replaced", replaced)
}

// BenchmarkIdleMemory is the memory that a worker has to itself: a spare, and
// one that has served a thousand invocations. Another one has too, so that the
// pages of the program's own file, which the second worker shares with the
// first, count for neither.
func BenchmarkIdleMemory(b *testing.B) {
	e := newEngine(b, worker.Config{Spares: 1})
	defer e.Close()
	for range b.N {
		b.ReportMetric(private(b, e.Processes()[0]), "spare-MiB")
	}
	p := compile(b, e, twoCalls)
	for range 1000 {
		invoke(b, p, "t")
		invoke(b, p, "another")
	}
	b.ReportMetric(private(b, e.WorkersOf("t")[0]), "used-MiB")
	time.Sleep(2 * time.Second)
	b.ReportMetric(private(b, e.WorkersOf("t")[0]), "rested-MiB")
	b.ReportMetric(0, "ns/op")
}

// private is the memory in MiB that a process shares with no other.
func private(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	total := 0
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "Private_Dirty:" || f[0] == "Private_Clean:") {
			n, _ := strconv.Atoi(f[1])
			total += n
		}
	}
	return float64(total) / 1024
}
