package logs

import (
	"strings"
	"testing"
)

// TestBound is that a line counts for its installation and for its organization,
// by the bytes that it takes where texts are escaped.
func TestBound(t *testing.T) {
	for text, want := range map[string]int{
		"plain ü": 8, "\n\x00\x1b": 18, `"<`: 12, "\u202e": 6, "\U0001f600": 10, "\xff": 3,
	} {
		if got := written(text); got != want {
			t.Errorf("%q takes %d bytes, want %d", text, got, want)
		}
	}
	c := newClock()
	b := NewBound(1000, 1500, c.now)
	line := strings.Repeat("\x00", 50) // 500 with what is beside it
	for i, step := range []struct {
		extension string
		want      Grant
	}{
		{"x", Grant{Allowed: true}},
		{"x", Grant{Allowed: true}},
		{"x", Grant{First: true}},
		{"y", Grant{Allowed: true}},
		{"y", Grant{First: true}}, // of the organization
		{"z", Grant{}},
	} {
		if got := b.Take("acme", step.extension, line); got != step.want {
			t.Errorf("line %d, of %s: got %+v, want %+v", i, step.extension, got, step.want)
		}
	}
	if !b.Take("other", "x", line).Allowed {
		t.Error("another organization may not write")
	}
}

func TestClipped(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"}, {"longer", 5, "longe…"}, {"aü", 2, "a…"}, {"a\U0001f600", 4, "a…"}, {"a\U0001f600b", 5, "a\U0001f600…"},
	} {
		if got := Clipped(c.text, c.most); got != c.want {
			t.Errorf("%q cut to %d: got %q, want %q", c.text, c.most, got, c.want)
		}
	}
}
