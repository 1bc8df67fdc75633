package js

import (
	"fmt"
	"time"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// maxDelay is the longest delay of a timer, as in browsers; longer ones are due
// at once.
const maxDelay = (1<<31 - 1) * time.Millisecond

// skipping is the machine's clock, without the time in which a realm would have
// waited for timers alone. It belongs to the loop.
type skipping struct{ skipped time.Duration }

func (s *skipping) now() time.Time { return time.Now().Add(s.skipped) }

func (s *skipping) wait(due time.Time, calls int) (rings <-chan struct{}, woken func()) {
	bell := make(chan struct{})
	left := due.Sub(s.now())
	switch {
	case due.IsZero(): // never
	case calls == 0:
		s.skipped += max(left, 0)
		close(bell)
	default:
		alarm := time.AfterFunc(left, func() { close(bell) })
		return bell, func() { alarm.Stop() }
	}
	return bell, func() {}
}

// setTimeout runs on the machine's clock, whatever clock the realm sees, unless
// the invocation says otherwise.
func (r *realm) setTimeout(fc goja.FunctionCall) goja.Value {
	delay := timerDelay(fc.Argument(1))
	return r.setTimer("setTimeout", fc, delay, 0)
}

func (r *realm) setInterval(fc goja.FunctionCall) goja.Value {
	every := max(timerDelay(fc.Argument(1)), time.Millisecond)
	return r.setTimer("setInterval", fc, every, every)
}

func (r *realm) setTimer(name string, fc goja.FunctionCall, delay, every time.Duration) goja.Value {
	callback, ok := goja.AssertFunction(fc.Argument(0))
	if !ok {
		panic(r.vm.NewTypeError("%s: the callback is not a function", name))
	}
	if max := r.limits.Timers; max > 0 && len(r.loop.timers) >= max {
		r.fail(&sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonQuota,
			Message: fmt.Sprintf("%s: too many timers wait (max %d)", name, max),
		})
	}
	var args []goja.Value
	if len(fc.Arguments) > 2 {
		args = append(args, fc.Arguments[2:]...)
	}
	id := r.loop.set(delay, every, func() error {
		_, err := callback(goja.Undefined(), args...)
		return err
	})
	return r.vm.ToValue(id)
}

func (r *realm) clearTimer(fc goja.FunctionCall) goja.Value {
	if id := fc.Argument(0); goja.IsNumber(id) {
		r.loop.clear(id.ToInteger())
	}
	return goja.Undefined()
}

// timerDelay reads a delay in milliseconds.
func timerDelay(v goja.Value) time.Duration {
	ms := v.ToFloat()
	if !(ms > 0) || ms > float64(maxDelay/time.Millisecond) { // NaN too
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// queueMicrotask runs the callback after the code that runs now; what it throws
// ends the invocation.
func (r *realm) queueMicrotask(fc goja.FunctionCall) goja.Value {
	callback, ok := goja.AssertFunction(fc.Argument(0))
	if !ok {
		panic(r.vm.NewTypeError("queueMicrotask: the callback is not a function"))
	}
	promise, resolve, _ := r.vm.NewPromise()
	r.must(resolve(goja.Undefined()))
	then, ok := goja.AssertFunction(r.vm.ToValue(promise).(*goja.Object).Get("then"))
	if !ok {
		panic(r.vm.NewTypeError("queueMicrotask: Promise.prototype.then is not a function"))
	}
	_, err := then(r.vm.ToValue(promise), r.function("", func(goja.FunctionCall) goja.Value {
		_, err := callback(goja.Undefined())
		r.must(err)
		return goja.Undefined()
	}))
	r.must(err)
	return goja.Undefined()
}
