package corpus

import (
	"bytes"
	"context"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// fake is an engine and its only program.
type fake struct {
	refuse error
	run    func(inv sandbox.Invocation) (sandbox.Output, error)
}

func (f *fake) Compile(context.Context, sandbox.Source) (sandbox.Program, error) {
	return f, f.refuse
}

func (f *fake) Run(_ context.Context, inv sandbox.Invocation, _ sandbox.Caller) (sandbox.Output, error) {
	if inv.ID == "echo" && inv.Tenant != "broken" {
		return sandbox.Output{Result: sandbox.Payload{JSON: []byte(`"alive"`)}}, nil
	}
	return f.run(inv)
}

func (f *fake) Close() error { return nil }

// TestRunnerFails is that each rule that the runner looks after can be broken.
func TestRunnerFails(t *testing.T) {
	answers := func(text string) func(sandbox.Invocation) (sandbox.Output, error) {
		return func(sandbox.Invocation) (sandbox.Output, error) {
			return sandbox.Output{Result: sandbox.Payload{JSON: []byte(text)}}, nil
		}
	}
	var kept [][]byte
	for _, c := range []struct {
		rule string
		f    fake
		want string // in the failures; empty: passes
	}{
		{"the expected answer passes", fake{run: answers(`1`)}, ""},
		{"another answer", fake{run: answers(`2`)}, "expected value 1"},
		{"an error", fake{run: func(sandbox.Invocation) (sandbox.Output, error) {
			return sandbox.Output{}, &sandbox.Error{Code: sandbox.Internal}
		}}, "expected value 1"},
		{"late", fake{run: func(sandbox.Invocation) (sandbox.Output, error) {
			time.Sleep(Margin + 50*time.Millisecond)
			return answers(`1`)(sandbox.Invocation{})
		}}, "answered after"},
		{"a leak", fake{run: answers(`"canary"`)}, "came out"},
		{"refused", fake{refuse: &sandbox.Error{Code: sandbox.Invalid}}, "expected value 1"},
		{"memory", fake{run: func(sandbox.Invocation) (sandbox.Output, error) {
			kept = append(kept, bytes.Repeat([]byte{1}, MaxRetained+(8<<20)))
			return answers(`1`)(sandbox.Invocation{})
		}}, "MiB more than before"},
	} {
		if c.rule == "memory" && residentMemory() == 0 {
			continue // not known on this system
		}
		s := &Subject{Engine: &c.f, Session: func(attacks.Attack) (Session, error) {
			return Session{Check: func(text string) string {
				if strings.Contains(text, "canary") {
					return "it came out"
				}
				return ""
			}}, nil
		}}
		a := attacks.Attack{Name: "x", Engine: "fake", Expect: []string{"value 1"}, Limits: sandbox.Limits{Wall: time.Millisecond}, Times: 1}
		r := &Runner{Subjects: map[string]*Subject{"fake": s}}
		row := r.Process(context.Background(), a)
		if failures := strings.Join(row.Failures, "; "); row.Passed() != (c.want == "") || !strings.Contains(failures, c.want) {
			t.Errorf("%s: got %q, want it to say %q", c.rule, failures, c.want)
		}
	}
	goruntime.KeepAlive(kept)
}

func TestWrite(t *testing.T) {
	row := func(name, tier, outcome string, failures ...string) Row {
		return Row{Attack: attacks.Attack{Name: name, Engine: "js", Class: "loop", Expect: []string{"TIMEOUT"}}, Tier: tier, Outcome: outcome, Failures: failures}
	}
	var b strings.Builder
	err := Write(&b, []Row{
		row("js/loop/b", attacks.InProcess, "died: out of memory"), row("js/loop/b", attacks.Process, "TIMEOUT"),
		row("js/loop/a", attacks.Process, "value a|b", "expected TIMEOUT"), row("js/loop/a", attacks.InProcess, "hung"),
	}, Facts{Jail: "every layer holds", Beside: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| js | worker | 2 | 1 | 1 | 0 | 0 |", "| js | in process | 2 | 2 | 0 | 1 | 1 |",
		`- js/loop/a, worker: expected TIMEOUT; got value a\|b`,
		`| a | TIMEOUT | value a\|b | 0 ms | –  | **FAILED** | hung | 0 ms | ok |`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("does not say %q:\n%s", want, b.String())
		}
	}
	if strings.Index(b.String(), "| a |") > strings.Index(b.String(), "| b |") {
		t.Error("the rows are not sorted")
	}
}
