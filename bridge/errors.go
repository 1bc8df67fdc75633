package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// FaultSink learns of what the guest is not told: errors of the host.
type FaultSink interface {
	// Fault reports that a call of method failed. call is the id that the
	// guest's error names.
	Fault(call, method string, err error)
}

// hidden is an error whose cause is for the operator alone.
type hidden struct {
	shown *sandbox.Error
	cause error
}

func (e *hidden) Error() string { return e.cause.Error() }

// The classes of errors in JavaScript. Those of storage and secrets are BluePLM's.
const (
	permissionDenied = "PermissionDeniedError"
	storageError     = "StorageError"
	secretsError     = "SecretsError"
)

// outward turns any error into the one that crosses the wall. An error that is
// not known here is the host's: its text is withheld and goes to the faults
// under the id of the call.
func (s *Session) outward(ctx context.Context, n int64, method string, err error) *sandbox.Error {
	var secret *hidden
	if errors.As(err, &secret) {
		s.fault(n, method, secret.cause)
		return secret.shown
	}
	if e := known(ctx, err); e != nil {
		return e
	}
	s.fault(n, method, err)
	return &sandbox.Error{
		Code:    sandbox.Internal,
		Message: fmt.Sprintf("internal error (call %s)", s.callID(n)),
	}
}

func (s *Session) fault(n int64, method string, err error) {
	if s.c.Faults != nil {
		s.c.Faults.Fault(s.callID(n), method, err)
	}
}

// known maps the errors that a guest may learn of; nil for any other.
func known(ctx context.Context, err error) *sandbox.Error {
	var (
		crossing *sandbox.Error
		denial   *permissions.Denial
		unknown  *unknownMethod
		name     *secrets.NameError
		quota    *secrets.QuotaError
		room     *storage.QuotaError
		exchange *egress.Error
	)
	switch {
	case errors.As(err, &crossing):
		return crossing
	case errors.As(err, &denial):
		return &sandbox.Error{
			Code: sandbox.Denied, Name: permissionDenied,
			Permission: string(denial.Permission), Message: denial.Error(),
		}
	case errors.As(err, &unknown):
		return &sandbox.Error{Code: sandbox.Denied, Name: permissionDenied, Message: unknown.Error()}
	case errors.As(err, &name):
		return &sandbox.Error{Code: sandbox.Invalid, Name: secretsError, Message: name.Error()}
	case errors.As(err, &quota):
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Name: secretsError, Message: quota.Error()}
	case errors.As(err, &room):
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Name: storageError, Message: room.Error()}
	case errors.Is(err, storage.ErrTooLarge):
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Name: storageError, Message: "Too much for one write; write less at once"}
	case errors.As(err, &exchange):
		return fetchError(exchange)
	case errors.Is(err, storage.ErrConflict):
		return &sandbox.Error{Code: sandbox.Conflict, Message: "storage conflict: others changed the same keys; try again"}
	case errors.Is(err, storage.ErrReadOnly):
		return unavailable("storage can only be read now")
	case errors.Is(err, storage.ErrUncertain):
		return unavailable("storage failed while it wrote: the write may have happened or not")
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, storage.ErrClosed):
		return unavailable("storage is not available now; try again later")
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() == context.DeadlineExceeded:
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "the invocation ran out of time"}
	case errors.Is(err, context.Canceled), ctx.Err() != nil:
		return &sandbox.Error{Code: sandbox.Canceled, Message: "the invocation is over"}
	}
	return nil
}

// quotaError is the error for a limit of the extension or of one invocation.
func quotaError(format string, args ...any) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Message: fmt.Sprintf(format, args...)}
}
