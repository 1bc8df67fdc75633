package js

import (
	"context"
	"reflect"
	"time"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// invocation is what a realm knows of the request that it serves.
type invocation struct {
	sandbox.Invocation
	call  sandbox.Caller
	calls int // out of the sandbox so far
	input input
}

// invoke performs an invocation in r. Afterwards r is dead.
func (r *realm) invoke(ctx context.Context, inv sandbox.Invocation, limits sandbox.Limits, call sandbox.Caller) (sandbox.Payload, sandbox.Usage, *sandbox.Error) {
	if ctx.Err() != nil {
		return sandbox.Payload{}, sandbox.Usage{}, contextError(ctx)
	}
	end := r.begin(ctx, limits, r.warmed)
	if inv.Random != nil {
		r.clock.set(inv.Now, inv.Random) // of module-level code too
	}
	switch {
	case inv.Wait != nil:
		r.waitAs(r.clock.now, inv.Wait, limits)
	case inv.Hurry:
		skip := &skipping{}
		r.waitAs(skip.now, skip.wait, limits)
	}
	if !r.loaded {
		r.load()
	}
	r.inv = &invocation{Invocation: inv, call: call, input: input{payload: inv.Input}}
	r.clock.set(inv.Now, inv.Random)

	result, failed := r.handle()

	r.loop.release() // what nobody waited for begins all the same
	r.dead = true
	usage := sandbox.Usage{CPU: r.watch.usedCPU()}
	end()
	r.loop.close(callGrace)
	usage.Wall = time.Since(r.watch.start)
	if failed != nil {
		return sandbox.Payload{}, usage, failed
	}
	usage.OutputBytes = result.Size()
	return result, usage, nil
}

// waitAs makes timers, and the limit of wall-clock time, follow another clock.
func (r *realm) waitAs(now func() time.Time, wait waiter, limits sandbox.Limits) {
	other := &otherClock{now: now, wait: wait}
	if limits.Wall > 0 {
		began := other.now()
		other.deadline = began.Add(limits.Wall)
		other.late = func() {
			r.stop(timeoutError(sandbox.ReasonWall, "wall-clock", other.now().Sub(began), limits.Wall))
		}
	}
	r.loop.other = other
}

// begin puts the realm under limits. The returned function ends that, and
// cancels the calls that wait.
func (r *realm) begin(ctx context.Context, limits sandbox.Limits, used time.Duration) (end func()) {
	r.limits = limits
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	unhook := func() bool { return true }
	if ctx.Done() != nil {
		unhook = context.AfterFunc(ctx, func() { r.stop(contextError(ctx)) })
	}
	r.watch = newWatch(limits, used, r.stop)
	if limits.CallDepth > 0 {
		r.vm.SetMaxCallStackSize(limits.CallDepth)
	}
	return func() {
		unhook()
		r.watch.end()
		r.cancel(context.Canceled)
	}
}

// handle calls the handler and waits for its result.
func (r *realm) handle() (sandbox.Payload, *sandbox.Error) {
	if failed := r.replay(); failed != nil {
		return sandbox.Payload{}, failed
	}
	if r.loadFailed != nil {
		return sandbox.Payload{}, r.loadFailed
	}
	var promise *goja.Promise
	var result sandbox.Payload
	settled := false
	failed := r.do(func() (err error) {
		value, err := r.handler(goja.Undefined(), r.api)
		if err != nil {
			return err
		}
		if promise, err = r.asPromise(value); promise == nil && err == nil {
			settled = true
			result, err = r.result(value)
		}
		return err
	})
	if failed == nil {
		failed = r.unhandled(promise)
	}
	if failed != nil || settled {
		return result, failed
	}
	return r.await(promise)
}

// asPromise returns the promise to wait for, or nil if v is the result itself.
func (r *realm) asPromise(v goja.Value) (*goja.Promise, error) {
	object, ok := v.(*goja.Object)
	if !ok {
		return nil, nil
	}
	if object.ExportType() == reflect.TypeFor[*goja.Promise]() {
		return object.Export().(*goja.Promise), nil
	}
	isThenable := false
	if ex := r.vm.Try(func() { _, isThenable = goja.AssertFunction(object.Get("then")) }); ex != nil {
		return nil, ex
	}
	if !isThenable {
		return nil, nil
	}
	promise, resolve, _ := r.vm.NewPromise()
	return promise, resolve(object)
}

// await runs the event loop until promise is settled.
func (r *realm) await(promise *goja.Promise) (result sandbox.Payload, failed *sandbox.Error) {
	for promise.State() == goja.PromiseStatePending {
		if r.loop.idle() {
			return result, &sandbox.Error{
				Code: sandbox.Thrown, Name: "Error",
				Message: "the handler waits for something that cannot happen: its promise is pending, but no call and no timer is",
			}
		}
		next := r.loop.next(r.ctx)
		if next == nil {
			r.stop(contextError(r.ctx)) // unless something else has
			return result, r.stopped.Load()
		}
		if failed := r.do(next); failed != nil {
			return result, failed
		}
		if failed := r.unhandled(promise); failed != nil {
			return result, failed
		}
	}
	failed = r.do(func() (err error) {
		if promise.State() == goja.PromiseStateRejected {
			return r.thrown(promise.Result(), nil)
		}
		result, err = r.result(promise.Result())
		return err
	})
	return result, failed
}
