package js

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"github.com/annexhost/annex/runtime/sandbox"
)

// realm is one virtual machine with the author's module loaded into it. It
// serves one invocation and is thrown away. One goroutine at a time uses it.
type realm struct {
	program     *program
	vm          *goja.Runtime
	objectProto *goja.Object
	globals     *goja.Object            // the prototype of globalThis
	modules     map[string]*goja.Object // of the prelude, by name, as far as they are loaded
	api         *goja.Object

	handler    goja.Callable
	loaded     bool
	loadFailed *sandbox.Error // what the module threw
	warmed     time.Duration  // CPU time of loading, when that was ahead of a request

	loop     loop
	watch    *watch
	clock    clock
	ctx      context.Context
	cancel   context.CancelCauseFunc
	stopped  atomic.Pointer[sandbox.Error] // set once, by what stops the realm
	dead     bool                          // nothing may run in it any more
	rejected []*goja.Promise               // without a handler, as far as it is known

	limits  sandbox.Limits
	inv     *invocation // nil while the module is loaded
	console consoleState
}

// newRealm makes a realm with its globals. Nothing of the author's has run.
func newRealm(p *program) *realm {
	r := &realm{program: p, vm: goja.New()}
	r.loop.run = p.engine.callers.run
	r.objectProto = r.vm.GlobalObject().Prototype() // as long as it is still that
	r.closeCodegen()
	r.vm.SetTimeSource(r.clock.now)
	r.vm.SetRandSource(r.clock.random)
	r.vm.SetPromiseRejectionTracker(r.trackRejection)
	r.globals = newLazyObject(r.vm, globalNames, r.makeGlobal)
	_ = r.vm.GlobalObject().SetPrototype(r.globals)
	r.api = newLazyObject(r.vm, p.engine.api.root.names, r.makeAPI)
	if p.async {
		_, _, _ = r.vm.NewPromise()
	}
	return r
}

// closeCodegen makes eval and the constructors of functions throw. They all
// compile through the parser's options of the runtime, whatever road leads to
// them, so that is where they are stopped; the values themselves remain, as
// instanceof needs them.
func (r *realm) closeCodegen() {
	r.vm.SetParserOptions(refuse(parser.WithDisableSourceMaps, func() {
		panic(r.makeError(&sandbox.Error{Name: "EvalError", Message: "code generation from strings is not allowed"}))
	}))
}

// refuse returns a function of f's type, whose argument has no name outside of
// its package, that calls g.
func refuse[T any](_ func(T), g func()) func(T) {
	return func(T) { g() }
}

// do runs f, which enters the virtual machine, and returns what went wrong.
// Whatever comes of it counts as CPU time and is under the limits.
func (r *realm) do(f func() error) *sandbox.Error {
	if stopped := r.stopped.Load(); stopped != nil {
		return stopped
	}
	active := &r.program.engine.warmer.active
	active.Add(1)
	r.watch.enter()
	defer func() {
		r.watch.leave()
		active.Add(-1)
	}()
	err := guard(f)
	if err == nil {
		return nil
	}
	var failed *sandbox.Error
	describe := func() error {
		failed = r.failure(err)
		return nil
	}
	for err = guard(describe); err != nil; err = guard(describe) {
		// What was thrown fights back: what ended that is the failure now. A
		// second interrupt or crash runs no code of the realm.
		r.dead = true
	}
	return failed
}

// stop ends what runs in the realm, from any goroutine. The first reason wins.
func (r *realm) stop(reason *sandbox.Error) {
	if r.stopped.CompareAndSwap(nil, reason) {
		r.vm.Interrupt(reason)
		r.cancel(reason)
	}
}

// function makes a native function of the realm.
func (r *realm) function(name string, f func(goja.FunctionCall) goja.Value) *goja.Object {
	object := r.vm.ToValue(f).(*goja.Object)
	_ = object.DefineDataProperty("name", r.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return object
}
