package js

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// callOut is a method of the api: it carries a call out of the sandbox.
func (r *realm) callOut(m *apiMethod, arguments []goja.Value) goja.Value {
	if m.Sync {
		value, err := r.callInline(m, arguments)
		if err != nil {
			r.throw(err)
		}
		return value
	}
	promise, resolve, reject := r.vm.NewPromise()
	settle := func(value goja.Value, err error) error {
		if err != nil {
			return reject(r.reason(err))
		}
		return resolve(value)
	}
	if m.Brief {
		r.must(settle(r.callInline(m, arguments)))
	} else if err := r.callLater(m, arguments, settle); err != nil {
		r.must(settle(nil, err))
	}
	return r.vm.ToValue(promise)
}

// callInline makes a call on the goroutine of the realm.
func (r *realm) callInline(m *apiMethod, arguments []goja.Value) (goja.Value, error) {
	args, err := r.admit(m, arguments)
	if err != nil {
		return nil, err
	}
	r.watch.leave()
	result, err := r.carry(r.ctx, m.Name, args)
	r.watch.enter()
	if err != nil {
		return nil, err
	}
	return r.decode(result)
}

// callLater makes a call that may wait; settle runs in the loop.
func (r *realm) callLater(m *apiMethod, arguments []goja.Value, settle func(goja.Value, error) error) error {
	args, err := r.admit(m, arguments)
	if err != nil {
		return err
	}
	if max := r.limits.PendingCalls; max > 0 && r.loop.waiting() >= max {
		return &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota,
			Message: fmt.Sprintf("%s: too many calls wait for an answer (max %d)", m.Name, max),
		}
	}
	ctx, name := r.ctx, m.Name
	r.loop.begin(func() {
		result, err := r.carry(ctx, name, args)
		r.loop.post(func() error {
			if err != nil {
				return settle(nil, err)
			}
			return settle(r.decode(result))
		})
	}, m.Local)
	return nil
}

// admit counts a call and makes its arguments.
func (r *realm) admit(m *apiMethod, arguments []goja.Value) (sandbox.Payload, error) {
	if r.inv == nil {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Unavailable, Message: m.Name + " cannot be called while the module is loaded"}
	}
	if err := r.countCall(m.Name); err != nil {
		return sandbox.Payload{}, err
	}
	args, err := r.arguments(m, arguments)
	if err != nil {
		return args, err
	}
	if max := r.limits.ArgumentBytes; max > 0 && args.Size() > max {
		return args, &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonOutput,
			Message: fmt.Sprintf("%s: the arguments are too large: %d bytes (max %d)", m.Name, args.Size(), max),
		}
	}
	return args, nil
}

func (r *realm) countCall(name string) error {
	if max := r.limits.Calls; max > 0 && r.inv.calls >= max {
		return &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota,
			Message: fmt.Sprintf("%s: too many calls in this invocation (max %d)", name, max),
		}
	}
	r.inv.calls++
	return nil
}

// carry calls the Caller. Its panic is an internal error, not the process's end.
func (r *realm) carry(ctx context.Context, name string, args sandbox.Payload) (result sandbox.Payload, err error) {
	defer func() {
		if x := recover(); x != nil {
			r.crashed(x, debug.Stack())
			err = sandbox.AsError(fmt.Errorf("panic in %s", name))
		}
	}()
	result, err = r.inv.call(ctx, name, args)
	if err != nil {
		return sandbox.Payload{}, sandbox.AsError(err)
	}
	return result, nil
}

// arguments makes the JSON object of a call's named arguments. Absent and
// undefined ones are left out; an ArrayBuffer or typed array becomes a blob.
func (r *realm) arguments(m *apiMethod, values []goja.Value) (sandbox.Payload, error) {
	var p sandbox.Payload
	p.JSON = append(make([]byte, 0, 64), '{')
	for i, name := range m.Params {
		if i >= len(values) {
			break
		}
		if goja.IsUndefined(values[i]) {
			continue
		}
		if len(p.JSON) > 1 {
			p.JSON = append(p.JSON, ',')
		}
		p.JSON = append(appendString(p.JSON, name), ':')
		if b, ok := bytesOf(r.vm, values[i]); ok {
			p.JSON = appendBlob(p.JSON, len(p.Blobs))
			p.Blobs = append(p.Blobs, append([]byte(nil), b...))
			continue
		}
		text, err := r.appendArgument(p.JSON, values[i])
		if not, ok := err.(errNotJSON); ok { // errors.As would run traps of what was thrown
			return p, &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: m.Name + ": " + name + " " + not.Error()}
		}
		if err != nil {
			return p, err
		}
		p.JSON = text
	}
	p.JSON = append(p.JSON, '}')
	return p, nil
}

// appendArgument is appendJSON for what must not be lost on the way: an object
// that its own toJSON makes undefined, a cycle, or a BigInt inside.
func (r *realm) appendArgument(buf []byte, v goja.Value) ([]byte, error) {
	text, err := appendJSON(buf, v)
	if thrown, ok := err.(*goja.Exception); ok {
		return nil, notSerializable(thrown)
	}
	if _, isObject := v.(*goja.Object); err != nil || !isObject || string(text[len(buf):]) != "null" {
		return text, err
	}
	// The engine writes null for undefined, too; a member that is undefined it
	// leaves out.
	holder := r.vm.CreateObject(nil)
	if err := holder.Set("v", v); err != nil {
		return nil, err
	}
	held, err := holder.MarshalJSON()
	if err == nil && string(held) == "{}" {
		err = errNotJSON{"undefined"}
	}
	return text, err
}

// unserializable are the texts of the engine's own errors about values that
// JSON cannot hold.
var unserializable = map[string]string{
	"Converting circular structure to JSON": "a cycle",
	"Do not know how to serialize a BigInt": "a BigInt inside",
}

// notSerializable tells the engine's own complaint from what the author's
// toJSON has thrown, which stays as it is.
func notSerializable(thrown *goja.Exception) error {
	if object, ok := thrown.Value().(*goja.Object); ok && object.ClassName() == "Error" {
		if message, ok := object.Get("message").(goja.String); ok {
			if what, ok := unserializable[message.String()]; ok {
				return errNotJSON{what}
			}
		}
	}
	return thrown
}

// reason is what the author sees of err: a value thrown in the realm as it is,
// an error of the host as an Error.
func (r *realm) reason(err error) goja.Value {
	switch e := err.(type) {
	case *goja.Exception:
		return e.Value()
	case *sandbox.Error:
		return r.makeError(e)
	}
	return r.makeError(sandbox.AsError(err))
}

// throw throws err in the realm.
func (r *realm) throw(err error) {
	panic(r.reason(err))
}

// must passes on what cannot be caught in the realm: an interrupt.
func (r *realm) must(err error) {
	if err != nil {
		panic(err)
	}
}
