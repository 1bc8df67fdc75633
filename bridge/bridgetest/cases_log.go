package bridgetest

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
)

// logged checks the whole log.
func logged(want ...bridge.LogLine) func(f *Fixture) error {
	return func(f *Fixture) error {
		if got := f.Log.All(); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the log is %s, want %s", lines(got), lines(want))
		}
		return nil
	}
}

func lines(list []bridge.LogLine) string {
	var out strings.Builder
	for _, l := range list {
		fmt.Fprintf(&out, "\n  %s %q %s", l.Level, l.Message, l.Fields)
	}
	return out.String()
}

func logCases() []Case {
	line := func(level bridge.Level, message, fields string) bridge.LogLine {
		l := bridge.LogLine{Time: Now, Level: level, Message: message}
		if fields != "" {
			l.Fields = []byte(fields)
		}
		return l
	}
	twice := func(f *Fixture) {
		must(f.Call("log.info", `{"message":"1"}`))
		must(f.Call("log.info", `{"message":"2"}`))
	}
	small := Config{Limits: bridge.Limits{LogLineBytes: 10}}
	return []Case{
		{Method: "log.debug", Rule: "a line is kept", Args: `{"message":"m"}`, After: logged(line(bridge.Debug, "m", ""))},
		{Method: "log.info", Rule: "fields are kept", Args: `{"message":"m","fields":{"a":[1],"b":"x"}}`, After: logged(line(bridge.Info, "m", `{"a":[1],"b":"x"}`))},
		{Method: "log.warn", Rule: "a message that is no string is written as JSON", Args: `{"message":{"a":1}}`, After: logged(line(bridge.Warn, `{"a":1}`, ""))},
		{Method: "log.error", Rule: "an absent message is undefined", Args: `{}`, After: logged(line(bridge.Error, "undefined", ""))},
		{Method: "log.info", Rule: "fields that are no object become one", Args: `{"message":"m","fields":[1]}`, After: logged(line(bridge.Info, "m", `{"value":[1]}`))},
		{Method: "log.info", Rule: "no fields are no fields", Args: `{"message":"m","fields":{}}`, After: logged(line(bridge.Info, "m", ""))},
		{Method: "log.info", Rule: "a long message is cut off between characters, and says so", Config: small, Args: `{"message":"123456789éabc"}`, After: logged(line(bridge.Info, "123456789… (5 bytes cut off)", ""))},
		{Method: "log.info", Rule: "fields that do not fit are left out, and that is said", Config: small, Args: `{"message":"m","fields":{"a":1,"b":"123456","c":2}}`, After: logged(line(bridge.Info, "m", `{"a":1,"truncated":"2 fields left out"}`))},
		{
			Method: "log.info", Rule: "lines over the limit are dropped, which is said once, and nothing fails", Prepare: func(f *Fixture) { twice(f); twice(f) },
			Config: Config{Limits: bridge.Limits{LogLines: 2}}, Args: `{"message":"5"}`,
			After: func(f *Fixture) error {
				if l := f.Session.Ledger(); l.LogLines != 2 || l.LogDropped != 3 {
					return fmt.Errorf("the ledger has %d lines and %d dropped, want 2 and 3", l.LogLines, l.LogDropped)
				}
				return logged(line(bridge.Info, "1", ""), line(bridge.Info, "2", ""),
					line(bridge.Warn, "log limit reached: 2 lines in one invocation; further lines are dropped", ""))(f)
			},
		},
	}
}

func eventsCases() []Case {
	emitted := func(name, payload string, public bool) func(f *Fixture) error {
		want := bridge.Event{Time: Now, Org: Org, Extension: Extension, Name: name, Public: public}
		if payload != "" {
			want.Payload = []byte(payload)
		}
		return func(f *Fixture) error {
			if got := f.Events.All(); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				return fmt.Errorf("events are %+v, want %+v", got, want)
			}
			return nil
		}
	}
	const prefix = "Extensions can only emit events prefixed with their ID. Expected 'acme.notes.*', got "
	return []Case{
		{Method: "events.emit", Rule: "the full id makes an event for everybody", Args: `{"name":"acme.notes.created","payload":{"id":7}}`, After: emitted("acme.notes.created", `{"id":7}`, true)},
		{Method: "events.emit", Rule: "the short name and a dot make one of its own", Args: `{"name":"notes.created"}`, After: emitted("notes.created", "", false)},
		{Method: "events.emit", Rule: "the short name and a colon do so too", Args: `{"name":"notes:created","payload":null}`, After: emitted("notes:created", "null", false)},
		{Method: "events.emit", Rule: "config:changed may be raised", Args: `{"name":"config:changed"}`, After: emitted("config:changed", "", false)},
		{Method: "events.emit", Rule: "another extension's name is refused", Args: `{"name":"acme.other.created"}`, Code: sandbox.Invalid, Text: prefix + "'acme.other.created'"},
		{Method: "events.emit", Rule: "a longer id is another extension", Args: `{"name":"acme.notes2.created"}`, Code: sandbox.Invalid, Text: prefix},
		{Method: "events.emit", Rule: "another event of the host is refused", Args: `{"name":"auth:changed"}`, Code: sandbox.Invalid, Text: prefix},
		{Method: "events.emit", Rule: "a prefix alone is no name", Args: `{"name":"acme.notes."}`, Code: sandbox.Invalid, Text: prefix},
		{Method: "events.emit", Rule: "a name with a line break is refused", Args: `{"name":"notes.a\nb"}`, Code: sandbox.Invalid, Text: prefix},
		{Method: "events.emit", Rule: "a name of over 128 bytes is refused, and not repeated in full", Args: `{"name":"notes.` + strings.Repeat("x", 123) + `"}`, Code: sandbox.Invalid, Text: "x… (1 bytes cut off)'"},
		{Method: "events.emit", Rule: "a name of 128 bytes is allowed", Args: `{"name":"notes.` + strings.Repeat("x", 122) + `"}`, After: emitted("notes."+strings.Repeat("x", 122), "", false)},
		{Method: "events.emit", Rule: "a payload is bounded", Config: Config{Limits: bridge.Limits{EventBytes: 3}}, Args: `{"name":"notes.a","payload":1234}`, Code: sandbox.Exhausted, Text: "Event payload too large: 4 bytes (max 3 bytes)"},
		{Method: "events.emit", Rule: "events are counted", Config: Config{Limits: bridge.Limits{Events: 1}}, Prepare: func(f *Fixture) { must(f.Call("events.emit", `{"name":"notes.a"}`)) }, Args: `{"name":"notes.b"}`, Code: sandbox.Exhausted, Text: "Event limit exceeded: maximum 1 in one invocation"},
	}
}
