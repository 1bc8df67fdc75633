package wasm

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// fixtureProgram compiles a guest of go-sdk.
func fixtureProgram(t *testing.T, guest, export string) *program {
	t.Helper()
	p, err := fixtureEngine(t, Config{}).Compile(context.Background(), sandbox.Source{Name: guest, Code: fixture(t, guest), Export: export})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.(*program)
}

// TestSleep is go-sdk's TestTimeout, TestCancel and TestContextCancel: a guest
// that computes until a time is over. One that is not ended before has used its
// CPU time.
func TestSleep(t *testing.T) {
	p := fixtureProgram(t, "sleep", "run_test")
	long := sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{"config":{"duration":"30"}}`)}}
	short := sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{"config":{"duration":"0"}}`)}}
	log := &callLog{}

	late := long
	late.Limits.Wall = 100 * time.Millisecond
	if _, err := p.Run(context.Background(), late, log.call); !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}) {
		t.Errorf("a limit of 100 ms: got %v, want a timeout", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := p.Run(ctx, long, log.call); !errors.Is(err, &sandbox.Error{Code: sandbox.Canceled}) {
		t.Errorf("cancelled after 100 ms: got %v", err)
	}
	if _, err := p.Run(ctx, short, log.call); !errors.Is(err, &sandbox.Error{Code: sandbox.Canceled}) {
		t.Errorf("cancelled before: got %v", err)
	}
	// What was cancelled does not hurt the next.
	out, err := p.Run(context.Background(), short, log.call)
	if err != nil || string(out.Result.JSON) != "slept for 0 seconds" {
		t.Errorf("got %s, %v", out.Result.JSON, err)
	}
}

// TestManyOutputs is go-sdk's TestMultipleCallsOutput, and the same from many
// callers: each has the answer to its own question.
func TestManyOutputs(t *testing.T) {
	p := fixtureProgram(t, "count_vowels", "count_vowels")
	var all sync.WaitGroup
	for text, want := range map[string]string{
		"aaa": `{"count":3,"total":3,"vowels":"aeiouAEIOU"}`, "bbbb": `{"count":0,"total":0,"vowels":"aeiouAEIOU"}`, "hello world": `{"count":3,"total":3,"vowels":"aeiouAEIOU"}`,
	} {
		all.Go(func() {
			for range 50 {
				out, err := p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(text)}}, (&callLog{}).call)
				if err != nil || string(out.Result.JSON) != want {
					t.Errorf("%s: got %s, %v, want %s", text, out.Result.JSON, err, want)
					return
				}
			}
		})
	}
	all.Wait()
}

const observedGuest = "nested.c.instr"

// TestObserve is what go-sdk's TestObserve draws its traces from: an
// instrumented guest says which function calls which, seven deep: _start, what
// the C library puts around main, main, one, two, three, printf.
func TestObserve(t *testing.T) {
	p := fixtureProgram(t, observedGuest, "_start")
	for range 2 {
		log := &callLog{}
		if _, err := p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte("hello world")}}, log.call); err != nil {
			t.Fatal(err)
		}
		depth, deepest := 0, 0
		for _, c := range log.calls {
			switch c {
			case `log.debug"enter"`:
				depth++
			case `log.debug"exit"`:
				depth--
			}
			deepest = max(deepest, depth)
			if depth < 0 {
				t.Fatalf("more ends than beginnings: %q", log.calls)
			}
		}
		if deepest < 7 {
			t.Errorf("functions nest %d deep, want 7: %q", deepest, log.calls)
		}
	}
}
