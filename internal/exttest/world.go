package exttest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/standard"
)

// start is when the clock of every test stands at first.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// world is what a host is given in place of the real one. It belongs to one
// test at a time.
type world struct {
	mu     sync.Mutex
	clock  *clock
	chance *rand.ChaCha8
	test   *session // nil between tests
}

func newWorld() *world { return &world{clock: newClock(start), chance: rand.NewChaCha8([32]byte{})} }

// open makes the host of a run.
func (w *world) open(ctx context.Context) (*standard.Host, error) {
	return standard.OpenMemory(ctx, standard.Options{
		Limits: runtime.Limits{Rate: runtime.Unlimited, PublicRate: runtime.Unlimited, ConcurrentEach: runtime.Unlimited},
		Now:    w.now, Random: w, Wait: w.sleep,
		OnLog: w.log, OnEvent: w.event,
		Fetcher: func(string, string) bridge.Fetcher { return w },
	})
}

// begin makes the world that of a new test.
func (w *world) begin(r *runner, org string) *session {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock, w.chance = newClock(start), rand.NewChaCha8([32]byte{})
	w.test = newSession(r, org, w.clock)
	return w.test
}

func (w *world) current() *session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.test
}

func (w *world) now() time.Time { return w.time().now() }

func (w *world) sleep(due time.Time, calls int) (<-chan struct{}, func()) {
	return w.time().sleep(due, calls)
}

func (w *world) time() *clock {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// Read gives the same random bytes to every run of a test.
func (w *world) Read(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.chance.Read(b)
}

// Log is a line that a handler wrote.
type Log struct {
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Fields  json.RawMessage `json:"fields,omitempty"`
}

func (w *world) log(l runtime.LogLine) {
	if s := w.current(); s != nil && s.org == l.Org {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.logLines = append(s.logLines, Log{Level: l.Level, Message: l.Message, Fields: l.Fields})
	}
}

// emitted is an event that a handler raised.
type emitted struct {
	Name    string          `json:"name"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (w *world) event(e runtime.Event) {
	if s := w.current(); s != nil && s.org == e.Org {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, emitted{Name: e.Name, Payload: e.Payload})
	}
}
