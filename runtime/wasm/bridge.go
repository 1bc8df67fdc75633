package wasm

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// userModule is where the bridge is offered.
const userModule = "extism:host/user"

// userFunctions are the functions of extism:host/user beside the methods.
var userFunctions = []hostFunction{
	{"annex_call", sigMap2, func(in *instance, _ memory, stack []uint64) {
		name, ok := in.block(stack[0])
		if !ok {
			stack[0] = in.answer(sandbox.Payload{}, badHandle("the method's name"))
			return
		}
		stack[0] = in.bridge(string(name[:min(len(name), maxName)]), stack[1])
	}},
	{"annex_blob", sigMap, func(in *instance, _ memory, stack []uint64) {
		if stack[0] >= uint64(len(in.blobs)) {
			stack[0] = 0
			return
		}
		stack[0] = in.mustAlloc(in.blobs[stack[0]])
	}},
	{"annex_attach", sigMap, func(in *instance, _ memory, stack []uint64) {
		data, ok := in.block(stack[0])
		if !ok && stack[0] != 0 {
			in.end(badHandle("what is attached"))
		}
		size := int64(len(data))
		for _, b := range in.attach {
			size += int64(len(b))
		}
		if limit := in.limits.ArgumentBytes; limit > 0 && size > limit || len(in.attach) >= maxBlobs {
			in.end(&sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput, Message: "too many bytes are attached"})
		}
		in.worked(len(data))
		in.attach = append(in.attach, bytes.Clone(data))
		stack[0] = uint64(len(in.attach) - 1)
	}},
}

// maxName is how much of a method's name is read: more than any has.
const maxName = 1000

// maxBlobs is how many byte strings go with one JSON.
const maxBlobs = 1000

func badHandle(what string) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: what + " is not a block of memory"}
}

// bridgeFunction is a method of the bridge as a function.
func bridgeFunction(method string) hostFunction {
	return hostFunction{methodName(method), sigMap, func(in *instance, _ memory, stack []uint64) {
		stack[0] = in.bridge(method, stack[0])
	}}
}

func methodName(method string) string {
	return string(bytes.ReplaceAll([]byte(method), []byte("."), []byte("_")))
}

// bridge performs a call whose arguments are in a block, and returns the block
// of its answer: {"ok": …} or {"error": …}.
func (in *instance) bridge(method string, args uint64) uint64 {
	data, ok := in.block(args)
	if !ok && args != 0 {
		return in.answer(sandbox.Payload{}, badHandle("the arguments of "+method))
	}
	payload := sandbox.Payload{JSON: data, Blobs: in.attach}
	in.attach = nil
	if failed := in.tooLarge(method, payload.Size()); failed != nil {
		return in.answer(sandbox.Payload{}, failed)
	}
	in.worked(len(data))
	payload.JSON = bytes.Clone(data)
	if len(payload.JSON) == 0 {
		payload.JSON = []byte("{}")
	} else if !json.Valid(payload.JSON) {
		return in.answer(sandbox.Payload{}, &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: "the arguments of " + method + " are not JSON"})
	}
	return in.answer(in.callOut(method, payload))
}

// callOut makes a call out of the sandbox.
func (in *instance) callOut(method string, args sandbox.Payload) (sandbox.Payload, *sandbox.Error) {
	if _, ok := in.engine.methods[method]; !ok {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Denied, Message: "there is no method " + strconv.Quote(method[:min(len(method), 100)])}
	}
	if limit := in.limits.Calls; limit > 0 && in.calls >= limit {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota, Message: "too many calls out of the sandbox (max " + strconv.Itoa(limit) + ")"}
	}
	if failed := in.tooLarge(method, args.Size()); failed != nil {
		return sandbox.Payload{}, failed
	}
	in.calls++
	start := time.Now()
	if in.inv.Wait != nil { // whoever keeps the clock knows that a call is under way
		_, woken := in.inv.Wait(time.Time{}, 1)
		defer woken()
	}
	result, err := in.guarded(in.callContext(), method, args)
	in.waited += time.Since(start)
	in.check(in.Context)
	return result, err
}

// tooLarge is the error of arguments of so many bytes, nil if they may be.
func (in *instance) tooLarge(method string, size int64) *sandbox.Error {
	limit := in.limits.ArgumentBytes
	if limit <= 0 || size <= limit {
		return nil
	}
	return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
		Message: method[:min(len(method), 100)] + ": the arguments are too large: " + strconv.FormatInt(size, 10) + " bytes (max " + strconv.FormatInt(limit, 10) + ")"}
}

// guarded calls the Caller; its panic is an error of that call.
func (in *instance) guarded(ctx context.Context, method string, args sandbox.Payload) (result sandbox.Payload, failed *sandbox.Error) {
	defer func() {
		if x := recover(); x != nil {
			in.crashed(x)
			result, failed = sandbox.Payload{}, &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
		}
	}()
	result, err := in.caller(ctx, method, args)
	return result, sandbox.AsError(err)
}

func (in *instance) crashed(value any) {
	if f := in.engine.config.Crashed; f != nil {
		f(sandbox.Crash{Tenant: in.inv.Tenant, Invocation: in.inv.ID, Value: value, Stack: debug.Stack()})
	}
}

// callError is an error as a guest sees it.
type callError struct {
	Code       sandbox.Code `json:"code"`
	Message    string       `json:"message"`
	Name       string       `json:"name,omitempty"`
	Permission string       `json:"permission,omitempty"`
	RetryAfter int          `json:"retryAfter,omitempty"`
}

// answer puts the result of a call into a block.
func (in *instance) answer(result sandbox.Payload, failed *sandbox.Error) uint64 {
	var out []byte
	if failed != nil {
		in.blobs = nil
		out, _ = json.Marshal(map[string]callError{"error": {failed.Code, failed.Message, failed.Name, failed.Permission, failed.RetryAfter}})
	} else {
		in.blobs = result.Blobs
		out = append(make([]byte, 0, len(result.JSON)+8), `{"ok":`...)
		if len(result.JSON) == 0 {
			out = append(out, "null"...)
		}
		out = append(append(out, result.JSON...), '}')
	}
	return in.mustAlloc(out)
}
