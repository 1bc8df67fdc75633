package runtime

import (
	"context"
	"errors"
	"io/fs"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/signing"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// codes gives the errors of our packages their code.
var codes = []struct {
	err  error
	code sandbox.Code
}{
	{context.Canceled, sandbox.Canceled},
	{context.DeadlineExceeded, sandbox.Timeout},
	{registry.ErrNotFound, sandbox.NotFound},
	{registry.ErrOrg, sandbox.Invalid},
	{registry.ErrExists, sandbox.Conflict},
	{registry.ErrPurging, sandbox.Conflict},
	{registry.ErrErasing, sandbox.Conflict},
	{storage.ErrInUse, sandbox.Conflict},
	{storage.ErrConflict, sandbox.Conflict},
	{storage.ErrUnavailable, sandbox.Unavailable},
	{storage.ErrUncertain, sandbox.Unavailable},
	{storage.ErrClosed, sandbox.Unavailable},
	{storage.ErrInvalid, sandbox.Invalid},
	{storage.ErrTooLarge, sandbox.Invalid},
	{audit.ErrInvalid, sandbox.Invalid},
	{secrets.ErrNotFound, sandbox.NotFound},
	{secrets.ErrWrongKey, sandbox.Invalid},
	{secrets.ErrNoMasterKey, sandbox.Invalid},
	{fs.ErrNotExist, sandbox.NotFound},
	{fs.ErrPermission, sandbox.Denied},
}

// CodeOf returns the code of an error of this package or of those below it, and
// Internal for any other. It is for who answers an operator; what a caller of a
// handler may know is decided where the error arises.
func CodeOf(err error) sandbox.Code {
	var crossing *sandbox.Error
	if errors.As(err, &crossing) {
		return crossing.Code
	}
	var unfit *pack.PackageError
	var name *secrets.NameError
	var hosts *secrets.HostsError
	if errors.As(err, &unfit) || errors.As(err, &name) || errors.As(err, &hosts) {
		return sandbox.Invalid
	}
	var signature *signing.Error
	switch {
	case !errors.As(err, &signature):
	case signature.Code.AboutTrust():
		return sandbox.Denied
	default:
		return sandbox.Invalid
	}
	var quota *secrets.QuotaError
	if errors.As(err, &quota) {
		return sandbox.Exhausted
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return sandbox.Internal
}

// shown are the texts for callers of what a host cannot do now.
var shown = map[sandbox.Code]string{
	sandbox.Canceled:    "the call was given up",
	sandbox.Timeout:     "the call took too long",
	sandbox.Unavailable: "the store is not available now; try again later",
	sandbox.Conflict:    "others changed the same state; try again",
}

// fault hides an error of the host from whoever called, and logs it under the
// invocation's id.
func (h *Host) fault(id, doing string, err error) *sandbox.Error {
	var crossing *sandbox.Error
	if errors.As(err, &crossing) {
		return crossing
	}
	h.log.Error("fault of the host", "invocation", id, "doing", doing, "error", err)
	code := CodeOf(err)
	if text, ok := shown[code]; ok {
		return &sandbox.Error{Code: code, Message: text}
	}
	return sandbox.AsError(err)
}
