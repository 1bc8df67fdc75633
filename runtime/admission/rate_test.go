package admission

import (
	"errors"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

func TestDecisionErr(t *testing.T) {
	if err := (Decision{Allowed: true}).Err(); err != nil {
		t.Errorf("allowed: got %v, want nil", err)
	}
	err := Decision{RetryAfter: 17}.Err()
	var e *sandbox.Error
	if !errors.As(err, &e) {
		t.Fatalf("refused: got %T, want *sandbox.Error", err)
	}
	want := sandbox.Error{
		Code: sandbox.Exhausted, Reason: sandbox.ReasonRate,
		Message: "Rate limit exceeded. Retry after 17 seconds.", RetryAfter: 17,
	}
	if *e != want {
		t.Errorf("got %+v, want %+v", *e, want)
	}
}

func TestParseRate(t *testing.T) {
	tests := []struct {
		in   string
		want int
		ok   bool
	}{
		{"100/m", 100, true},
		{"1/m", 1, true},
		{"1000000000/m", 1_000_000_000, true},
		{"off", Off, true},
		{"0/m", 0, false},
		{"-1/m", 0, false},
		{"+1/m", 0, false},
		{"1000000001/m", 0, false},
		{"99999999999999999999/m", 0, false},
		{"100", 0, false},
		{"100/s", 0, false},
		{"/m", 0, false},
		{"", 0, false},
		{"OFF", 0, false},
		{" 100/m", 0, false},
		{"1_0/m", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseRate(tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseRate(%q): got %d, %v; want %d, ok %t", tt.in, got, err, tt.want, tt.ok)
		}
	}
}
