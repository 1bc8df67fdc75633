package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// EventSink takes the events that extensions emit.
type EventSink interface {
	// Emit hands the event over for delivery. It returns before any receiver
	// has seen it.
	Emit(ctx context.Context, e Event) error
}

// Event is something that an extension said has happened.
type Event struct {
	Time      time.Time
	Org       string
	Extension string // full id of the sender
	Name      string
	Payload   json.RawMessage // nil when there is none

	// Public events go to other extensions of the organization too; the others
	// only to the sender and to the embedding application.
	Public bool
}

const maxEventName = 128 // bytes

// hostEvents are the events of the host that an extension may raise.
var hostEvents = []string{"config:changed"}

type eventsEmitArgs struct {
	Name    string          `json:"name" doc:"The name of the event, which starts with the extension's id."`
	Payload json.RawMessage `json:"payload,omitempty" doc:"What the receivers are given: anything that JSON can hold."`
}

func eventsMethods() []Method {
	return []Method{define(line[eventsEmitArgs, struct{}]{
		Method: Method{
			Name: "events.emit", Side: permissions.Server, Permission: permissions.None,
			Doc: "Tells others that something has happened. The name is `<id>.x`, `<short name>.x`, `<short name>:x` or " +
				"`config:changed`. It is delivered to this extension and to the application; to other extensions only as `<id>.x`.",
			Limits:  "128 bytes a name of `A-Za-z0-9._:/-`; 64 KiB of JSON a payload; 100 events an invocation.",
			Errors:  []Failure{{sandbox.Invalid, "the name is not one of these forms"}, {sandbox.Exhausted, "the payload is too large, or there were too many events"}},
			Example: `api.events.emit('acme.notes.created', { id: 7 })`,
			Sync:    true,
		},
		scope: func(s *Session, in *eventsEmitArgs) (string, error) { return "", s.checkEvent(in.Name) },
		run: func(ctx context.Context, s *Session, in eventsEmitArgs) (struct{}, error) {
			return struct{}{}, s.emit(ctx, in)
		},
	})}
}

// checkEvent returns an error unless the extension may emit events of that name.
func (s *Session) checkEvent(name string) error {
	if slices.Contains(hostEvents, name) {
		return nil
	}
	for _, prefix := range []string{s.c.Extension + ".", s.c.ShortName + ".", s.c.ShortName + ":"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && len(prefix) > 1 && rest != "" && len(name) <= maxEventName && checkPrefix(rest) == nil {
			return nil
		}
	}
	return &sandbox.Error{Code: sandbox.Invalid, Message: fmt.Sprintf(
		"Extensions can only emit events prefixed with their ID. Expected '%s.*', got '%s'",
		s.c.Extension, cutOff(name, maxEventName))}
}

// emit hands an event of a checked name to the sink.
func (s *Session) emit(ctx context.Context, in eventsEmitArgs) error {
	if err := take(&s.events, s.c.Limits.Events, "Event"); err != nil {
		return err
	}
	if n := len(in.Payload); over(n, s.c.Limits.EventBytes) {
		return quotaError("Event payload too large: %d bytes (max %d bytes)", n, s.c.Limits.EventBytes)
	}
	if s.c.Events == nil {
		return unavailable("events are not available here")
	}
	return s.c.Events.Emit(ctx, Event{
		Time: s.c.Now(), Org: s.c.Org, Extension: s.c.Extension, Name: in.Name,
		Payload: slices.Clone(in.Payload), Public: strings.HasPrefix(in.Name, s.c.Extension+"."),
	})
}
