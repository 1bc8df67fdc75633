package httpapi

import (
	"context"
	"errors"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Answer is what an error looks like from outside.
type Answer struct {
	Status int    // over HTTP
	Error  string // the field "error" of the body; empty when there is no error
	Exit   int    // of the command line
}

// ExitUsage is the exit code of the command line for a command that was not
// understood. All others are in the table of [Outcome].
const ExitUsage = 2

// Reasons that only HTTP knows.
const (
	ReasonMethod   sandbox.Reason = "method"   // NotFound: the path has other methods
	ReasonFull     sandbox.Reason = "full"     // Exhausted: a quota, told to an admin
	reasonEncoding sandbox.Reason = "encoding" // Invalid: a content coding
	reasonSlow     sandbox.Reason = "slow"     // Timeout: the body did not arrive
)

// outcomes is the one table of codes (blueplm.md, Part A). Of the rows of a
// code the first holds that has the error's reason or none.
var outcomes = [...]struct {
	code   sandbox.Code
	reason sandbox.Reason
	answer Answer
}{
	{sandbox.Thrown, "", Answer{500, "EXECUTION_ERROR", 1}},

	{sandbox.Denied, sandbox.ReasonIdentity, Answer{401, "UNAUTHORIZED", 3}},
	{sandbox.Denied, "", Answer{403, "FORBIDDEN", 3}},

	{sandbox.NotFound, ReasonMethod, Answer{405, "METHOD_NOT_ALLOWED", 4}},
	{sandbox.NotFound, "", Answer{404, "NOT_FOUND", 4}},

	{sandbox.Invalid, sandbox.ReasonBody, Answer{400, "INVALID_BODY", 5}},
	{sandbox.Invalid, sandbox.ReasonHandler, Answer{500, "INVALID_HANDLER", 5}},
	{sandbox.Invalid, reasonEncoding, Answer{415, "UNSUPPORTED_MEDIA_TYPE", 5}},
	{sandbox.Invalid, "", Answer{400, "INVALID_REQUEST", 5}},

	{sandbox.Conflict, "", Answer{409, "CONFLICT", 6}},

	{sandbox.Timeout, reasonSlow, Answer{408, "REQUEST_TIMEOUT", 7}},
	{sandbox.Timeout, "", Answer{504, "TIMEOUT", 7}},
	{sandbox.Exhausted, sandbox.ReasonMemory, Answer{503, "MEMORY_EXCEEDED", 7}},
	{sandbox.Exhausted, sandbox.ReasonRate, Answer{429, "RATE_LIMIT_EXCEEDED", 7}},
	{sandbox.Exhausted, sandbox.ReasonInput, Answer{413, "BODY_TOO_LARGE", 7}},
	{sandbox.Exhausted, ReasonFull, Answer{507, "QUOTA_EXCEEDED", 7}},
	{sandbox.Exhausted, sandbox.ReasonOutput, Answer{500, "RESPONSE_TOO_LARGE", 7}},
	{sandbox.Exhausted, "", Answer{500, "EXECUTION_ERROR", 7}}, // quota, depth: a handler saw it and let it pass

	{sandbox.Unavailable, "", Answer{503, "UNAVAILABLE", 8}},
	{sandbox.Canceled, "", Answer{503, "UNAVAILABLE", 8}},

	{sandbox.Internal, "", internal},
}

// internal is a fault of the host, of which nothing else is told.
var internal = Answer{500, "INTERNAL_ERROR", 70}

// Outcome returns how err is answered over HTTP and with which code the command
// line exits. Nil is 200 and 0. A denial that a handler did not catch is
// answered as the denial that it is. An error that is not a [sandbox.Error] is a
// fault of the host, except that a context which ended is [sandbox.Canceled].
func Outcome(err error) Answer {
	if err == nil {
		return Answer{Status: 200}
	}
	return outcome(asError(err))
}

// outcome looks e up.
func outcome(e *sandbox.Error) Answer {
	code := e.Code
	if code == sandbox.Thrown && e.Permission != "" {
		code = sandbox.Denied
	}
	for i := range outcomes {
		if row := &outcomes[i]; row.code == code && (row.reason == "" || row.reason == e.Reason) {
			return row.answer
		}
	}
	return internal
}

// asError is sandbox.AsError, which does not know of contexts.
func asError(err error) *sandbox.Error {
	var e *sandbox.Error
	if !errors.As(err, &e) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return &sandbox.Error{Code: sandbox.Canceled, Message: "the request was given up"}
	}
	return sandbox.AsError(err)
}

// ErrorOf is the inverse of [Outcome], for a client: an error without a message,
// of the first row whose answers have the name. A name in no row is Internal.
func ErrorOf(name string) *sandbox.Error {
	for i := range outcomes {
		if row := &outcomes[i]; row.answer.Error == name {
			return &sandbox.Error{Code: row.code, Reason: row.reason}
		}
	}
	return &sandbox.Error{Code: sandbox.Internal}
}
