package sandboxtest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var limits = []test{
	{"limits/wall, running", "a guest that runs for ever is stopped at the wall-clock limit", testWallRunning},
	{"limits/wall, waiting", "a guest that waits is stopped at the wall-clock limit", testWallWaiting},
	{"limits/wall, in a hurry", "a guest that need not wait does not, and what it skips counts", testHurry},
	{"limits/deadline", "a guest is stopped at the context's deadline", testDeadline},
	{"limits/cancel", "a guest is stopped when the context is cancelled, running, waiting or calling", testCancel},
	{"limits/cancelled before", "an invocation whose context is done does not begin", testCancelledBefore},
	{"limits/cpu", "a guest that runs for ever is stopped at the CPU limit, which says so", testCPU},
	{"limits/cpu, waiting", "waiting is not CPU time", testCPUWaiting},
	{"limits/depth", "endless recursion is stopped at the call depth", testDepth},
	{"limits/output", "a result larger than the limit is refused", testOutput},
	{"limits/arguments", "arguments larger than the limit are refused, the Caller does not see them", testArguments},
	{"limits/calls", "calls beyond the limit fail, the Caller does not see them", testCallCount},
	{"limits/log", "lines of the log count as calls", testLogCount},
	{"limits/pending", "calls that wait beyond the limit fail, the Caller does not see them", testPending},
	{"limits/unlimited", "Unlimited lifts a limit", testUnlimited},
	{"limits/after", "an invocation that was stopped does not disturb the next one", testAfterStop},
}

const short = 100 * time.Millisecond

// soon is when a guest with a short limit must have been stopped, on a machine
// that has other things to do.
const soon = 5 * time.Second

func testWallRunning(t *testing.T, s *suite) {
	program := s.program(t, Spin)
	within(t, soon, func() {
		out, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: short}}, nil)
		e := wantError(t, err, sandbox.Timeout, sandbox.ReasonWall)
		if !strings.Contains(e.Message, short.String()) {
			t.Errorf("the message does not say the limit: %s", e.Message)
		}
		if out.Usage.Wall < short {
			t.Errorf("got %v of wall-clock time, want at least %v", out.Usage.Wall, short)
		}
	})
}

func testWallWaiting(t *testing.T, s *suite) {
	program := s.program(t, Sleep)
	within(t, soon, func() {
		_, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: short}}, nil)
		wantError(t, err, sandbox.Timeout, sandbox.ReasonWall)
	})
}

func testHurry(t *testing.T, s *suite) {
	program := s.program(t, Sleep)
	var readings atomic.Int64
	inv := sandbox.Invocation{Hurry: true, Now: func() time.Time { return time.Unix(10*readings.Add(1), 0) }}
	within(t, soon, func() {
		inv.Limits.Wall = 5 * time.Minute
		if _, err := program.Run(context.Background(), inv, nil); err != nil {
			t.Errorf("a minute of five: %v", err)
		}
		inv.Limits.Wall = 5 * time.Second
		_, err := program.Run(context.Background(), inv, nil)
		wantError(t, err, sandbox.Timeout, sandbox.ReasonWall)
	})
}

func testDeadline(t *testing.T, s *suite) {
	for _, g := range []Guest{Spin, Sleep} {
		program := s.program(t, g)
		ctx, cancel := context.WithTimeout(context.Background(), short)
		defer cancel()
		within(t, soon, func() {
			_, err := program.Run(ctx, sandbox.Invocation{}, nil)
			wantError(t, err, sandbox.Timeout, sandbox.ReasonWall)
		})
	}
}

func testCancel(t *testing.T, s *suite) {
	for _, g := range []Guest{Spin, Sleep, Call} {
		program := s.program(t, g)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(short, cancel)
		within(t, soon, func() {
			_, err := program.Run(ctx, sandbox.Invocation{Input: input(1)}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
				return sandbox.Payload{}, pause(ctx, time.Minute)
			})
			wantError(t, err, sandbox.Canceled, "")
		})
	}
}

func testCancelledBefore(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.program(t, CallSync).Run(ctx, sandbox.Invocation{Input: input(1)}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		t.Error("the guest ran")
		return sandbox.Payload{}, nil
	})
	wantError(t, err, sandbox.Canceled, "")
}

func testCPU(t *testing.T, s *suite) {
	program := s.program(t, Spin)
	within(t, soon, func() {
		out, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{CPU: short}}, nil)
		wantError(t, err, sandbox.Timeout, sandbox.ReasonCPU)
		if out.Usage.CPU < short {
			t.Errorf("got %v of CPU time, want at least %v", out.Usage.CPU, short)
		}
	})
}

func testCPUWaiting(t *testing.T, s *suite) {
	out, err := s.run(t, Call, 1, sandbox.Limits{CPU: 400 * time.Millisecond}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{JSON: []byte("1")}, pause(ctx, 800*time.Millisecond)
	})
	if err != nil {
		t.Fatal(err)
	}
	if u := out.Usage; u.CPU > 400*time.Millisecond || u.Wall < 800*time.Millisecond {
		t.Errorf("got %+v for a guest that waited 800 ms", u)
	}
}

func testDepth(t *testing.T, s *suite) {
	program := s.program(t, Recurse)
	within(t, soon, func() {
		_, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		wantError(t, err, sandbox.Exhausted, sandbox.ReasonDepth)
	})
}

func testOutput(t *testing.T, s *suite) {
	out, err := s.run(t, ReturnString, 2000, sandbox.Limits{OutputBytes: 1000}, nil)
	wantError(t, err, sandbox.Exhausted, sandbox.ReasonOutput)
	if len(out.Result.JSON) != 0 {
		t.Error("the result was returned all the same")
	}
	if _, err := s.run(t, ReturnString, 900, sandbox.Limits{OutputBytes: 1000}, nil); err != nil {
		t.Error(err)
	}
	_, err = s.program(t, ReturnBytes).Run(context.Background(), sandbox.Invocation{Input: input(nil, make([]byte, 2000)), Limits: sandbox.Limits{OutputBytes: 1000}}, nil)
	wantError(t, err, sandbox.Exhausted, sandbox.ReasonOutput)
}

func testArguments(t *testing.T, s *suite) {
	for _, c := range []struct {
		size int
		want string
	}{{2000, `"exhausted"`}, {900, `"ok"`}} {
		seen := 0
		out, err := s.run(t, CallBig, c.size, sandbox.Limits{ArgumentBytes: 1000}, func(_ context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
			seen = int(args.Size())
			return sandbox.Payload{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, out.Result.JSON, c.want)
		if seen > 1000 {
			t.Errorf("the Caller was given %d bytes", seen)
		}
	}
}

func testCallCount(t *testing.T, s *suite) {
	for _, c := range []struct {
		calls int
		fails bool
	}{{10, false}, {11, true}} {
		var got recorder
		_, err := s.run(t, CallMany, c.calls, sandbox.Limits{Calls: 10}, func(_ context.Context, m string, _ sandbox.Payload) (sandbox.Payload, error) {
			got.add(m)
			return sandbox.Payload{}, nil
		})
		if (err != nil) != c.fails {
			t.Errorf("%d calls: got error %v", c.calls, err)
		}
		if n := len(got.all()); n != 10 {
			t.Errorf("%d calls: the Caller saw %d, want 10", c.calls, n)
		}
	}
}

func testLogCount(t *testing.T, s *suite) {
	var got recorder
	_, err := s.run(t, Log, nil, sandbox.Limits{Calls: 1}, func(_ context.Context, m string, _ sandbox.Payload) (sandbox.Payload, error) {
		got.add(m)
		return sandbox.Payload{}, nil
	})
	if n := len(got.all()); n != 1 || err == nil {
		t.Errorf("got %d lines, error %v, want 1 and an error", n, err)
	}
}

func testPending(t *testing.T, s *suite) {
	const most = 4
	for _, c := range []struct {
		calls int
		fails bool
	}{{most, false}, {most + 1, true}} {
		var got recorder
		all := make(chan struct{}) // closed when as many wait as may
		_, err := s.run(t, CallAll, c.calls, sandbox.Limits{PendingCalls: most}, func(ctx context.Context, m string, _ sandbox.Payload) (sandbox.Payload, error) {
			if got.add(m) == most && !c.fails {
				close(all)
			}
			select {
			case <-all:
			case <-ctx.Done():
			}
			return sandbox.Payload{JSON: []byte("1")}, ctx.Err()
		})
		if (err != nil) != c.fails {
			t.Errorf("%d calls: got error %v", c.calls, err)
		}
		if n := len(got.all()); n > most {
			t.Errorf("%d calls: the Caller saw %d, want at most %d", c.calls, n, most)
		}
	}
}

func testUnlimited(t *testing.T, s *suite) {
	none := sandbox.Limits{
		Wall: sandbox.Unlimited, CPU: sandbox.Unlimited, OutputBytes: sandbox.Unlimited,
		ArgumentBytes: sandbox.Unlimited, Calls: sandbox.Unlimited, PendingCalls: sandbox.Unlimited, Timers: sandbox.Unlimited,
	}
	out, err := s.run(t, ReturnString, 7<<20, none, nil)
	if err != nil || len(out.Result.JSON) != 7<<20+2 {
		t.Errorf("output: got %d bytes, %v", len(out.Result.JSON), err)
	}
	answer := func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{JSON: []byte("1")}, nil
	}
	if out, err = s.run(t, CallAll, 200, none, answer); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, "200")
	if out, err = s.run(t, ReturnLater, 1, none, nil); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, out.Result.JSON, "1")
}

func testAfterStop(t *testing.T, s *suite) {
	spin, echo := s.program(t, Spin), s.program(t, ReturnBody)
	for i := range 20 {
		_, err := spin.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: 5 * time.Millisecond}}, nil)
		wantError(t, err, sandbox.Timeout, sandbox.ReasonWall)
		out, err := echo.Run(context.Background(), sandbox.Invocation{Input: input(i)}, nil)
		if err != nil {
			t.Fatalf("the invocation after a stopped one: %v", err)
		}
		if len(out.Result.JSON) == 0 {
			t.Error("the invocation after a stopped one returned nothing")
		}
	}
}
