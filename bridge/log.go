package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/annexhost/annex/permissions"
)

// Level is how much a log line matters.
type Level string

// The levels.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// LogSink takes the log lines of an invocation. It is called by several
// goroutines at once, and must not keep a caller waiting.
type LogSink interface {
	Log(line LogLine)
}

// LogLine is one line that an extension wrote. Its texts are a stranger's: they
// may hold line breaks and terminal escapes, which whoever prints them has to
// neutralize.
type LogLine struct {
	Time    time.Time
	Level   Level
	Message string          // cut off visibly when it was too long
	Fields  json.RawMessage // a JSON object, or nil
}

type logArgs struct {
	Message json.RawMessage `json:"message,omitempty" doc:"What happened. What is not a string is written as JSON."`
	Fields  json.RawMessage `json:"fields,omitempty" doc:"Details, as JSON."`
}

func logMethods() []Method {
	return []Method{
		logMethod(Debug, "details for whoever looks for a fault", "api.log.debug('cache miss', { key: 'a' })"),
		logMethod(Info, "what happened", "api.log.info('synced', { files: 3 })"),
		logMethod(Warn, "what should not happen, but was coped with", "api.log.warn('retrying', { attempt: 2 })"),
		logMethod(Error, "what failed", "api.log.error('sync failed', { status: 500 })"),
	}
}

func logMethod(level Level, of, example string) Method {
	return define(line[logArgs, struct{}]{
		Method: Method{
			Name: "log." + string(level), Side: permissions.Server, Permission: permissions.None,
			Doc: fmt.Sprintf("Writes a line of level %s to the extension's log: %s. `console` writes there too. "+
				"Secrets that the handler read are blanked out.", level, of),
			Limits:  "1,000 lines an invocation, further ones are dropped; 8 KiB a message and as much for its fields, the rest is cut off.",
			Example: example,
			TS:      "(message: string, fields?: object): void",
			Sync:    true,
		},
		run: func(_ context.Context, s *Session, in logArgs) (struct{}, error) {
			s.log(level, in)
			return struct{}{}, nil
		},
	})
}

// log keeps a line if the limit allows it. The first line over the limit is
// replaced by one that says so; a handler never fails because it logs.
func (s *Session) log(level Level, in logArgs) {
	n, limit := s.logLines.Add(1), int64(s.c.Limits.LogLines)
	if s.c.Log == nil || over(n-1, limit) {
		return
	}
	l := LogLine{Time: s.c.Now(), Level: level}
	if over(n, limit) {
		l.Level = Warn
		l.Message = fmt.Sprintf("log limit reached: %d lines in one invocation; further lines are dropped", limit)
	} else {
		l.Message = cutOff(s.Redact(messageOf(in.Message)), s.c.Limits.LogLineBytes)
		l.Fields = s.logFields(in.Fields)
	}
	s.c.Log.Log(l)
}

// messageOf returns a string as it is, anything else as its JSON.
func messageOf(raw json.RawMessage) string {
	if raw == nil {
		return "undefined"
	}
	d := decoder{scanner: scanner{data: raw}}
	if text, err := d.text(); err == nil {
		return text
	}
	return string(raw)
}

// logFields writes the fields one after the other as long as there is room for
// them, and says how many were left out. What is not an object becomes the field
// "value".
func (s *Session) logFields(raw json.RawMessage) json.RawMessage {
	if raw == nil || string(raw) == "null" {
		return nil
	}
	d := decoder{scanner: scanner{data: raw}}
	fields, err := d.members(0)
	if err != nil {
		fields = Members{{Name: "value", Value: raw}}
	}
	out := []byte{'{'}
	for i, f := range fields {
		member := append(appendString(nil, s.Redact(f.Name)), ':')
		member = append(member, s.redactJSON(f.Value)...)
		if over(len(out)+len(member), s.c.Limits.LogLineBytes) {
			out = fmt.Appendf(out, `"truncated":"%d fields left out",`, len(fields)-i)
			break
		}
		out = append(append(out, member...), ',')
	}
	if len(fields) == 0 {
		return nil
	}
	out[len(out)-1] = '}'
	return out
}

// cutOff returns text, or as much of it as fits into max bytes and how much does not.
func cutOff(text string, max int) string {
	if !over(len(text), max) {
		return text
	}
	end := max
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes cut off)", text[:end], len(text)-end)
}
