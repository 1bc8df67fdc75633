package corpus

import (
	"context"
	"slices"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// Beside is how long a neighbour's calls took beside an attack, and beside a
// worker that is as busy with well-behaved work.
type Beside struct {
	Attack, Work []time.Duration // sorted
}

// Window is how long a neighbour is looked at, beside an attack and beside work.
const Window = 200 * time.Millisecond

// beside has a neighbour call without a pause while the attack runs, again and
// again if it ends early, and as long while somebody works.
func (s *Subject) beside(ctx context.Context, a attacks.Attack) *Beside {
	echo, err := s.Engine.Compile(ctx, s.Echo)
	if err != nil {
		return nil
	}
	defer echo.Close()
	work, err := s.Engine.Compile(ctx, s.Work)
	if err != nil {
		return nil
	}
	defer work.Close()
	ctx, done := context.WithCancel(ctx) // closes what is repeated
	defer done()
	var b Beside
	b.Work = s.watch(ctx, echo, func() {
		_, _ = work.Run(ctx, sandbox.Invocation{ID: "work", Tenant: busy, Input: input()}, nil)
	})
	b.Attack = s.watch(ctx, echo, s.repeat(ctx, a))
	return &b
}

// repeat returns an attack to run again and again: as a caller would who knows
// its address, or, where it is not compiled, as an author would who keeps trying.
func (s *Subject) repeat(ctx context.Context, a attacks.Attack) func() {
	program, err := s.Engine.Compile(ctx, sandbox.Source{Name: a.Name, Code: a.Code, Export: a.Export})
	if err != nil {
		return func() { _, _, _ = s.attack(ctx, a) }
	}
	context.AfterFunc(ctx, func() { _ = program.Close() })
	return func() { _, _, _ = s.once(ctx, program, a) }
}

// watch measures the neighbour's calls while something runs, for a window or
// as long as it takes.
func (s *Subject) watch(ctx context.Context, echo sandbox.Program, something func()) []time.Duration {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for start := time.Now(); time.Since(start) < Window; {
			something()
		}
	}()
	var took []time.Duration
	for {
		if d, failure := s.echo(ctx, echo, neighbour); failure == "" {
			took = append(took, d)
		}
		select {
		case <-done:
			slices.Sort(took)
			return took
		default:
		}
	}
}

// P99 is the time that all but a hundredth stay below; 0 for none.
func P99(sorted []time.Duration) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*99)/100]
}

// Ratio says how many times the neighbour's p99 beside the attack is what it is
// beside work; 0 when unknown.
func (b *Beside) Ratio() float64 {
	if b == nil || P99(b.Work) == 0 {
		return 0
	}
	return float64(P99(b.Attack)) / float64(P99(b.Work))
}

// Together has the calls beside all attacks of rows: those of one alone are too few
// for a hundredth of them to mean something.
func Together(rows []Row) *Beside {
	var all Beside
	for i := range rows {
		all.add(rows[i].Beside)
	}
	slices.Sort(all.Attack)
	slices.Sort(all.Work)
	return &all
}

// add puts another's calls to b's.
func (b *Beside) add(other *Beside) {
	if other != nil {
		b.Attack, b.Work = append(b.Attack, other.Attack...), append(b.Work, other.Work...)
	}
}
