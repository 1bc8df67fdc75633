package js

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// trackRejection keeps the promises that were rejected and that nobody handles.
func (r *realm) trackRejection(p *goja.Promise, operation goja.PromiseRejectionOperation) {
	if operation == goja.PromiseRejectionReject {
		r.rejected = append(r.rejected, p)
		return
	}
	if i := slices.Index(r.rejected, p); i >= 0 {
		r.rejected = slices.Delete(r.rejected, i, i+1)
	}
}

// unhandled returns the error of a promise that was rejected without a handler,
// other than awaited, the handler's own.
func (r *realm) unhandled(awaited *goja.Promise) *sandbox.Error {
	for _, p := range r.rejected {
		if p != awaited {
			return r.do(func() error { return r.thrown(p.Result(), nil) })
		}
	}
	return nil
}
