package bench

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

// readsAndWrites is an invocation that reads and writes, nothing synced.
func readsAndWrites(tb testing.TB, isolation standard.Isolation) func() {
	h := openHost(tb, tb.TempDir(), standard.Options{NoSync: true, Isolation: isolation})
	install(tb, h, "bench", readAndWrite)
	return func() { invoke(tb, h, "bench", "") }
}

// What does the wall between processes cost?
func TestWorkerBesideInProcess(t *testing.T) {
	inProcess, worker := readsAndWrites(t, standard.InProcess), readsAndWrites(t, standard.Process)
	seen := compare(101, side{100, timed(inProcess)}, side{100, timed(worker)})
	ratio := seen.ratio(1, 0)
	bar("a read and a write, sync off, in a warm jailed worker, against the same in process", "at most 4 times",
		fmt.Sprintf("%s: %.1f times", seen.against(1, 0, short), ratio), ratio <= 4)
}

// What is left of it when every core is busy?
func TestWorkersSustained(t *testing.T) {
	const pairs = 4
	four := func(isolation standard.Isolation) func() {
		h := openHost(t, t.TempDir(), standard.Options{NoSync: true, Isolation: isolation})
		for i := range pairs {
			install(t, h, fmt.Sprint("bench", i), readAndWrite)
		}
		var n atomic.Int64
		return func() { invoke(t, h, fmt.Sprint("bench", n.Add(1)%pairs), "") }
	}
	seen := compare(41, side{400, from(pairs, four(standard.InProcess))}, side{400, from(pairs, four(standard.Process))})
	rate := seen.ratio(0, 1)
	bar("calls of 4 extensions at the same time in jailed workers, against the rate in process", "at least 0.6 times",
		fmt.Sprintf("%s: %.2f times", seen.against(1, 0, perSecond), rate), rate >= 0.6)
}
