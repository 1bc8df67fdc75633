package js

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Limits of what is kept of an error that was thrown, in bytes.
const (
	maxName    = 100
	maxMessage = 8 << 10
	maxStack   = 16 << 10
)

// crash is a panic that left the virtual machine.
type crash struct {
	value any
	stack []byte
}

func (*crash) Error() string { return "panic" }

// thrownValue is a value of the realm that was thrown by way of a panic.
type thrownValue struct{ value goja.Value }

func (*thrownValue) Error() string { return "thrown value" }

// guard runs f and returns a panic as an error.
func guard(f func() error) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *goja.InterruptedError:
			err = x
		case *goja.StackOverflowError:
			err = x
		case *goja.Exception:
			err = x
		case goja.Value:
			err = &thrownValue{x}
		default:
			err = &crash{x, debug.Stack()}
		}
	}()
	return f()
}

// failure returns what ended a run of the virtual machine as the error that
// the host sees. It may run code of the realm (getters of what was thrown), so
// it is called inside [realm.do], under the deadline.
func (r *realm) failure(err error) *sandbox.Error {
	switch e := err.(type) { // errors.As would call Unwrap, which runs traps of a thrown proxy
	case *sandbox.Error:
		return e
	case *goja.InterruptedError:
		r.dead = true
		if stopped := r.stopped.Load(); stopped != nil {
			return withStack(stopped, e.Stack())
		}
	case *goja.StackOverflowError:
		r.dead = true
		return withStack(&sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth, Name: "RangeError",
			Message: fmt.Sprintf("call depth limit exceeded: functions nest deeper than %d", r.limits.CallDepth),
		}, e.Stack())
	case *goja.Exception:
		return r.thrown(e.Value(), e.Stack())
	case *thrownValue:
		return r.thrown(e.value, nil)
	case *crash:
		if outOfRange(e.value) {
			r.dead = true
			return &sandbox.Error{
				Code: sandbox.Thrown, Name: "RangeError", Message: lengthMessage, Stack: "RangeError: " + lengthMessage,
			}
		}
		r.crashed(e.value, e.stack)
	}
	r.dead = true
	return &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
}

// crashed tells the operator of a panic.
func (r *realm) crashed(value any, stack []byte) {
	report := r.program.engine.config.Crashed
	if report == nil {
		return
	}
	c := sandbox.Crash{Value: value, Stack: stack}
	if r.inv != nil {
		c.Tenant, c.Invocation = r.inv.Tenant, r.inv.ID
	}
	report(c)
}

// lengthMessage is what the author is told whose length [outOfRange] found.
const lengthMessage = "Invalid length: nothing that long can be made; the invocation was ended"

// outOfRange reports of a panic whether it is Go's answer to a length or a
// capacity that no address space has: goja checks few of those that it is given
// ("x".repeat(2**53 - 1)). It cannot be caught by the author, since the machine
// was left in the middle, but it is the author's doing and no fault of ours.
func outOfRange(value any) bool {
	switch e := value.(type) {
	case goruntime.Error:
		return slices.ContainsFunc([]string{"makeslice: ", "growslice: "}, func(what string) bool { return strings.Contains(e.Error(), what) })
	case error:
		return errors.Is(e, bytes.ErrTooLarge)
	case string:
		return e == "strings: Repeat output length overflow"
	}
	return false
}

// withStack returns e with the place where the author's code was stopped.
func withStack(e *sandbox.Error, frames []goja.StackFrame) *sandbox.Error {
	const most = 20
	located := *e
	located.Stack = cleanStack(e.Message + "\n" + formatFrames(frames[:min(len(frames), most)]))
	return &located
}

// thrown describes a value that was thrown. It never fails: what a hostile
// value does when it is looked at is caught, and ends at the deadline.
func (r *realm) thrown(v goja.Value, frames []goja.StackFrame) *sandbox.Error {
	e := &sandbox.Error{Code: sandbox.Thrown, Name: "Error"}
	object, ok := v.(*goja.Object)
	if !ok {
		e.Message = clip(r.textOf(v), maxMessage)
		e.Stack = clip(cleanStack("Error: "+e.Message+"\n"+formatFrames(frames)), maxStack)
		return e
	}
	if name := r.member(object, "name"); name != "" {
		e.Name = clip(name, maxName)
	}
	e.Message = clip(r.member(object, "message"), maxMessage)
	stack := r.member(object, "stack")
	if e.Message == "" && stack == "" {
		e.Message = clip(r.textOf(v), maxMessage)
	}
	if stack == "" {
		stack = e.Name + ": " + e.Message + "\n" + formatFrames(frames)
	}
	e.Stack = clip(cleanStack(stack), maxStack)
	if r.member(object, "code") == string(sandbox.Denied) {
		e.Permission = clip(r.member(object, "permission"), maxName*4)
	}
	return e
}

// member returns a property of object if it is a string, else "".
func (r *realm) member(object *goja.Object, name string) string {
	var s string
	_ = r.vm.Try(func() {
		if v, ok := object.Get(name).(goja.String); ok {
			s = v.String()
		}
	})
	return s
}

// textOf returns v as a text for people.
func (r *realm) textOf(v goja.Value) string {
	const opaque = "[object Object]"
	s := opaque
	_ = r.vm.Try(func() {
		if v != nil {
			s = v.String()
		}
	})
	if object, ok := v.(*goja.Object); ok && s == opaque {
		_ = r.vm.Try(func() {
			if text, err := object.MarshalJSON(); err == nil {
				s = string(text)
			}
		})
	}
	return s
}

// makeError returns the error of the realm that the author sees for e. Its
// class is the realm's own Error, whatever the author made of the global.
func (r *realm) makeError(e *sandbox.Error) *goja.Object {
	object := r.vm.NewTypeError("%s", e.Message)
	_ = object.SetPrototype(object.Prototype().Prototype())
	set := func(name, value string) {
		if value != "" {
			_ = object.DefineDataProperty(name, r.vm.ToValue(value), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		}
	}
	if e.Name != "Error" {
		set("name", e.Name)
	}
	set("code", string(e.Code))
	set("permission", e.Permission)
	return object
}

// fail throws e in the realm. It is called in native functions only.
func (r *realm) fail(e *sandbox.Error) { panic(r.makeError(e)) }

// contextError says why ctx is done.
func contextError(ctx context.Context) *sandbox.Error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "wall-clock time limit exceeded: the caller's deadline has passed"}
	}
	return &sandbox.Error{Code: sandbox.Canceled, Message: "the invocation was cancelled"}
}

// clip cuts s to at most max bytes, between characters.
func clip(s string, max int) string {
	if len(s) <= max {
		return s
	}
	return strings.ToValidUTF8(s[:max], "") + "…"
}
