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
// ANNEX_LONG is set. The rows of "go run ./runtime/sandbox/sandboxtest/report"
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
	runner := &corpus.Runner{Subjects: subjects}
	ran := 0
	for _, a := range all {
		if !a.CI && os.Getenv("ANNEX_LONG") == "" {
			continue
		}
		for _, row := range runner.Run(context.Background(), a) {
			ran++
			if !row.Passed() {
				t.Error(row.String())
			}
		}
	}
	t.Logf("%d rows", ran)
	if ran == 0 {
		t.Error("no attack was run")
	}
}
