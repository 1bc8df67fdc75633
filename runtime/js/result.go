package js

import (
	"fmt"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// result makes what the handler returned into the output of the invocation.
func (r *realm) result(v goja.Value) (sandbox.Payload, error) {
	if v == nil || goja.IsUndefined(v) {
		return sandbox.Payload{}, nil
	}
	p, isResponse := r.responsePayload(v)
	var err error
	if isResponse {
		return p, r.checkOutput(p)
	}
	if p.JSON, err = appendJSON(nil, v); err != nil {
		if not, ok := err.(errNotJSON); ok { // errors.As would run traps of what was thrown
			return p, &sandbox.Error{Code: sandbox.Thrown, Name: "TypeError", Message: "the handler's result " + not.Error()}
		}
		return p, err
	}
	return p, r.checkOutput(p)
}

// checkOutput holds a result to the limit of its size.
func (r *realm) checkOutput(p sandbox.Payload) error {
	if max := r.limits.OutputBytes; max > 0 && p.Size() > max {
		return &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
			Message: fmt.Sprintf("the handler's result is too large: %d bytes (max %d)", p.Size(), max),
		}
	}
	return nil
}
