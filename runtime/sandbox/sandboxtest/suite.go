// Package sandboxtest is the conformance suite of [sandbox.Engine]: what every
// engine owes its host, as a table of rules.
//
// An engine's test says how to make the engine and which guests to run in it.
// A guest is a small handler that does one thing ([Guest]); [JavaScript] has them
// for engines that run JavaScript, in this process or in another.
package sandboxtest

import (
	"context"
	"encoding/json"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Config is what an engine under test is made with.
type Config struct {
	// API is the methods that the guests call.
	API sandbox.API
}

// Options describe the engine under test.
type Options struct {
	// Guests has the source of every guest.
	Guests map[Guest]sandbox.Source

	// Missing says of a guest that the engine cannot have one, and why. Its cases
	// are skipped with that reason.
	Missing map[Guest]string

	// Refused are guests that each try one road to something that does not exist
	// in a sandbox, by name; each returns the name of the error that stopped it,
	// which must be RefusedWith.
	Refused     map[string]sandbox.Source
	RefusedWith string

	// Hostile are guests that return or throw something that must not harm the
	// host, by name. Whatever they do, Run returns within its limits, and the
	// next invocation works.
	Hostile map[string]sandbox.Source

	// Invalid are sources that Compile must refuse, by name.
	Invalid map[string]sandbox.Source
}

// test is one rule.
type test struct {
	name string
	rule string
	f    func(t *testing.T, s *suite)
}

// Run checks the engine that make returns against every rule. Each case gets an
// engine of its own.
func Run(t *testing.T, make func(t *testing.T, c Config) sandbox.Engine, o Options) {
	for _, table := range [][]test{results, errors, calls, limits, isolation, robustness} {
		for _, c := range table {
			t.Run(c.name, func(t *testing.T) {
				before := goroutines()
				s := &suite{options: o, engine: make(t, Config{API: API()})}
				defer func() {
					s.close(t)
					before.check(t)
					if t.Failed() {
						t.Logf("the rule: %s", c.rule)
					}
				}()
				c.f(t, s)
			})
		}
	}
}

// suite is one case at work.
type suite struct {
	options  Options
	engine   sandbox.Engine
	programs []sandbox.Program
}

func (s *suite) close(t *testing.T) {
	t.Helper()
	for _, p := range s.programs {
		if err := p.Close(); err != nil {
			t.Errorf("closing a program: %v", err)
		}
	}
	if err := s.engine.Close(); err != nil {
		t.Errorf("closing the engine: %v", err)
	}
}

// program compiles a guest.
func (s *suite) program(t *testing.T, g Guest) sandbox.Program {
	t.Helper()
	if why, ok := s.options.Missing[g]; ok {
		t.Skipf("the engine has no guest %q: %s", g, why)
	}
	src, ok := s.options.Guests[g]
	if !ok {
		t.Fatalf("Options.Guests has no guest %q", g)
	}
	return s.compile(t, src)
}

func (s *suite) compile(t *testing.T, src sandbox.Source) sandbox.Program {
	t.Helper()
	p, err := s.engine.Compile(context.Background(), src)
	if err != nil {
		t.Fatalf("compiling: %v", err)
	}
	s.programs = append(s.programs, p)
	return p
}

// run runs a guest once with body as request.body.
func (s *suite) run(t *testing.T, g Guest, body any, l sandbox.Limits, call sandbox.Caller) (sandbox.Output, error) {
	t.Helper()
	return s.program(t, g).Run(context.Background(), sandbox.Invocation{ID: t.Name(), Input: input(body), Limits: l}, call)
}

// input makes the input of an invocation with body as request.body.
func input(body any, blobs ...[]byte) sandbox.Payload {
	text, err := json.Marshal(map[string]any{
		"request": map[string]any{"method": "POST", "body": body},
		"user":    map[string]any{"id": "u1"},
		"config":  map[string]any{},
	})
	if err != nil {
		panic(err) // a mistake in the suite
	}
	return sandbox.Payload{JSON: text, Blobs: blobs}
}

// wantError checks that err is an *Error of a code and, unless it is empty, a
// reason.
func wantError(t *testing.T, err error, code sandbox.Code, reason sandbox.Reason) *sandbox.Error {
	t.Helper()
	e, ok := err.(*sandbox.Error)
	if !ok {
		t.Fatalf("got %#v, want an *Error of code %s", err, code)
	}
	if e.Code != code || reason != "" && e.Reason != reason {
		t.Fatalf("got code %s, reason %q (%s), want %s, %q", e.Code, e.Reason, e.Message, code, reason)
	}
	return e
}

// wantJSON checks that got is the same JSON value as want.
func wantJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		panic(err) // a mistake in the suite
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("got %.200q, which is not JSON, want %s", got, want)
	}
	if !reflect.DeepEqual(g, w) {
		t.Fatalf("got %.500s, want %s", got, want)
	}
}

// within runs f and fails if it takes longer than limit: a generous one, since
// the machine may be busy.
func within(t *testing.T, limit time.Duration, f func()) time.Duration {
	t.Helper()
	start := time.Now()
	f()
	took := time.Since(start)
	if took > limit {
		t.Errorf("took %v, want at most %v", took.Round(time.Millisecond), limit)
	}
	return took
}

// recorder keeps the names of calls; several goroutines may use it.
type recorder struct {
	mu    sync.Mutex
	calls []string
}

// add keeps a name and returns how many there are.
func (r *recorder) add(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, name)
	return len(r.calls)
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.calls...)
}
