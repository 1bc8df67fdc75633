package bridge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Auditor writes the audit. The host gives one to each session.
type Auditor interface {
	// Audit returns nil when the record is durable.
	Audit(ctx context.Context, r AuditRecord) error
}

// AuditRecord is what happened to what, on whose behalf.
type AuditRecord struct {
	Time       time.Time
	Invocation string
	Org        string
	Extension  string
	Version    string
	User       string // id; empty for an anonymous caller
	Action     string // "secret.read", "secret.write", "secret.delete", "denied"
	Target     string // the name of a secret; the permission, host or method denied
	Count      int64  // how many times in this invocation; 1 for all but "denied"
}

// maxDenials bounds how many different denials an invocation is audited for.
// What is denied beyond them is counted under the target "other".
const maxDenials = 32

// denials counts what was refused in one invocation.
type denials struct {
	total int64
	by    map[string]int64
}

func (d *denials) add(target string) {
	if d.by == nil {
		d.by = make(map[string]int64)
	}
	if _, known := d.by[target]; !known && len(d.by) >= maxDenials {
		target = "other"
	}
	d.by[target]++
	d.total++
}

// unknownMethod is the denial of a name that is not in the table.
type unknownMethod struct{ method string }

func (e *unknownMethod) Error() string {
	return "Permission denied: there is no API " + quoteShort([]byte(e.method))
}

// deny counts a denial, which the audit learns of at the end of the invocation,
// and returns it.
func (s *Session) deny(denial error) error {
	target := ""
	switch d := denial.(type) {
	case *permissions.Denial:
		target = cmp.Or(d.Host, string(d.Permission))
	case *unknownMethod:
		target = quoteShort([]byte(d.method))
	}
	s.countDenial(target)
	return denial
}

func (s *Session) countDenial(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denials.add(target)
}

// record writes to the audit before the effect. Without an audit, or with one
// that fails, there is no effect either.
func (s *Session) record(ctx context.Context, action, target string) error {
	if s.c.Audit == nil {
		return unavailable("the audit is not available")
	}
	err := s.c.Audit.Audit(ctx, s.auditRecord(action, target, 1))
	if err != nil && ctx.Err() == nil {
		return &hidden{unavailable("the audit is not available"), err}
	}
	return err
}

func (s *Session) auditRecord(action, target string, count int64) AuditRecord {
	r := AuditRecord{
		Time: s.c.Now(), Invocation: s.c.Invocation, Org: s.c.Org, Extension: s.c.Extension,
		Version: s.c.Version, Action: action, Target: target, Count: count,
	}
	if s.c.User != nil {
		r.User = s.c.User.ID
	}
	return r
}

// Close ends the session: later calls fail, and what was denied is written to
// the audit, once for each permission, host or unknown name, with its count. The
// error is of the audit. ctx must not be the one of the invocation, which may be
// done already.
func (s *Session) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	s.mu.Lock()
	by := s.denials.by
	s.denials.by = nil
	s.mu.Unlock()
	if s.c.Audit == nil {
		return nil
	}
	targets := make([]string, 0, len(by))
	for target := range by {
		targets = append(targets, target)
	}
	slices.Sort(targets)
	var failed []error
	for _, target := range targets {
		failed = append(failed, s.c.Audit.Audit(ctx, s.auditRecord("denied", target, by[target])))
	}
	return errors.Join(failed...)
}

// unavailable is the error for what a host does not have, or not now.
func unavailable(text string) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Unavailable, Message: text}
}
