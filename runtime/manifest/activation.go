package manifest

import (
	"fmt"
	"strings"
)

// EventKind is what an extension waits for before it is activated.
type EventKind string

// The kinds of activation events. Those whose comment names something have it
// after a colon, as in "onCommand:acme.sync".
const (
	OnExtensionEnabled EventKind = "onExtensionEnabled"
	OnStartup          EventKind = "onStartup"
	OnNavigate         EventKind = "onNavigate" // a route, and every route that starts with it
	OnCommand          EventKind = "onCommand"  // the id of a command
	OnView             EventKind = "onView"     // the id of a view
	OnFileType         EventKind = "onFileType" // an extension such as .sldprt, in any case
)

// ActivationEvent is an event that activates an extension, or one that happened.
type ActivationEvent struct {
	Kind EventKind
	Name string // what follows the colon; empty where nothing does
}

// ParseActivationEvent reads the form of the manifest.
func ParseActivationEvent(s string) (ActivationEvent, error) {
	kind, name, named := strings.Cut(s, ":")
	e := ActivationEvent{Kind: EventKind(kind), Name: name}
	switch e.Kind {
	case OnExtensionEnabled, OnStartup:
		if named {
			return ActivationEvent{}, fmt.Errorf("activation event %q: nothing follows %s", s, kind)
		}
	case OnNavigate, OnCommand, OnView, OnFileType:
		if name == "" {
			return ActivationEvent{}, fmt.Errorf("activation event %q: %s: without a name", s, kind)
		}
	default:
		return ActivationEvent{}, fmt.Errorf("activation event %q: unknown", s)
	}
	return e, nil
}

// String is the form of the manifest.
func (e ActivationEvent) String() string {
	if e.Name == "" {
		return string(e.Kind)
	}
	return string(e.Kind) + ":" + e.Name
}

// MarshalText is the form of the manifest.
func (e ActivationEvent) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Matches reports whether an extension that waits for e is activated by what
// happened.
func (e ActivationEvent) Matches(happened ActivationEvent) bool {
	if e.Kind != happened.Kind {
		return false
	}
	switch e.Kind {
	case OnNavigate:
		return strings.HasPrefix(happened.Name, e.Name)
	case OnFileType:
		return strings.EqualFold(happened.Name, e.Name)
	}
	return happened.Name == e.Name
}

func readActivation(v value) []ActivationEvent {
	entries := v.list(true)
	v.s.atLeast(1)
	if v.set && entries != nil && len(entries) == 0 {
		v.fail("At least one activation event is required", "a list with at least one event")
	}
	var events []ActivationEvent
	for _, entry := range entries {
		s := entry.text(text{
			required: true,
			check:    func(s string) bool { _, err := ParseActivationEvent(s); return err == nil },
			approx:   `^(onExtensionEnabled|onStartup|(onNavigate|onCommand|onView|onFileType):.+)$`,
			expected: "onExtensionEnabled, onStartup, or onNavigate:, onCommand:, onView:, onFileType: and a name",
			message:  "Unknown activation event",
		})
		if e, err := ParseActivationEvent(s); err == nil {
			events = append(events, e)
		}
	}
	return events
}
