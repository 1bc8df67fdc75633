package bridgetest

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/secrets"
)

// Secrets holds secrets in clear.
type Secrets struct {
	mu     sync.Mutex
	values map[string]string
	Err    error // what every call fails with
}

func newSecrets() *Secrets { return &Secrets{values: make(map[string]string)} }

func secretKey(o secrets.Owner, name string) string { return o.Org + "/" + o.Extension + "/" + name }

// Names are the secrets that there are, each with its owner.
func (s *Secrets) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.values))
}

// Get implements bridge.Secrets.
func (s *Secrets) Get(_ context.Context, o secrets.Owner, name string) (secrets.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return secrets.Value{}, s.Err
	}
	v, ok := s.values[secretKey(o, name)]
	if !ok {
		return secrets.Value{}, secrets.ErrNotFound
	}
	return secrets.NewValue(v), nil
}

// Use implements bridge.Secrets. Every secret is bound to Host.
func (s *Secrets) Use(ctx context.Context, o secrets.Owner, name string) (secrets.Bound, error) {
	v, err := s.Get(ctx, o, name)
	return secrets.Bound{Value: v, Hosts: []string{Host}}, err
}

// Set implements bridge.Secrets.
func (s *Secrets) Set(_ context.Context, o secrets.Owner, name string, v secrets.Value) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return 0, s.Err
	}
	s.values[secretKey(o, name)] = string(v.Reveal())
	return 1, nil
}

// Delete implements bridge.Secrets.
func (s *Secrets) Delete(_ context.Context, o secrets.Owner, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return s.Err
	}
	if _, ok := s.values[secretKey(o, name)]; !ok {
		return secrets.ErrNotFound
	}
	delete(s.values, secretKey(o, name))
	return nil
}

// Fetcher answers from stubs. It follows no redirect but those of a stub.
type Fetcher struct {
	mu    sync.Mutex
	stubs map[string]egress.Response
	seen  []egress.Request

	Hops []string // hosts that every fetch passes after its first
	Mute bool     // does not ask allow, as no fetcher may
	Err  error    // what every fetch fails with, after it was allowed
	Hang bool     // every fetch waits until its context is done

	Left []time.Time // when fetches were ended so
}

func newFetcher() *Fetcher { return &Fetcher{stubs: make(map[string]egress.Response)} }

// Stub makes fetches of address answer r.
func (f *Fetcher) Stub(address string, r egress.Response) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stubs[address] = r
}

// Requests are the requests that were sent.
func (f *Fetcher) Requests() []egress.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// Fetch implements bridge.Fetcher. An address without a stub is unavailable.
func (f *Fetcher) Fetch(ctx context.Context, r egress.Request, allow func(host string) error, _ egress.Limits) (*egress.Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, &egress.Error{Kind: egress.Invalid, Message: "malformed address"}
	}
	host, err := permissions.NormalizeHost(u.Hostname())
	if err != nil {
		return nil, &egress.Error{Kind: egress.Invalid, Message: err.Error()}
	}
	for _, hop := range append([]string{host}, f.Hops...) {
		if f.Mute {
			break
		}
		if err := allow(hop); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, r)
	if f.Hang {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		f.Left = append(f.Left, time.Now())
		return nil, &egress.Error{Kind: egress.Canceled, Host: host, Message: "canceled"}
	}
	if f.Err != nil {
		return nil, f.Err
	}
	answer, ok := f.stubs[r.URL]
	if !ok {
		return nil, &egress.Error{Kind: egress.Unavailable, Host: host, Message: "no stub for " + r.URL}
	}
	return &answer, nil
}

// Events keeps what was emitted.
type Events struct {
	mu   sync.Mutex
	list []bridge.Event
	Err  error // what every call fails with
}

// Emit implements bridge.EventSink.
func (e *Events) Emit(_ context.Context, event bridge.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
	return e.Err
}

// All are the events up to now.
func (e *Events) All() []bridge.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.list)
}

// Audit keeps what was recorded.
type Audit struct {
	mu   sync.Mutex
	list []bridge.AuditRecord
	Err  error // what every call fails with
}

// Audit implements bridge.Auditor.
func (a *Audit) Audit(_ context.Context, r bridge.AuditRecord) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Err != nil {
		return a.Err
	}
	a.list = append(a.list, r)
	return nil
}

// All are the records up to now.
func (a *Audit) All() []bridge.AuditRecord {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.list)
}

// Lines are the records as "action target", in order.
func (a *Audit) Lines() []string {
	var lines []string
	for _, r := range a.All() {
		lines = append(lines, r.Action+" "+r.Target)
	}
	return lines
}

// Log keeps the lines.
type Log struct {
	mu   sync.Mutex
	list []bridge.LogLine
}

// Log implements bridge.LogSink.
func (l *Log) Log(line bridge.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
}

// All are the lines up to now.
func (l *Log) All() []bridge.LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// Faults keeps what the guest was not told.
type Faults struct {
	mu   sync.Mutex
	list []string
}

// Fault implements bridge.FaultSink.
func (f *Faults) Fault(call, method string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, strings.Join([]string{call, method, err.Error()}, " "))
}

// All are the faults up to now, as "call method text".
func (f *Faults) All() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}
