package logs

import (
	"fmt"
	"testing"
	"time"
)

// TestThrottle is what each source may write in a minute, what it is told of what
// was left out, and that sources do not take from each other.
func TestThrottle(t *testing.T) {
	c := newClock()
	th := NewThrottle(100, c.now)
	for i, step := range []struct {
		source string
		size   int
		after  time.Duration
		want   Grant
	}{
		{"a", 60, 0, Grant{Allowed: true}},
		{"a", 41, 0, Grant{First: true}},
		{"a", 41, 0, Grant{}},
		{"a", 40, 0, Grant{Allowed: true}}, // there was room for this one
		{"a", 1, 59 * time.Second, Grant{}},
		{"b", 500, 0, Grant{Allowed: true}}, // longer than the limit, but the first
		{"b", 1, 0, Grant{First: true}},
		{"a", 10, time.Second, Grant{Allowed: true, Missed: 3}},
		{"a", 10, 0, Grant{Allowed: true}},
	} {
		c.forward(step.after)
		if got := th.Take(step.source, step.size); got != step.want {
			t.Errorf("step %d: got %+v, want %+v", i, got, step.want)
		}
	}
	if !(*Throttle)(nil).Take("a", 1<<30).Allowed {
		t.Error("no throttle refuses a line")
	}
}

// TestThrottleOfManySources is that made-up sources take neither memory without
// end nor a fresh limit each.
func TestThrottleOfManySources(t *testing.T) {
	c := newClock()
	th := NewThrottle(100, c.now)
	allowed := 0
	for i := range 3 * maxSources {
		if th.Take(fmt.Sprint(i), 100).Allowed {
			allowed++
		}
	}
	if len(th.windows) > maxSources+1 || allowed > maxSources+1 {
		t.Errorf("%d windows, %d lines allowed, want at most %d", len(th.windows), allowed, maxSources+1)
	}
	c.forward(time.Minute)
	if !th.Take("another", 100).Allowed {
		t.Error("a minute later a new source may not write")
	}
	if len(th.windows) > 1 {
		t.Errorf("%d windows are kept that are over", len(th.windows)-1)
	}
}

// TestThrottleForgetsAsMinutesEnd is that there is room for new sources as soon as
// the minutes of some are over, and not only when those of all are.
func TestThrottleForgetsAsMinutesEnd(t *testing.T) {
	c := newClock()
	th := NewThrottle(100, c.now)
	for i := range maxSources {
		if i == maxSources/2 {
			c.forward(windowLength / 2)
		}
		th.Take(fmt.Sprint(i), 100)
	}
	for _, want := range []bool{true, false} { // of those that are told apart no more, the first alone
		if got := th.Take(fmt.Sprint("more", want), 100).Allowed; got != want {
			t.Errorf("with as many sources as there may be: allowed %v, want %v", got, want)
		}
	}
	c.forward(windowLength / 2)
	for _, source := range []string{"new", "newer"} {
		if !th.Take(source, 100).Allowed {
			t.Errorf("%s may not write when half of the minutes are over", source)
		}
	}
	if th.Take(fmt.Sprint(maxSources-1), 100).Allowed {
		t.Error("a source whose minute is not over was forgotten")
	}
}
