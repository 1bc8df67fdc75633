package js

import (
	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// load evaluates the module. What goes wrong is kept for the invocation.
func (r *realm) load() {
	r.loaded = true
	r.loadFailed = r.do(func() error {
		wrapper, err := r.vm.RunProgram(r.program.code)
		if err != nil {
			return err
		}
		evaluate, _ := goja.AssertFunction(wrapper)
		exports, module := r.vm.NewObject(), r.vm.NewObject()
		if err := module.Set("exports", exports); err != nil {
			return err
		}
		if _, err := evaluate(exports, exports, module); err != nil {
			return err
		}
		return r.findHandler(module)
	})
	if r.loadFailed == nil {
		r.loadFailed = r.unhandled(nil)
	}
}

// findHandler looks for the handler among what the module exports.
func (r *realm) findHandler(module *goja.Object) error {
	var found goja.Value
	if ex := r.vm.Try(func() {
		found = module.Get("exports")
		name := r.program.export
		exports, ok := found.(*goja.Object)
		if !ok {
			return
		}
		if name == "" {
			name = "default"
			if v := exports.Get(name); v == nil || goja.IsUndefined(v) {
				return
			}
		}
		found = exports.Get(name)
	}); ex != nil {
		return ex
	}
	handler, ok := goja.AssertFunction(found)
	if !ok {
		return r.noHandler()
	}
	r.handler = handler
	return nil
}

func (r *realm) noHandler() *sandbox.Error {
	what := "its default export"
	if r.program.export != "" {
		what = "its export " + r.program.export
	}
	return &sandbox.Error{
		Code: sandbox.Invalid, Reason: sandbox.ReasonHandler,
		Message: r.program.source + ": " + what + " is not a function",
	}
}
