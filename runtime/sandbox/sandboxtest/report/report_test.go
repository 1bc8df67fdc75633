package main

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/corpus"
)

func TestMain(m *testing.M) {
	become()
	os.Exit(m.Run())
}

// TestAttacks runs the attacks that are marked for it, or all of them when
// ANNEX_LONG is set, and then a neighbour beside a third of them. The rows of "go run ./runtime/sandbox/sandboxtest/report"
// say more.
func TestAttacks(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector's memory hides that of the guests; .ci/run runs this without it")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux gives workers every limit that the files expect")
	}
	all, err := attacks.All()
	if err != nil {
		t.Fatal(err)
	}
	subjects, stop, err := inWorkers()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	long := os.Getenv("ANNEX_LONG") != ""
	runner := &corpus.Runner{Subjects: subjects}
	var measured []attacks.Attack
	var rows []corpus.Row
	for i, a := range all {
		if !a.CI && !long {
			continue
		}
		if runner.Measure = long && i%3 == 0; runner.Measure {
			measured = append(measured, a)
		}
		for _, row := range runner.Run(context.Background(), a) {
			rows = append(rows, row)
			if !row.Passed() {
				t.Error(row.String())
			}
		}
	}
	t.Logf("%d rows", len(rows))
	if len(rows) == 0 {
		t.Error("no attack was run")
	}
	if long {
		besideAll(t, runner, measured, rows)
	}
}

// besideAll checks that a neighbour's p99 beside all attacks together is at most
// twice what it is beside work. What else runs on the machine is not there again
// each time.
func besideAll(t *testing.T, runner *corpus.Runner, measured []attacks.Attack, rows []corpus.Row) {
	const most, tries = 2, 3
	best := 0.0
	for n := range tries {
		if n > 0 {
			rows = nil
			for _, a := range measured {
				rows = append(rows, runner.Run(context.Background(), a)...)
			}
		}
		b := corpus.Together(rows)
		t.Logf("a neighbour's p99 beside attacks: %v of %d calls, beside work: %v of %d", corpus.P99(b.Attack), len(b.Attack), corpus.P99(b.Work), len(b.Work))
		if ratio := b.Ratio(); best == 0 || ratio < best {
			best = ratio
		}
		if best > 0 && best <= most {
			return
		}
	}
	t.Errorf("beside attacks a neighbour's p99 is %.1f times what it is beside work, want at most %d", best, most)
}
