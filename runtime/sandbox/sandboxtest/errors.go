package sandboxtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var errors = []test{
	{"errors/thrown", "what a handler throws is an error of code thrown with its class, its message and a stack", testThrown},
	{"errors/on load", "a guest that fails while it is loaded fails every invocation with that error", testThrowOnLoad},
	{"errors/unhandled", "a failure that nobody looks at is an error of the invocation", testUnhandled},
	{"errors/not a function", "a handler that is not a function is invalid, reason handler", testNotAFunction},
	{"errors/never", "a handler that waits for nothing that can happen fails at once, not at the deadline", testNever},
	{"errors/invalid source", "a source that does not compile is refused with code invalid, and says where", testInvalid},
}

func testThrown(t *testing.T, s *suite) {
	for _, g := range []Guest{Throw, ThrowLater} {
		_, err := s.run(t, g, "ü", sandbox.Limits{}, nil)
		e := wantError(t, err, sandbox.Thrown, "")
		if e.Name != "TypeError" || e.Message != "boom: ü" {
			t.Errorf("%s: got %q, %q, want TypeError, boom: ü", g, e.Name, e.Message)
		}
		if !strings.Contains(e.Stack, "guest.") {
			t.Errorf("%s: the stack names no file of the guest: %q", g, e.Stack)
		}
	}
}

func testThrowOnLoad(t *testing.T, s *suite) {
	program := s.program(t, ThrowOnLoad)
	for range 5 {
		_, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		if e := wantError(t, err, sandbox.Thrown, ""); e.Message != "boom" {
			t.Errorf("got message %q, want boom", e.Message)
		}
		time.Sleep(5 * time.Millisecond) // for what an engine does in the background
	}
}

func testUnhandled(t *testing.T, s *suite) {
	_, err := s.run(t, RejectLoose, nil, sandbox.Limits{}, nil)
	if e := wantError(t, err, sandbox.Thrown, ""); !strings.Contains(e.Message, "loose") {
		t.Errorf("got message %q, want it to say loose", e.Message)
	}
}

func testNotAFunction(t *testing.T, s *suite) {
	_, err := s.run(t, NotAFunction, nil, sandbox.Limits{}, nil)
	wantError(t, err, sandbox.Invalid, sandbox.ReasonHandler)
}

func testNever(t *testing.T, s *suite) {
	within(t, 10*time.Second, func() {
		_, err := s.run(t, WaitForever, nil, sandbox.Limits{Wall: 30 * time.Second}, nil)
		wantError(t, err, sandbox.Thrown, "")
	})
}

func testInvalid(t *testing.T, s *suite) {
	for name, src := range s.options.Invalid {
		p, err := s.engine.Compile(context.Background(), src)
		if p != nil {
			s.programs = append(s.programs, p)
		}
		if err == nil {
			t.Errorf("%s: was compiled", name)
			continue
		}
		if e := wantError(t, err, sandbox.Invalid, ""); !strings.Contains(e.Message, src.Name) {
			t.Errorf("%s: the message does not name %s: %s", name, src.Name, e.Message)
		}
	}
}
