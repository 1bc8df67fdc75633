package secrets

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"
	"text/template"
)

const canary = "c4n4ry-value"

// holder has a Value where package fmt calls no methods.
type holder struct {
	hidden Value
	Shown  Value
	inside []Value
	byName map[string]Value
	ptr    *Value
	any    any
}

func newHolder() holder {
	v := NewValue(canary)
	return holder{v, v, []Value{v}, map[string]Value{"k": v}, &v, v}
}

// leaks reports whether s holds the canary in any spelling that printing makes.
func leaks(s string) bool {
	spellings := []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary),
		"YzRuNHJ5LXZhbHVl", strings.Trim(fmt.Sprint([]byte(canary)), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte(canary)), "[]byte{}")}
	for _, spelling := range spellings {
		if strings.Contains(s, spelling) {
			return true
		}
	}
	return false
}

func TestLeaksFindsEverySpelling(t *testing.T) {
	for _, format := range []string{"%s", "%x", "%X", "% x", "%v", "%#v", "%+q"} {
		for _, arg := range []any{canary, []byte(canary)} {
			if s := fmt.Sprintf(format, arg); !leaks(s) && !strings.Contains(s, "0x63") {
				t.Errorf("%s of %T is not seen in %q", format, arg, s)
			}
		}
	}
}

func TestFormattingRedacts(t *testing.T) {
	v := NewValue(canary)
	h := newHolder()
	args := map[string]any{
		"value": v, "pointer": &v, "holder": h, "pointer to holder": &h,
		"slice": []Value{v}, "map": map[string]Value{"k": v}, "any": []any{v},
		"error": fmt.Errorf("failed with %v", v),
	}
	verbs := "vsqxXdtbcoOeEfFgGpTUw"
	for name, arg := range args {
		for _, verb := range verbs {
			for _, flags := range []string{"", "+", "#", " ", "-20", "020", ".3"} {
				format := "%" + flags + string(verb)
				if s := fmt.Sprintf(format, arg); leaks(s) {
					t.Errorf("%s of %s leaks: %s", format, name, s)
				}
			}
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		if got := fmt.Sprintf(format, v); got != redacted {
			t.Errorf("%s: got %q, want %q", format, got, redacted)
		}
	}
}

func TestLoggingAndMarshallingRedact(t *testing.T) {
	v, h := NewValue(canary), newHolder()
	for _, tt := range []struct {
		how  string
		f    func(w *bytes.Buffer) error
		want string // what stands there instead
	}{
		{"slog text", func(w *bytes.Buffer) error {
			slog.New(slog.NewTextHandler(w, nil)).Info("m", "v", v, "h", h)
			return nil
		}, redacted},
		{"slog json", func(w *bytes.Buffer) error {
			slog.New(slog.NewJSONHandler(w, nil)).Info("m", "v", v, "h", h, slog.Group("g", "v", &v))
			return nil
		}, redacted},
		{"log", func(w *bytes.Buffer) error { log.New(w, "", 0).Println(v, h, &v); return nil }, redacted},
		{"json", func(w *bytes.Buffer) error {
			return json.NewEncoder(w).Encode([]any{v, h, &v, map[string]Value{"v": v}})
		}, redacted},
		{"xml", func(w *bytes.Buffer) error {
			return xml.NewEncoder(w).Encode(struct {
				XMLName xml.Name `xml:"x"`
				V       Value
			}{V: v})
		}, redacted},
		{"template", func(w *bytes.Buffer) error {
			return template.Must(template.New("").Parse("{{.}} {{printf \"%x\" .}} {{.String}}")).Execute(w, v)
		}, redacted},
		{"panic text", func(w *bytes.Buffer) error {
			defer func() { fmt.Fprint(w, recover()) }()
			panic(v)
		}, redacted},
	} {
		var w bytes.Buffer
		if err := tt.f(&w); err != nil {
			t.Errorf("%s: %v", tt.how, err)
		}
		if leaks(w.String()) || !strings.Contains(w.String(), tt.want) {
			t.Errorf("%s: got %q, want %q and no value", tt.how, w.String(), tt.want)
		}
	}
}

func TestGobRefuses(t *testing.T) {
	var w bytes.Buffer
	err := gob.NewEncoder(&w).Encode(NewValue(canary))
	if err == nil || leaks(w.String()) {
		t.Errorf("gob encoded a Value: %v, %q", err, w.String())
	}
}

func TestRevealIsACopyAndTheOneWayOut(t *testing.T) {
	given := []byte(canary)
	v := NewValue(given)
	clear(given)
	first := v.Reveal()
	if string(first) != canary {
		t.Fatalf("Reveal = %q, want %q: NewValue copies", first, canary)
	}
	clear(first)
	if got := string(v.Reveal()); got != canary {
		t.Errorf("Reveal = %q after an earlier result was cleared, want %q", got, canary)
	}
	var zero Value
	if zero.Reveal() != nil || zero.Len() != 0 || zero.String() != redacted {
		t.Errorf("zero Value: %q, %d", zero.Reveal(), zero.Len())
	}
	if err := errors.New(v.String() + v.GoString()); leaks(err.Error()) {
		t.Error(err)
	}
}
