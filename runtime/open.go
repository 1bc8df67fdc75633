package runtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/logs"
)

// open makes the session of an invocation: from here on its identity and its
// grants are fixed.
func (inv *invocation) open() *bridge.Session {
	h, inst := inv.host, inv.inst
	c := bridge.SessionConfig{
		Invocation: inv.call.ID, Org: inst.Org, Extension: inst.Extension, ShortName: inst.ShortName(), Version: inst.Version,
		Grants: inst.grants, User: inv.call.User, Config: inst.config,
		Storage: inst.space,
		Secrets: h.cfg.Keeper,
		Log:     sessionLog{h, inv},
		Events:  sessionEvents{h, inv},
		Audit:   sessionAudit{h.cfg.Audit, inv.call.Credential},
		Faults:  sessionFaults{h, inv},
		Limits:  h.cfg.Limits.bridge(),
		Now:     h.cfg.Now,
	}
	if h.cfg.Fetcher != nil {
		c.Fetcher = h.cfg.Fetcher(inst.Org, inst.Extension)
	} else if h.cfg.Gateway != nil {
		c.Fetcher = h.cfg.Gateway.Client(inst.Org + "/" + inst.Extension)
	}
	return bridge.NewSession(c)
}

// LogLine is one line that a handler wrote. Its texts are a stranger's.
type LogLine struct {
	Org, Extension, Invocation string

	Time    time.Time
	Level   string // debug, info, warn or error
	Message string
	Fields  json.RawMessage // JSON object, may be empty
}

// sessionLog takes what a handler logs.
type sessionLog struct {
	host *Host
	inv  *invocation
}

// Log gives the line to whoever embeds the host, or else to the host's log,
// where its text is a field: a stranger's text never becomes a message of ours.
func (s sessionLog) Log(line bridge.LogLine) {
	l := LogLine{
		Org: s.inv.inst.Org, Extension: s.inv.inst.Extension, Invocation: s.inv.call.ID,
		Time: line.Time, Level: string(line.Level), Message: line.Message, Fields: line.Fields,
	}
	if s.host.cfg.Logs != nil {
		s.host.cfg.Logs.Add(logs.Line{
			Time: l.Time.UTC(), Org: l.Org, Extension: l.Extension, Invocation: l.Invocation, Level: l.Level, Message: l.Message, Fields: l.Fields,
		})
	}
	if s.host.cfg.OnLog != nil {
		s.host.cfg.OnLog(l)
		return
	}
	level := hclog.LevelFromString(l.Level)
	if s.host.handlers.GetLevel() > level || !s.host.chatter.allows(l.Org, l.Extension, l.Message, string(l.Fields)) {
		return
	}
	args := []any{"invocation", l.Invocation, "org", l.Org, "extension", l.Extension, "text", l.Message}
	if len(l.Fields) > 0 {
		args = append(args, "fields", string(l.Fields))
	}
	s.host.handlers.Log(level, "line", args...)
}

// sessionEvents takes what a handler emits.
type sessionEvents struct {
	host *Host
	inv  *invocation
}

// Emit delivers to the embedding program.
func (s sessionEvents) Emit(_ context.Context, e bridge.Event) error {
	s.host.emit(Event{Org: s.inv.inst.Org, Extension: s.inv.inst.Extension, Name: e.Name, Payload: e.Payload, Time: e.Time})
	return nil
}

// sessionAudit takes what must be on record.
type sessionAudit struct {
	log        *audit.Log
	credential string // of the user
}

// Audit returns when the record is durable.
func (s sessionAudit) Audit(ctx context.Context, r bridge.AuditRecord) error {
	outcome := "ok"
	if r.Action == "denied" {
		outcome = "denied"
	}
	actor := r.User
	if actor == "" {
		actor = "anonymous"
	}
	return s.log.Append(ctx, audit.Record{
		Time: r.Time, Org: r.Org, Extension: r.Extension, Actor: actor, Credential: s.credential, Action: r.Action, Target: r.Target,
		Outcome: outcome, InvocationID: r.Invocation, Count: int(r.Count), Detail: map[string]string{"version": r.Version},
	})
}

// sessionFaults takes what a handler is not told.
type sessionFaults struct {
	host *Host
	inv  *invocation
}

// Fault logs the cause under the id that the handler's error names.
func (s sessionFaults) Fault(call, method string, err error) {
	s.host.log.Error("fault in a bridge call", "call", call, "method", method, "org", s.inv.inst.Org, "extension", s.inv.inst.Extension, "error", err)
}

// bridge gives the limits that the bridge keeps; its defaults are the contract's too.
func (l Limits) bridge() bridge.Limits {
	return bridge.Limits{
		Calls: l.Sandbox.Calls, ArgumentBytes: l.Sandbox.ArgumentBytes,
		Fetches: l.Fetches, FetchTime: l.FetchTime, FetchBody: l.FetchBody, Redirects: l.Redirects,
		LogLines: l.LogLines, LogLineBytes: l.LogLineBytes, Events: l.Events, EventBytes: l.EventBytes,
	}
}
