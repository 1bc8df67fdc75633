package recording

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

// The bounds of what is kept beside bytes.
const (
	maxCalls    = 5_000
	maxReadings = 20_000
)

// Recorder records one invocation.
type Recorder struct {
	began time.Time

	mu    sync.Mutex
	rec   Recording
	size  int
	ended int
	done  bool
}

// New begins a recording. Of r it takes what names the invocation.
func New(r Recording) *Recorder {
	r.Seed = make([]byte, 32)
	rand.Read(r.Seed) // never fails
	return &Recorder{began: time.Now(), rec: r}
}

// Wrap returns the invocation with a clock and a source of randomness that are
// recorded, and a Caller that records what call answers.
func (r *Recorder) Wrap(inv sandbox.Invocation, call sandbox.Caller) (sandbox.Invocation, sandbox.Caller) {
	r.mu.Lock()
	r.rec.Input, r.rec.Limits = payloadOf(inv.Input), inv.Limits
	r.grow(inv.Input)
	seed := r.rec.Seed
	r.mu.Unlock()
	now := inv.Now
	if now == nil {
		now = time.Now
	}
	inv.Now = func() time.Time { return r.reading(now()) }
	inv.Random = chance(seed)
	return inv, func(ctx context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		at := r.begin(method, args)
		result, err := call(ctx, method, args)
		if ctx.Err() == nil { // else the invocation was over before
			r.end(at, result, err)
		}
		return result, err
	}
}

// chance is the randomness of a seed: the same bytes each time.
func chance(seed []byte) io.Reader {
	var key [32]byte
	copy(key[:], seed)
	return &locked{source: mathrand.NewChaCha8(key)}
}

// locked is a source that may be read by several at once.
type locked struct {
	mu     sync.Mutex
	source *mathrand.ChaCha8
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source.Read(p)
}

// reading notes what the clock says. It loses its monotonic part: what is
// recorded is what the guest sees.
func (r *Recorder) reading(t time.Time) time.Time {
	t = time.Unix(0, t.UnixNano())
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.done:
	case len(r.rec.Clock) >= maxReadings:
		r.incomplete("it read the clock more than %d times", maxReadings)
	default:
		r.rec.Clock = append(r.rec.Clock, t.UnixNano())
	}
	return t
}

// begin notes a call and returns its place, -1 when it is not kept.
func (r *Recorder) begin(method string, args sandbox.Payload) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || r.rec.Incomplete != "" {
		return -1
	}
	if len(r.rec.Calls) >= maxCalls {
		r.incomplete("it made more than %d calls", maxCalls)
		return -1
	}
	if !r.grow(args) {
		return -1
	}
	r.rec.Calls = append(r.rec.Calls, Call{Method: method, Args: payloadOf(args)})
	return len(r.rec.Calls) - 1
}

// end notes what a call answered.
func (r *Recorder) end(at int, result sandbox.Payload, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || at < 0 || !r.grow(result) {
		return
	}
	r.ended++
	c := &r.rec.Calls[at]
	c.Result, c.Failure, c.Ended, c.Begun = payloadOf(result), failureOf(err), r.ended, len(r.rec.Calls)
}

// grow counts the bytes of a payload, with the lock held.
func (r *Recorder) grow(p sandbox.Payload) bool {
	r.size += int(p.Size())
	if r.size > MaxBytes {
		r.incomplete("it was given and gave more than %d KiB", MaxBytes>>10)
	}
	return r.rec.Incomplete == ""
}

func (r *Recorder) incomplete(format string, args ...any) {
	if r.rec.Incomplete == "" {
		r.rec.Incomplete = fmt.Sprintf(format, args...)
	}
}

// Finish ends the recording with the invocation's outcome and returns it.
// redact takes what is secret out of a text; secrets that were read or written
// are left out whatever it finds.
func (r *Recorder) Finish(result sandbox.Payload, err error, redact func(string) string) *Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = true
	rec := r.rec
	rec.Wall = time.Since(r.began)
	rec.Result, rec.Failure = payloadOf(result), failureOf(err)
	if r.grow(result); r.rec.Incomplete != "" {
		// What remains tells what happened, and is small.
		rec.Incomplete = r.rec.Incomplete
		rec.Input, rec.Result, rec.Calls, rec.Clock = Payload{}, Payload{}, nil, nil
	}
	rec.Calls = append([]Call(nil), rec.Calls...)
	for i := range rec.Calls {
		c := &rec.Calls[i]
		hideSecret(c)
		c.Args, c.Result, c.Failure = c.Args.redacted(redact), c.Result.redacted(redact), c.Failure.redacted(redact)
	}
	rec.Input, rec.Result, rec.Failure = rec.Input.redacted(redact), rec.Result.redacted(redact), rec.Failure.redacted(redact)
	return &rec
}

// Redacted stands for a secret.
const Redacted = "[REDACTED]"

// hideSecret leaves out the secret that a call of the secrets is about.
func hideSecret(c *Call) {
	switch c.Method {
	case "secrets.get":
		if len(c.Result.JSON) > 0 && string(c.Result.JSON) != "null" {
			c.Result = Payload{JSON: json.RawMessage(`"` + Redacted + `"`)}
		}
	case "secrets.set":
		var args map[string]any
		if json.Unmarshal(c.Args.JSON, &args) != nil || len(c.Args.Blobs) > 0 {
			c.Args = Payload{}
			return
		}
		args["value"] = Redacted
		c.Args.JSON, _ = json.Marshal(args) // of what was JSON
	}
}

func (p Payload) redacted(redact func(string) string) Payload {
	out := Payload{JSON: redactedJSON(p.JSON, redact)}
	for _, b := range p.Blobs {
		if utf8.Valid(b) {
			b = []byte(redact(string(b)))
		}
		out.Blobs = append(out.Blobs, b)
	}
	return out
}

func redactedJSON(text json.RawMessage, redact func(string) string) json.RawMessage {
	changed := redact(string(text))
	if changed != string(text) && !json.Valid([]byte(changed)) {
		return json.RawMessage(`"` + Redacted + `"`) // it replaced half of an escape
	}
	return json.RawMessage(changed)
}

func (f *Failure) redacted(redact func(string) string) *Failure {
	if f == nil {
		return nil
	}
	out := *f
	out.Message, out.Stack = redact(f.Message), redact(f.Stack)
	return &out
}
