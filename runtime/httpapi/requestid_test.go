package httpapi

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestRequestID(t *testing.T) {
	fresh := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	long := strings.Repeat("x", maxRequestID)
	tests := []struct {
		rule string
		sent []string
		take bool
	}{
		{"letters, digits and . _ -", []string{"Az09._-"}, true},
		{"the longest", []string{long}, true},
		{"one byte more", []string{long + "x"}, false},
		{"none", nil, false},
		{"empty", []string{""}, false},
		{"two", []string{"a", "b"}, false},
		{"a space", []string{"a b"}, false},
		{"what would break a log line", []string{"a\nb"}, false},
		{"what would break JSON", []string{`a"b`}, false},
		{"letters that look alike", []string{"а"}, false},
	}
	for _, tt := range tests {
		got := requestID(http.Header{"X-Request-Id": tt.sent})
		if tt.take && got != tt.sent[0] {
			t.Errorf("%s: got %q, want what was sent", tt.rule, got)
		}
		if !tt.take && !fresh.MatchString(got) {
			t.Errorf("%s: got %q, want a new UUID", tt.rule, got)
		}
	}
	if a, b := newUUID(), newUUID(); a == b {
		t.Errorf("two new ids are the same: %q", a)
	}
}
