package httpapi

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

func TestOutcome(t *testing.T) {
	fault := func(code sandbox.Code, reason sandbox.Reason) error {
		return &sandbox.Error{Code: code, Reason: reason, Message: "m"}
	}
	tests := []struct {
		rule string
		err  error
		want Answer
	}{
		{"ended well", nil, Answer{200, "", 0}},
		{"handler threw", fault(sandbox.Thrown, ""), Answer{500, "EXECUTION_ERROR", 1}},
		{"token missing", fault(sandbox.Denied, sandbox.ReasonIdentity), Answer{401, "UNAUTHORIZED", 3}},
		{"permission missing", fault(sandbox.Denied, ""), Answer{403, "FORBIDDEN", 3}},
		{"a denial that the handler did not catch", &sandbox.Error{Code: sandbox.Thrown, Permission: "secrets:read"}, Answer{403, "FORBIDDEN", 3}},
		{"no such thing", fault(sandbox.NotFound, ""), Answer{404, "NOT_FOUND", 4}},
		{"malformed body", fault(sandbox.Invalid, sandbox.ReasonBody), Answer{400, "INVALID_BODY", 5}},
		{"malformed request", fault(sandbox.Invalid, ""), Answer{400, "INVALID_REQUEST", 5}},
		{"conflict", fault(sandbox.Conflict, ""), Answer{409, "CONFLICT", 6}},
		{"wall limit", fault(sandbox.Timeout, sandbox.ReasonWall), Answer{504, "TIMEOUT", 7}},
		{"CPU limit", fault(sandbox.Timeout, sandbox.ReasonCPU), Answer{504, "TIMEOUT", 7}},
		{"memory limit", fault(sandbox.Exhausted, sandbox.ReasonMemory), Answer{503, "MEMORY_EXCEEDED", 7}},
		{"rate limit or no slot", fault(sandbox.Exhausted, sandbox.ReasonRate), Answer{429, "RATE_LIMIT_EXCEEDED", 7}},
		{"request body too large", fault(sandbox.Exhausted, sandbox.ReasonInput), Answer{413, "BODY_TOO_LARGE", 7}},
		{"answer too large", fault(sandbox.Exhausted, sandbox.ReasonOutput), Answer{500, "RESPONSE_TOO_LARGE", 7}},
		{"quota", fault(sandbox.Exhausted, sandbox.ReasonQuota), Answer{500, "EXECUTION_ERROR", 7}},
		{"call depth", fault(sandbox.Exhausted, sandbox.ReasonDepth), Answer{500, "EXECUTION_ERROR", 7}},
		{"handler missing", fault(sandbox.Invalid, sandbox.ReasonHandler), Answer{500, "INVALID_HANDLER", 5}},
		{"client went away, shutdown", fault(sandbox.Canceled, ""), Answer{503, "UNAVAILABLE", 8}},
		{"worker lost, store unreachable", fault(sandbox.Unavailable, ""), Answer{503, "UNAVAILABLE", 8}},
		{"a fault of the host", fault(sandbox.Internal, ""), Answer{500, "INTERNAL_ERROR", 70}},
		{"an unknown error is a fault of the host", errors.New("boom"), Answer{500, "INTERNAL_ERROR", 70}},
		{"an unknown code is a fault of the host", fault("made up", ""), Answer{500, "INTERNAL_ERROR", 70}},
		{"a wrapped error is what it wraps", fmt.Errorf("x: %w", fault(sandbox.Conflict, "")), Answer{409, "CONFLICT", 6}},
		{"a context that ended", fmt.Errorf("x: %w", context.Canceled), Answer{503, "UNAVAILABLE", 8}},
		{"a deadline that passed", context.DeadlineExceeded, Answer{503, "UNAVAILABLE", 8}},
		{"a reason that the code does not tell apart", fault(sandbox.Conflict, sandbox.ReasonBody), Answer{409, "CONFLICT", 6}},
	}
	for _, tt := range tests {
		if got := Outcome(tt.err); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.rule, got, tt.want)
		}
	}
}

// Every row must be reachable: none stands behind a row that takes its errors.
func TestOutcomesAreReachable(t *testing.T) {
	for _, row := range outcomes {
		if got := outcome(&sandbox.Error{Code: row.code, Reason: row.reason}); got != row.answer {
			t.Errorf("%s/%s: got %+v, want its row %+v", row.code, row.reason, got, row.answer)
		}
	}
}
