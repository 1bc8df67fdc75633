package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Difference is one thing that was not as it was recorded.
type Difference struct {
	What string `json:"what"` // "call 3: storage.set", "result"
	Was  string `json:"was"`  // empty: there was nothing
	Is   string `json:"is"`   // empty: there is nothing
}

// patience is how long an answer waits for what came before it in the recording,
// beyond all of the time that the recording took: only changed code makes it wait
// in vain. After that no answer waits so long.
const patience = 200 * time.Millisecond

// arrival is what an answer has to reach the guest before the next one is given.
const arrival = 2 * time.Millisecond

// Player answers the calls of an invocation as they were answered before.
type Player struct {
	rec    *Recording
	redact func(string) string
	places map[int]int // calls by the place in which they ended

	mu       sync.Mutex
	readings int
	calls    int           // that the invocation has made
	taken    []bool        // by call
	begun    int           // how many recorded calls, from the first on, are taken
	given    []time.Time   // by call: when it was answered
	changed  chan struct{} // closed, and made anew, when taken or given changes
	astray   bool          // an answer has waited in vain
	diffs    []Difference
}

// maxDifferences is how many differences are told.
const maxDifferences = 100

// Play returns a player. redact makes of what stands for a secret, in whatever
// spelling the guest made of it, what the recording has in its place; nil: nothing.
func Play(rec *Recording, redact func(string) string) *Player {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	p := &Player{
		rec: rec, redact: redact, places: map[int]int{}, taken: make([]bool, len(rec.Calls)), given: make([]time.Time, len(rec.Calls)),
		changed: make(chan struct{}),
	}
	for i, c := range rec.Calls {
		p.places[c.Ended] = i
	}
	return p
}

// Invocation is what is run again. Where it waited for nothing but timers it need
// not wait.
func (p *Player) Invocation(tenant string) sandbox.Invocation {
	return sandbox.Invocation{
		ID: p.rec.ID, Tenant: tenant, Input: p.rec.Input.Sandbox(), Limits: p.rec.Limits,
		Now: p.now, Random: chance(p.rec.Seed), Hurry: true,
	}
}

// now gives the recorded readings, and after the last a microsecond more each
// time: for code that reads the clock more often than it did.
func (p *Player) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.readings
	p.readings++
	clock := p.rec.Clock
	switch {
	case n < len(clock):
		return time.Unix(0, clock[n])
	case len(clock) == 0:
		return p.rec.At.Round(0).Add(time.Duration(n) * time.Microsecond)
	}
	return time.Unix(0, clock[len(clock)-1]).Add(time.Duration(n-len(clock)+1) * time.Microsecond)
}

// Call answers a call with what was recorded for it. It is a sandbox.Caller.
func (p *Player) Call(ctx context.Context, method string, asked sandbox.Payload) (sandbox.Payload, error) {
	made := Call{Method: method, Args: payloadOf(asked)}
	hideSecret(&made)
	args := made.Args
	p.mu.Lock()
	p.calls++
	n := p.calls
	at := p.find(method, args)
	if at < 0 {
		p.differ(Difference{What: fmt.Sprintf("call %d: %s", n, method), Is: p.show(args)})
		p.mu.Unlock()
		if strings.HasPrefix(method, "log.") {
			return sandbox.Payload{}, nil // a line more is a difference and no reason to fail
		}
		return sandbox.Payload{}, sandbox.Errorf(sandbox.Unavailable, "%s: the recording has no answer to this call", method)
	}
	p.taken[at] = true
	for p.begun < len(p.taken) && p.taken[p.begun] {
		p.begun++
	}
	p.change()
	c := p.rec.Calls[at]
	if !equal(c.Args, args, p.redact) {
		p.differ(Difference{What: fmt.Sprintf("call %d: %s", n, method), Was: p.show(c.Args), Is: p.show(args)})
	}
	p.mu.Unlock()
	if c.Ended == 0 {
		p.until(ctx, p.rec.Wall+patience, func() bool { return false })
		return sandbox.Payload{}, sandbox.Errorf(sandbox.Unavailable, "%s: in the recording there was no answer before the end", method)
	}
	p.inTurn(ctx, at)
	return c.Result.Sandbox(), c.Failure.Error()
}

// find returns the recorded call that a call is: the next one of the method
// with the same arguments, else the next one of the method; -1 for none.
func (p *Player) find(method string, args Payload) int {
	first := -1
	for i, c := range p.rec.Calls {
		if p.taken[i] || c.Method != method {
			continue
		}
		if equal(c.Args, args, p.redact) {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// inTurn waits until what came before an answer in the recording has happened:
// answers have been given, and calls have begun. So what raced, with other calls
// or with a timer, ends in the same order.
func (p *Player) inTurn(ctx context.Context, at int) {
	c := p.rec.Calls[at]
	before, any := p.places[c.Ended-1]
	any = any && c.Ended > 1
	p.mu.Lock()
	wait := patience
	if !p.astray {
		wait += p.rec.Wall
	}
	// Where one call followed upon the answer of the other, that has arrived.
	raced := any && (p.given[before].IsZero() || p.rec.Calls[before].Begun > at)
	p.mu.Unlock()
	came := p.until(ctx, wait, func() bool {
		return (!any || !p.given[before].IsZero()) && (p.astray || p.begun >= c.Begun)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.astray = p.astray || !came
	if raced && came {
		p.mu.Unlock()
		time.Sleep(arrival - time.Since(p.given[before])) // on its way to whoever waits for it
		p.mu.Lock()
	}
	p.given[at] = time.Now()
	p.change()
}

// change wakes who waits. The lock is held.
func (p *Player) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// until waits until something holds, which is asked with the lock held, and
// reports whether it has come to.
func (p *Player) until(ctx context.Context, wait time.Duration, holds func() bool) bool {
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		p.mu.Lock()
		ok, changed := holds(), p.changed
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (p *Player) differ(d Difference) {
	if len(p.diffs) < maxDifferences {
		p.diffs = append(p.diffs, d)
	}
}

// Compare ends the replay and returns what differs: calls that were made
// otherwise, calls that were not made, and the outcome.
func (p *Player) Compare(result sandbox.Payload, err error) []Difference {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.rec.Calls {
		if !p.taken[i] {
			p.differ(Difference{What: fmt.Sprintf("call %d: %s", i+1, c.Method), Was: p.show(c.Args)})
		}
	}
	was, is := p.rec.Failure.redacted(p.redact), failureOf(err).redacted(p.redact)
	if !sameFailure(was, is) {
		p.differ(Difference{What: "error", Was: was.String(), Is: is.String()})
	}
	if got := payloadOf(result); !equal(p.rec.Result, got, p.redact) {
		p.differ(Difference{What: "result", Was: p.show(p.rec.Result), Is: p.show(got)})
	}
	return p.diffs
}

// sameFailure compares failures. A timeout says how long it took, which is never
// the same.
func sameFailure(a, b *Failure) bool {
	if a != nil && b != nil && a.Code == sandbox.Timeout {
		return b.Code == a.Code && b.Reason == a.Reason
	}
	return a.String() == b.String()
}

// maxShown is how much of a payload is shown, in bytes.
const maxShown = 2_000

func (p *Player) show(v Payload) string {
	text := p.redact(string(v.JSON))
	if text == "" {
		text = "undefined"
	}
	if len(text) > maxShown {
		text = text[:maxShown] + "…"
	}
	for i, b := range v.Blobs {
		text += fmt.Sprintf(" [bytes %d: %d]", i, len(b))
	}
	return text
}

// equal compares two payloads as JSON, without regard to the order of members.
func equal(a, b Payload, redact func(string) string) bool {
	a, b = a.redacted(redact), b.redacted(redact)
	if len(a.Blobs) != len(b.Blobs) {
		return false
	}
	for i := range a.Blobs {
		if !bytes.Equal(a.Blobs[i], b.Blobs[i]) {
			return false
		}
	}
	if bytes.Equal(a.JSON, b.JSON) {
		return true
	}
	x, okX := decoded(a.JSON)
	y, okY := decoded(b.JSON)
	return okX && okY && reflect.DeepEqual(x, y)
}

func decoded(text []byte) (any, bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err == nil
}
