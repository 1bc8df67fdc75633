package recording

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

func text(s string) sandbox.Payload { return sandbox.Payload{JSON: []byte(s)} }

func same(s string) string { return s }

// record runs guest with a recorder whose calls host answers.
func record(t *testing.T, host sandbox.Caller, guest func(inv sandbox.Invocation, call sandbox.Caller) (sandbox.Payload, error)) *Recording {
	t.Helper()
	r := New(Recording{ID: "i", Org: "acme", Extension: "acme.x", At: time.Now()})
	inv, call := r.Wrap(sandbox.Invocation{Input: text(`{"n":1}`)}, host)
	result, err := guest(inv, call)
	rec := r.Finish(result, err, same)
	// As it comes back from a store.
	data, err := encode(rec)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 {
		t.Fatal("empty")
	}
	return rec
}

// chanceAndTime is a guest that returns what it sees of both.
func chanceAndTime(inv sandbox.Invocation, _ sandbox.Caller) (sandbox.Payload, error) {
	var b [24]byte
	for i := range 3 { // in pieces, as engines read
		if _, err := inv.Random.Read(b[8*i : 8*i+8]); err != nil {
			return sandbox.Payload{}, err
		}
	}
	return text(fmt.Sprintf(`[%d,%d,%d,%d]`, binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[16:]), inv.Now().UnixNano(), inv.Now().UnixNano())), nil
}

func TestClockAndChanceAreTheSameAgain(t *testing.T) {
	rec := record(t, nil, chanceAndTime)
	other := record(t, nil, chanceAndTime)
	if string(rec.Result.JSON) == string(other.Result.JSON) {
		t.Fatal("two invocations saw the same randomness")
	}
	for range 2 {
		p := Play(rec, nil)
		result, err := chanceAndTime(p.Invocation("x"), p.Call)
		if diffs := p.Compare(result, err); len(diffs) > 0 {
			t.Errorf("replayed: %+v", diffs)
		}
	}
	p := Play(rec, nil)
	inv := p.Invocation("x")
	last := time.Time{}
	for range 6 { // more often than recorded: it goes on
		now := inv.Now()
		if !now.After(last) {
			t.Errorf("the clock went from %v to %v", last, now)
		}
		last = now
	}
}

func TestWhatRacedEndsInTheSameOrder(t *testing.T) {
	// Each answer waits for the one that is to come before it to have arrived.
	arrived := map[string]chan struct{}{`"a"`: make(chan struct{}), `"b"`: make(chan struct{}), `"c"`: make(chan struct{})}
	before := map[string]string{`"c"`: `"b"`, `"a"`: `"c"`}
	host := func(_ context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
		if first := before[string(args.JSON)]; first != "" {
			<-arrived[first]
		}
		return args, nil
	}
	guest := func(_ sandbox.Invocation, call sandbox.Caller) (sandbox.Payload, error) {
		var order []string
		var mu sync.Mutex
		var all sync.WaitGroup
		for name := range arrived { // begun in any order
			all.Go(func() {
				got, _ := call(t.Context(), "storage.get", text(name))
				mu.Lock()
				defer mu.Unlock()
				order = append(order, string(got.JSON))
				close(arrived[name])
			})
		}
		all.Wait()
		return text("[" + strings.Join(order, ",") + "]"), nil
	}
	rec := record(t, host, guest)
	// An answer has two milliseconds to arrive before the next one is given, which a
	// busy machine may not let it. In no order at all one time in six would be right.
	const times, enough = 20, 10
	right := 0
	var wrong []Difference
	for range times {
		for name := range arrived {
			arrived[name] = make(chan struct{})
		}
		p := Play(rec, nil)
		result, err := guest(p.Invocation("x"), p.Call)
		if diffs := p.Compare(result, err); len(diffs) > 0 {
			wrong = diffs
		} else {
			right++
		}
	}
	if right < enough {
		t.Errorf("%d of %d replays ended in the same order; one that did not: %+v", right, times, wrong)
	}
}

func TestCallsAreMatchedByMethodAndArguments(t *testing.T) {
	host := func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		if method == "fail" {
			return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Conflict, Message: "no", Permission: "p"}
		}
		return text(`"` + method + `"`), nil
	}
	rec := record(t, host, func(_ sandbox.Invocation, call sandbox.Caller) (sandbox.Payload, error) {
		for _, m := range []string{"a", "b", "fail", "a"} {
			_, _ = call(t.Context(), m, text(`{"x":1,"y":2}`))
		}
		return text(`1`), nil
	})
	p := Play(rec, nil)
	got, err := p.Call(t.Context(), "b", text(`{"y":2,"x":1}`)) // another order of calls and of members
	if string(got.JSON) != `"b"` || err != nil {
		t.Errorf("b: %s, %v", got.JSON, err)
	}
	if _, err := p.Call(t.Context(), "fail", text(`{"x":1,"y":2}`)); !errors.Is(err, &sandbox.Error{Code: sandbox.Conflict}) || sandbox.AsError(err).Permission != "p" {
		t.Errorf("fail: %v", err)
	}
	if _, err := p.Call(t.Context(), "a", text(`{"x":9}`)); err != nil {
		t.Errorf("a with other arguments: %v", err)
	}
	if _, err := p.Call(t.Context(), "new", text(`{}`)); !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) {
		t.Errorf("new: %v", err)
	}
	var what []string
	for _, d := range p.Compare(text(`1`), nil) {
		what = append(what, d.What)
	}
	if got := strings.Join(what, ", "); got != "call 3: a, call 4: new, call 4: a" {
		t.Errorf("differences: %s", got)
	}
}

func TestBoundsMakeARecordingIncomplete(t *testing.T) {
	host := func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		return text(`"` + strings.Repeat("x", 1<<10) + `"`), nil
	}
	for name, guest := range map[string]func(sandbox.Invocation, sandbox.Caller) (sandbox.Payload, error){
		"KiB": func(_ sandbox.Invocation, call sandbox.Caller) (sandbox.Payload, error) {
			for range 2 * MaxBytes >> 10 {
				_, _ = call(t.Context(), "a", text(`{}`))
			}
			return text(`1`), nil
		},
		"clock": func(inv sandbox.Invocation, _ sandbox.Caller) (sandbox.Payload, error) {
			for range maxReadings + 1 {
				inv.Now()
			}
			return text(`1`), nil
		},
	} {
		rec := record(t, host, guest)
		if !strings.Contains(rec.Incomplete, name) || len(rec.Calls) > 0 || len(rec.Clock) > 0 {
			t.Errorf("%s: incomplete %q, %d calls, %d readings", name, rec.Incomplete, len(rec.Calls), len(rec.Clock))
		}
	}
}

// A timeout is the same one however long it took; another error with another text is not.
func TestTimeoutsAreCompared(t *testing.T) {
	timeout := func(reason sandbox.Reason, text string) error {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: reason, Message: text}
	}
	for _, c := range []struct {
		rule    string
		was, is error
		want    int
	}{
		{"another time", timeout(sandbox.ReasonWall, "used 30.1s of 30s"), timeout(sandbox.ReasonWall, "used 30.2s of 30s"), 0},
		{"another limit", timeout(sandbox.ReasonWall, "x"), timeout(sandbox.ReasonCPU, "x"), 1},
		{"none now", timeout(sandbox.ReasonWall, "x"), nil, 1},
		{"none before", nil, timeout(sandbox.ReasonWall, "x"), 1},
		{"another text", sandbox.Errorf(sandbox.Thrown, "a"), sandbox.Errorf(sandbox.Thrown, "b"), 1},
	} {
		rec := record(t, nil, func(sandbox.Invocation, sandbox.Caller) (sandbox.Payload, error) { return sandbox.Payload{}, c.was })
		if diffs := Play(rec, nil).Compare(sandbox.Payload{}, c.is); len(diffs) != c.want {
			t.Errorf("%s: %+v", c.rule, diffs)
		}
	}
}
