package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// User is the person on whose behalf a handler runs.
type User struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	OrgID string `json:"orgId"`
	Role  string `json:"role"`
}

// SessionConfig is everything that one invocation is bound to. What is nil is
// not there: a method that needs it fails with code unavailable, and nothing is
// permitted without Grants.
type SessionConfig struct {
	Invocation string // names the invocation in log and audit
	Org        string
	Extension  string // full id: "acme.notes"
	ShortName  string // "notes"
	Version    string
	Grants     *permissions.Grants
	User       *User           // nil for an anonymous caller
	Config     json.RawMessage // values of contributes.configuration, a JSON object; nil when it declares none

	Storage Storage
	Secrets Secrets
	Fetcher Fetcher
	Events  EventSink
	Audit   Auditor
	Log     LogSink   // nil discards
	Faults  FaultSink // nil discards

	Limits Limits           // zero fields mean the defaults
	Now    func() time.Time // nil means time.Now
}

// Session is the table bound to one invocation. It is safe for concurrent use.
// [Session.Close] ends it.
type Session struct {
	c      SessionConfig
	closed atomic.Bool

	attempts atomic.Int64 // calls begun, refused ones too; numbers them
	calls    atomic.Int64 // calls that the quota was asked for
	used     []atomic.Int64
	bytesIn  atomic.Int64
	bytesOut atomic.Int64
	logLines atomic.Int64
	fetches  atomic.Int64
	events   atomic.Int64

	mu       sync.Mutex
	denials  denials
	revealed []string // secrets that the guest knows
	signals  map[string]context.CancelFunc
}

// NewSession binds the table to one invocation.
func NewSession(c SessionConfig) *Session {
	c.Limits = c.Limits.WithDefaults()
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Session{c: c, used: make([]atomic.Int64, len(theTable().methods))}
}

// Call carries one call out of the sandbox; it is a sandbox.Caller. In this
// order: look the name up, decode the arguments, find what the call is about,
// check the grant, count it, audit it, run it, encode the result. The error is
// nil or a *sandbox.Error.
func (s *Session) Call(ctx context.Context, method string, args sandbox.Payload) (result sandbox.Payload, err error) {
	n := s.attempts.Add(1)
	s.bytesIn.Add(args.Size())
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		if err != nil {
			result, err = sandbox.Payload{}, s.outward(ctx, n, method, err)
		}
	}()
	t := theTable()
	i, ok := t.index[method]
	if !ok {
		return result, s.deny(&unknownMethod{method})
	}
	s.used[i].Add(1)
	if s.closed.Load() {
		return result, context.Canceled
	}
	if size := args.Size(); over(size, s.c.Limits.ArgumentBytes) {
		return result, &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
			Message: fmt.Sprintf("arguments too large: %d bytes (max %d bytes)", size, s.c.Limits.ArgumentBytes),
		}
	}
	if result, err = t.methods[i].call(ctx, s, args); err != nil {
		return result, err
	}
	s.bytesOut.Add(result.Size())
	return result, nil
}

// allow checks one permission. host counts for the permission of hosts alone.
// A check that grants allocates nothing.
func (s *Session) allow(side permissions.Side, p permissions.Permission, host string) error {
	var d *permissions.Denial
	if p == permissions.HTTPDomain {
		d = s.c.Grants.CheckHost(host)
	} else {
		d = s.c.Grants.Check(side, p)
	}
	if d == nil {
		return nil
	}
	return s.deny(d)
}

// takeCall counts a call against the quota.
func (s *Session) takeCall() error {
	return take(&s.calls, s.c.Limits.Calls, "Call")
}

// take adds one to a count and fails when that is over its limit.
func take(count *atomic.Int64, limit int, what string) error {
	if n := count.Add(1); over(n, int64(limit)) {
		return quotaError("%s limit exceeded: maximum %d in one invocation", what, limit)
	}
	return nil
}

// callID names one call in errors and in the host's log.
func (s *Session) callID(n int64) string {
	return s.c.Invocation + "/" + strconv.FormatInt(n, 10)
}

// Ledger is what an invocation did through the bridge.
type Ledger struct {
	Calls      map[string]int64 // by method, refused ones too
	Denied     int64            // calls refused for a missing permission or an unknown name
	BytesIn    int64            // arguments, out of the sandbox
	BytesOut   int64            // results, into the sandbox
	LogLines   int64            // kept
	LogDropped int64            // over the limit
	Fetches    int64            // outgoing requests, redirects counted too
	Events     int64            // emitted
}

// Ledger returns the counts up to now.
func (s *Session) Ledger() Ledger {
	l := Ledger{
		Calls:   make(map[string]int64),
		BytesIn: s.bytesIn.Load(), BytesOut: s.bytesOut.Load(),
		LogLines: s.logLines.Load(), Fetches: s.fetches.Load(), Events: s.events.Load(),
	}
	for i, m := range theTable().methods {
		if n := s.used[i].Load(); n > 0 {
			l.Calls[m.Name] = n
		}
	}
	if max := int64(s.c.Limits.LogLines); over(l.LogLines, max) {
		l.LogLines, l.LogDropped = max, l.LogLines-max
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Denied = s.denials.total
	return l
}
