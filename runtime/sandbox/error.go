package sandbox

import (
	"errors"
	"fmt"
)

// Code is the kind of an [Error], and all that most callers look at.
type Code string

// The codes. They are part of the contract with guests: a JavaScript error has
// its code as error.code.
const (
	Denied      Code = "denied"      // a permission is missing
	NotFound    Code = "not_found"   // no such thing, or not yours to know
	Invalid     Code = "invalid"     // malformed input
	Conflict    Code = "conflict"    // somebody else was first
	Exhausted   Code = "exhausted"   // a limit or a quota
	Timeout     Code = "timeout"     // the wall clock or the CPU limit
	Canceled    Code = "canceled"    // the caller went away, or the host shuts down
	Unavailable Code = "unavailable" // try again later
	Internal    Code = "internal"    // a fault of the host; no detail leaves it
	Thrown      Code = "thrown"      // the handler threw
)

// Reason tells apart errors of one code that are answered differently.
type Reason string

// The reasons.
const (
	ReasonWall     Reason = "wall"     // Timeout: the wall clock
	ReasonCPU      Reason = "cpu"      // Timeout: CPU time
	ReasonMemory   Reason = "memory"   // Exhausted: memory
	ReasonRate     Reason = "rate"     // Exhausted: rate limit or no free slot
	ReasonInput    Reason = "input"    // Exhausted: request body too large
	ReasonOutput   Reason = "output"   // Exhausted: answer or arguments too large
	ReasonQuota    Reason = "quota"    // Exhausted: storage, secrets, calls
	ReasonDepth    Reason = "depth"    // Exhausted: call depth
	ReasonHandler  Reason = "handler"  // Invalid: no handler, or not a function
	ReasonIdentity Reason = "identity" // Denied: nobody is signed in
	ReasonBody     Reason = "body"     // Invalid: the request's body
)

// Error is the only error that crosses the wall, in either direction.
type Error struct {
	Code   Code
	Reason Reason // may be empty

	// Message is for the author of the extension and, for what the handler
	// threw, for its caller. It never tells of the host's inside.
	Message string

	// Name is the error's class in JavaScript. Empty means "Error".
	Name string

	// Permission is the missing one, for code Denied.
	Permission string

	// Stack is the guest's stack in the author's files and lines.
	Stack string

	// RetryAfter in seconds, where waiting helps; else 0.
	RetryAfter int
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is an *Error of the same code, and of the same
// reason where the target has one.
func (e *Error) Is(target error) bool {
	var t *Error
	if !errors.As(target, &t) {
		return false
	}
	return e.Code == t.Code && (t.Reason == "" || e.Reason == t.Reason)
}

// AsError returns err as an *Error. An unknown error becomes one of code
// [Internal] whose message says nothing of it; nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Message: "internal error"}
}

// Errorf returns an *Error of code whose message is formatted as by fmt.Sprintf.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
