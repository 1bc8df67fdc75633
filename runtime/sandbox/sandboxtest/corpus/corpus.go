// Package corpus runs the attacks of package attacks against any engine, and
// says of each what became of it.
//
// What is looked at, for an attack in a worker: the answer is one that the file
// expects; it comes no later than 300 ms after the limit that the attack broke;
// nothing of another organization shows or changes; the attacker's next
// invocation and a neighbour's work; the memory of the host comes back; and, when
// measured, how the neighbour's calls fared beside it. An attack in process runs
// in a child, as it may well end it: how it ended is recorded, and only a wrong
// answer is a failure.
package corpus

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// Limits of what a host may lose to an attack.
const (
	Margin      = 300 * time.Millisecond // from a limit to the answer
	CompileTime = 3 * time.Second        // what engines are to allow one compilation
	MaxRetained = 32 << 20               // bytes that an attack may leave the host with
	nextWithin  = 5 * time.Second        // the next invocation, on a machine with other things to do
	attempts    = 5                      // of an attack whose answer was late, or that ran into its limit before it was done: a busy machine only ever adds
)

// Session is what one invocation calls out to.
type Session struct {
	Call sandbox.Caller

	// Check says, after the invocation, what went where it should not have:
	// text is all that the attack got out. Empty means nothing.
	Check func(text string) string
}

// Subject is an engine under attack with what stands around it.
type Subject struct {
	Engine  sandbox.Engine
	Session func(a attacks.Attack) (Session, error)

	// Answer makes of a result what is sent over HTTP: its status and the names
	// of its header fields, or the error.
	Answer func(result sandbox.Payload) (status int, names []string, err error)

	// Echo is the source of a well-behaved handler that makes one call and
	// returns "alive", Work of one that computes for a few milliseconds.
	Echo, Work sandbox.Source
}

// Row is what became of one attack in one tier.
type Row struct {
	Attack   attacks.Attack
	Tier     string
	Outcome  string
	Took     time.Duration // from the start to the answer
	Failures []string      // rules that were broken; none: passed
	Beside   *Beside       // nil: not measured
	Retained int64         // bytes of resident memory that the host had more afterwards
}

// Passed reports whether no rule was broken.
func (r *Row) Passed() bool { return len(r.Failures) == 0 }

func (r *Row) failf(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// Runner runs attacks against subjects by engine.
type Runner struct {
	Subjects map[string]*Subject

	// Measure adds a neighbour that calls all the time while an attack runs.
	Measure bool
}

// tenants of the runner.
const (
	attacker  = "attacker"
	neighbour = "neighbour"
	busy      = "busy"
)

// Process runs an attack in a worker.
func (r *Runner) Process(ctx context.Context, a attacks.Attack) Row {
	row := Row{Attack: a, Tier: attacks.Process}
	s := r.Subjects[a.Engine]
	before := settledMemory()
	for range attempts {
		outcome, took, leaked := s.attack(ctx, a)
		if row.Took == 0 || took < row.Took {
			row.Took = took
		}
		row.Outcome = outcome
		if leaked != "" {
			row.failf("%s", leaked)
		}
		if a.Expects(outcome) && took <= bound(a) || !a.Expects(outcome) && outcome != "TIMEOUT" {
			break
		}
	}
	if !a.Expects(row.Outcome) {
		row.failf("expected %s", strings.Join(a.Expect, " or "))
	}
	if most := bound(a); row.Took > most {
		row.failf("answered after %v, at most %v", row.Took.Round(time.Millisecond), most)
	}
	for _, tenant := range []string{attacker, neighbour} {
		if failure := s.alive(ctx, tenant); failure != "" {
			row.failf("%s's next invocation: %s", tenant, failure)
		}
	}
	if r.Measure {
		row.Beside = s.beside(ctx, a)
	}
	if row.Retained = settledMemory() - before; row.Retained > MaxRetained {
		row.failf("the host has %d MiB more than before", row.Retained>>20)
	}
	return row
}

// settledMemory is the resident memory of this process when what it does not
// need is given back.
func settledMemory() int64 {
	debug.FreeOSMemory()
	return residentMemory()
}

// bound is when the answer to an attack is late.
func bound(a attacks.Attack) time.Duration {
	limit := a.Limits.Wall
	if a.Expects("REFUSED") {
		limit = CompileTime
	}
	return limit + Margin
}

// attack compiles an attack and runs it as often as its file says. took is the
// time of the last run, or of compiling what was refused.
func (s *Subject) attack(ctx context.Context, a attacks.Attack) (outcome string, took time.Duration, leaked string) {
	start := time.Now()
	program, err := s.Engine.Compile(ctx, sandbox.Source{Name: a.Name, Code: a.Code, Export: a.Export})
	if err != nil {
		return refused(err), time.Since(start), ""
	}
	defer program.Close()
	for range a.Times {
		if outcome, took, leaked = s.once(ctx, program, a); leaked != "" || !a.Expects(outcome) {
			break
		}
	}
	return outcome, took, leaked
}

// once runs a compiled attack.
func (s *Subject) once(ctx context.Context, program sandbox.Program, a attacks.Attack) (outcome string, took time.Duration, leaked string) {
	session, err := s.Session(a)
	if err != nil {
		return "NO SESSION " + err.Error(), 0, ""
	}
	start := time.Now()
	out, err := program.Run(ctx, sandbox.Invocation{ID: a.Name, Tenant: attacker, Input: input(), Limits: a.Limits}, session.Call)
	took = time.Since(start)
	return s.outcome(a, out.Result, err), took, session.Check(everything(out.Result, err))
}

// input is what every handler is given.
func input() sandbox.Payload {
	return sandbox.Payload{JSON: []byte(`{"request":{"id":"r1","method":"POST","path":"/attack","url":"http://localhost/attack","query":{"q":"1"},"queryAll":{"q":["1"]},` +
		`"params":{"id":"7"},"headers":{"content-type":"application/json"},"body":{"k":"v"},"rawBody":{"$blob":0}},` +
		`"user":{"id":"u1","email":"u@example.com","orgId":"org-1","role":"member"},"config":{"mode":"safe","list":[1,2]}}`), Blobs: [][]byte{[]byte(`{"k":"v"}`)}}
}

// everything is all text that left the sandbox through an answer.
func everything(p sandbox.Payload, err error) string {
	var b strings.Builder
	b.Write(p.JSON)
	for _, blob := range p.Blobs {
		b.Write(blob)
	}
	if e := sandbox.AsError(err); e != nil {
		b.WriteString(e.Name + e.Message + e.Stack)
	}
	return b.String()
}

// alive runs a well-behaved handler and says what is wrong with its answer.
func (s *Subject) alive(ctx context.Context, tenant string) string {
	program, err := s.Engine.Compile(ctx, s.Echo)
	if err != nil {
		return err.Error()
	}
	defer program.Close()
	took, failure := s.echo(ctx, program, tenant)
	if failure == "" && took > nextWithin {
		return "took " + took.String()
	}
	return failure
}

// echo runs the well-behaved handler once.
func (s *Subject) echo(ctx context.Context, program sandbox.Program, tenant string) (took time.Duration, failure string) {
	session, err := s.Session(attacks.Attack{})
	if err != nil {
		return 0, err.Error()
	}
	start := time.Now()
	out, err := program.Run(ctx, sandbox.Invocation{ID: "echo", Tenant: tenant, Input: input()}, session.Call)
	took = time.Since(start)
	if err != nil {
		return took, err.Error()
	}
	if string(out.Result.JSON) != `"alive"` {
		return took, "answered " + clip(string(out.Result.JSON))
	}
	return took, ""
}
