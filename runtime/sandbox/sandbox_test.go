package sandbox

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
)

func TestErrorIs(t *testing.T) {
	timeout := &Error{Code: Timeout, Reason: ReasonCPU, Message: "m"}
	for _, c := range []struct {
		rule   string
		err    error
		target error
		want   bool
	}{
		{"the same code", timeout, &Error{Code: Timeout}, true},
		{"the same code and reason", timeout, &Error{Code: Timeout, Reason: ReasonCPU}, true},
		{"another reason", timeout, &Error{Code: Timeout, Reason: ReasonWall}, false},
		{"another code", timeout, &Error{Code: Denied}, false},
		{"wrapped", fmt.Errorf("outer: %w", timeout), &Error{Code: Timeout}, true},
		{"another kind of error", timeout, context.Canceled, false},
	} {
		if got := errors.Is(c.err, c.target); got != c.want {
			t.Errorf("%s: got %v, want %v", c.rule, got, c.want)
		}
	}
}

func TestAsError(t *testing.T) {
	known := &Error{Code: Denied, Message: "no"}
	for _, c := range []struct {
		rule string
		err  error
		want *Error
	}{
		{"nil stays nil", nil, nil},
		{"an *Error is itself", known, known},
		{"also when it is wrapped", fmt.Errorf("outer: %w", known), known},
		{"anything else tells nothing", errors.New("postgres://secret"), &Error{Code: Internal, Message: "internal error"}},
	} {
		if got := AsError(c.err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.rule, got, c.want)
		}
	}
}

func TestLimitsWithDefaults(t *testing.T) {
	if got := (Limits{}).WithDefaults(); got != DefaultLimits {
		t.Errorf("the zero Limits: got %+v, want %+v", got, DefaultLimits)
	}
	set := reflect.ValueOf(&Limits{}).Elem()
	for i := range set.NumField() {
		set.Field(i).SetInt(Unlimited)
	}
	lifted := set.Interface().(Limits)
	if got := lifted.WithDefaults(); got != lifted {
		t.Errorf("lifted limits: got %+v, want %+v", got, lifted)
	}
	if got := (Limits{Wall: time.Second}).WithDefaults(); got.Wall != time.Second || got.CPU != DefaultLimits.CPU {
		t.Errorf("one limit set: got %+v", got)
	}
	defaults := reflect.ValueOf(DefaultLimits)
	for i := range defaults.NumField() {
		if defaults.Field(i).Int() <= 0 {
			t.Errorf("%s has no default", defaults.Type().Field(i).Name)
		}
	}
}

func TestPayloadSize(t *testing.T) {
	if got := (Payload{JSON: []byte("12"), Blobs: [][]byte{{1}, nil, {2, 3}}}).Size(); got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}
