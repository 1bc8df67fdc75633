package runtime

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Ledger is what one invocation used, and how it ended.
type Ledger struct {
	ID        string // of the invocation
	Org       string
	Extension string
	Version   string
	Route     string // "GET notes/:id"

	Outcome string // "ok", or the code of the error and its reason: "timeout/cpu"
	Status  int    // of the handler's answer; 0 when there is none

	Started  time.Time
	Wall     time.Duration
	CPU      time.Duration
	Memory   int64 // peak bytes, from engines that know
	BytesIn  int64 // the request's body
	BytesOut int64 // the answer's body

	Bridge bridge.Ledger // calls that left the sandbox
}

// Meter takes ledgers, to count them. It must return soon and is called from
// many goroutines.
type Meter interface {
	Invocation(Ledger)
}

// outcome names how an invocation ended.
func outcome(err *sandbox.Error) string {
	switch {
	case err == nil:
		return "ok"
	case err.Reason == "":
		return string(err.Code)
	}
	return string(err.Code) + "/" + string(err.Reason)
}

// fields gives the ledger to a logger, as keys and values.
func (l *Ledger) fields() []any {
	fields := []any{
		"invocation", l.ID, "org", l.Org, "extension", l.Extension, "route", l.Route, "outcome", l.Outcome, "status", l.Status,
		"wall", l.Wall, "cpu", l.CPU, "in", l.BytesIn, "out", l.BytesOut, "calls", callList(l.Bridge.Calls),
	}
	if l.Bridge.LogLines > 0 {
		fields = append(fields, "lines", l.Bridge.LogLines)
	}
	if l.Bridge.Denied > 0 {
		fields = append(fields, "denied", l.Bridge.Denied)
	}
	return fields
}

// callList writes calls by method, in order: "storage.get=2 storage.set=1".
func callList(calls map[string]int64) string {
	names := make([]string, 0, len(calls))
	for name := range calls {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(strconv.FormatInt(calls[name], 10))
	}
	return b.String()
}
