package sandboxtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var isolation = []test{
	{"isolation/state", "nothing that an invocation leaves behind is visible to the next one", testState},
	{"isolation/concurrent", "invocations of one program at the same time do not see each other", testConcurrentRuns},
	{"isolation/engines", "several programs share an engine", testPrograms},
	{"isolation/closed", "a program can be closed while invocations run, and they finish", testCloseWhileRunning},
	{"isolation/clock", "the guest's clock is the invocation's", testClock},
	{"isolation/chance", "the guest's randomness is the invocation's, and by default differs", testChance},
}

func testState(t *testing.T, s *suite) {
	program := s.program(t, Count)
	for range 20 {
		out, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, out.Result.JSON, "1")
	}
}

func testConcurrentRuns(t *testing.T, s *suite) {
	later, count := s.program(t, ReturnLater), s.program(t, Count)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			out, err := later.Run(context.Background(), sandbox.Invocation{Input: input(i)}, nil)
			if want := fmt.Sprint(i); err != nil || string(out.Result.JSON) != want {
				t.Errorf("got %s, %v, want %s", out.Result.JSON, err, want)
			}
			out, err = count.Run(context.Background(), sandbox.Invocation{}, nil)
			if err != nil || string(out.Result.JSON) != "1" {
				t.Errorf("count: got %s, %v, want 1", out.Result.JSON, err)
			}
		})
	}
	group.Wait()
}

func testPrograms(t *testing.T, s *suite) {
	first, second := s.program(t, ReturnBody), s.program(t, ReturnString)
	for range 3 {
		a, err := first.Run(context.Background(), sandbox.Invocation{Input: input(2)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := second.Run(context.Background(), sandbox.Invocation{Input: input(2)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantJSON(t, a.Result.JSON, `2`)
		wantJSON(t, b.Result.JSON, `"xx"`)
	}
}

func testCloseWhileRunning(t *testing.T, s *suite) {
	src, ok := s.options.Guests[Call]
	if !ok {
		t.Skip("the engine has no guest that calls")
	}
	program, err := s.engine.Compile(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := program.Run(context.Background(), sandbox.Invocation{Input: input(1)}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
			close(started)
			return sandbox.Payload{JSON: []byte("1")}, pause(ctx, 50*time.Millisecond)
		})
		done <- err
	}()
	<-started
	if err := program.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the invocation that was running: %v", err)
	}
}

// steady is a source of randomness that repeats itself.
func steady() io.Reader { return &repeat{} }

type repeat struct{ next byte }

func (r *repeat) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = r.next
		r.next += 37
	}
	return len(b), nil
}

// chance runs the guest and returns its time and the rest.
func chance(t *testing.T, p sandbox.Program, inv sandbox.Invocation) (ms float64, rest []any) {
	t.Helper()
	out, err := p.Run(context.Background(), inv, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []any
	if err := json.Unmarshal(out.Result.JSON, &list); err != nil || len(list) < 2 {
		t.Fatalf("got %s", out.Result.JSON)
	}
	return list[0].(float64), list[1:]
}

func testClock(t *testing.T, s *suite) {
	program := s.program(t, Chance)
	at := time.Date(2001, 2, 3, 4, 5, 6, 7e6, time.UTC)
	for range 3 {
		if ms, _ := chance(t, program, sandbox.Invocation{Now: func() time.Time { return at }}); ms != float64(at.UnixMilli()) {
			t.Errorf("got %v, want %v", ms, at.UnixMilli())
		}
	}
	before := time.Now().UnixMilli()
	if ms, _ := chance(t, program, sandbox.Invocation{}); ms < float64(before) || ms > float64(time.Now().UnixMilli()) {
		t.Errorf("without a clock: got %v, want now, %v", ms, before)
	}
}

func testChance(t *testing.T, s *suite) {
	program := s.program(t, Chance)
	_, first := chance(t, program, sandbox.Invocation{Random: steady()})
	for range 3 {
		if _, again := chance(t, program, sandbox.Invocation{Random: steady()}); !reflect.DeepEqual(first, again) {
			t.Errorf("the same source: got %v, then %v", first, again)
		}
	}
	_, other := chance(t, program, sandbox.Invocation{Random: strings.NewReader(strings.Repeat("other", 200))})
	_, none := chance(t, program, sandbox.Invocation{})
	_, none2 := chance(t, program, sandbox.Invocation{})
	if reflect.DeepEqual(first, other) || reflect.DeepEqual(none, none2) {
		t.Errorf("different sources gave the same: %v, %v, %v, %v", first, other, none, none2)
	}
}
