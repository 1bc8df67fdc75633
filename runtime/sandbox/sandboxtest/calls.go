package sandboxtest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var calls = []test{
	{"calls/arguments", "a call carries its method and its named arguments, and its result comes back", testCall},
	{"calls/bytes", "bytes cross as blobs in both directions", testCallBytes},
	{"calls/errors", "an error of the host has its name, message, code and permission for the guest, and no more", testCallErrors},
	{"calls/unknown error", "an error that is not an *Error tells the guest nothing", testUnknownError},
	{"calls/panic", "a panic of the Caller is an internal error of that call", testCallerPanics},
	{"calls/uncaught", "a denial that the guest does not catch fails the invocation and keeps the permission", testUncaughtDenial},
	{"calls/concurrent", "calls that wait do so at the same time", testConcurrentCalls},
	{"calls/left", "a call that is pending when the handler has returned is cancelled", testCallLeft},
	{"calls/absent", "a method that is not in the API does not exist", testAbsent},
	{"calls/log", "what a guest writes to its log arrives in order", testLog},
}

func testCall(t *testing.T, s *suite) {
	for g, method := range map[Guest]string{Call: methodLater, CallBrief: methodBrief, CallSync: methodSync} {
		var got recorder
		out, err := s.run(t, g, map[string]any{"k": "ü"}, sandbox.Limits{}, func(ctx context.Context, m string, args sandbox.Payload) (sandbox.Payload, error) {
			got.add(m + string(args.JSON))
			return sandbox.Payload{JSON: []byte(`{"answer":[1,"ü"]}`)}, ctx.Err()
		})
		if err != nil {
			t.Fatalf("%s: %v", g, err)
		}
		wantJSON(t, out.Result.JSON, `{"answer":[1,"ü"]}`)
		if calls := got.all(); len(calls) != 1 || calls[0] != method+`{"value":{"k":"ü"}}` {
			t.Errorf("%s: got calls %q", g, calls)
		}
	}
}

func testCallBytes(t *testing.T, s *suite) {
	sent := []byte{0, 1, 254, 255}
	out, err := s.run(t, CallBytes, nil, sandbox.Limits{}, func(_ context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
		if string(args.JSON) != `{"value":{"$blob":0}}` || len(args.Blobs) != 1 || !bytes.Equal(args.Blobs[0], sent) {
			t.Errorf("got %s, %v", args.JSON, args.Blobs)
		}
		return sandbox.Payload{JSON: []byte(`{"$blob":0}`), Blobs: [][]byte{{7, 0, 255}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, `[7,0,255]`)
}

var denial = sandbox.Error{
	Code: sandbox.Denied, Name: "PermissionDeniedError", Permission: "storage:database",
	Message: "Permission denied: storage:database not granted to extension acme.notes",
	Stack:   "host.go:1",
}

func deny(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
	e := denial
	return sandbox.Payload{}, &e
}

func testCallErrors(t *testing.T, s *suite) {
	for _, g := range []Guest{CallCatch, SyncCatch} {
		out, err := s.run(t, g, nil, sandbox.Limits{}, deny)
		if err != nil {
			t.Fatalf("%s: %v", g, err)
		}
		wantJSON(t, out.Result.JSON, `{"name":"PermissionDeniedError","message":"`+denial.Message+`","code":"denied","permission":"storage:database","isError":true}`)
	}
}

type secretError struct{}

func (secretError) Error() string { return "postgres://user:secret@host" }

func testUnknownError(t *testing.T, s *suite) {
	out, err := s.run(t, CallCatch, nil, sandbox.Limits{}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{}, secretError{}
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out.Result.JSON); strings.Contains(text, "secret") || !strings.Contains(text, `"internal"`) {
		t.Errorf("got %s, want code internal and no detail", text)
	}
}

func testCallerPanics(t *testing.T, s *suite) {
	for _, g := range []Guest{CallCatch, SyncCatch} {
		out, err := s.run(t, g, nil, sandbox.Limits{}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
			panic("secret")
		})
		if err != nil {
			t.Fatalf("%s: %v", g, err)
		}
		if text := string(out.Result.JSON); strings.Contains(text, "secret") || !strings.Contains(text, `"internal"`) {
			t.Errorf("%s: got %s, want code internal and no detail", g, text)
		}
	}
}

func testUncaughtDenial(t *testing.T, s *suite) {
	for _, g := range []Guest{Call, CallBrief, CallSync} {
		_, err := s.run(t, g, nil, sandbox.Limits{}, deny)
		e := wantError(t, err, sandbox.Thrown, "")
		if e.Name != denial.Name || e.Message != denial.Message || e.Permission != denial.Permission {
			t.Errorf("%s: got %+v", g, e)
		}
	}
}

func testConcurrentCalls(t *testing.T, s *suite) {
	const n = 10
	var got recorder
	all := make(chan struct{})
	out, err := s.run(t, CallAll, n, sandbox.Limits{}, func(ctx context.Context, m string, _ sandbox.Payload) (sandbox.Payload, error) {
		if got.add(m) == n {
			close(all)
		}
		select {
		case <-all:
		case <-ctx.Done(): // at the wall-clock limit: one waited for the other
		}
		return sandbox.Payload{JSON: []byte("1")}, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, "10")
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	alarm := time.NewTimer(d)
	defer alarm.Stop()
	select {
	case <-alarm.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func testCallLeft(t *testing.T, s *suite) {
	started, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	program := s.program(t, CallLeave)
	within(t, 10*time.Second, func() {
		out, err := program.Run(context.Background(), sandbox.Invocation{}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
			once.Do(func() { close(started) })
			err := pause(ctx, time.Minute)
			ended <- err
			return sandbox.Payload{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, out.Result.JSON, `"left"`)
		<-started
		select {
		case err := <-ended:
			if err == nil {
				t.Error("the call's context was not cancelled")
			}
		case <-time.After(5 * time.Second):
			t.Error("the call did not end")
		}
	})
}

func testAbsent(t *testing.T, s *suite) {
	out, err := s.run(t, CallUnknown, nil, sandbox.Limits{}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		t.Error("the Caller was called")
		return sandbox.Payload{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, `"absent"`)
}

func testLog(t *testing.T, s *suite) {
	var got recorder
	_, err := s.run(t, Log, nil, sandbox.Limits{}, func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		got.add(method + string(args.JSON))
		return sandbox.Payload{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := methodInfo + `{"message":"one"} ` + methodError + `{"message":"two"}`
	if lines := strings.Join(got.all(), " "); lines != want {
		t.Errorf("got %s, want %s", lines, want)
	}
}
