package corpus

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// Run runs an attack in the tiers that its file names, as far as there is an
// engine for it: both at the same time, unless neighbours are measured.
func (r *Runner) Run(ctx context.Context, a attacks.Attack) []Row {
	if r.Subjects[a.Engine] == nil {
		return nil
	}
	var rows []Row
	var inside Row
	var group sync.WaitGroup
	if a.Runs(attacks.InProcess) {
		group.Go(func() { inside = InProcess(ctx, a) })
	}
	if r.Measure {
		group.Wait()
	}
	if a.Runs(attacks.Process) {
		rows = append(rows, r.Process(ctx, a))
	}
	if group.Wait(); a.Runs(attacks.InProcess) {
		rows = append(rows, inside)
	}
	return rows
}

// String is the row in a line.
func (r *Row) String() string {
	verdict := "ok    "
	if !r.Passed() {
		verdict = "FAILED"
	}
	line := fmt.Sprintf("%s %-9s %-40s %6dms %s", verdict, r.Tier, r.Attack.Name, r.Took.Milliseconds(), r.Outcome)
	if !r.Passed() {
		line += "  ## " + strings.Join(r.Failures, "; ")
	}
	return line
}
