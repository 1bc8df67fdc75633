package standard

import (
	"fmt"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/doctor"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// Isolation says where handlers run.
type Isolation string

// The tiers.
const (
	// InProcess runs handlers in this process. It is for code that the embedder
	// trusts: a handler can hang a thread, or end the process, by one line.
	InProcess Isolation = "inprocess"

	// Process runs and compiles handlers in workers: jailed processes that
	// belong to one organization and extension each. The program calls
	// [WorkerMain] first in main.
	Process Isolation = "process"
)

// engineName is what a worker with JavaScript inside is called.
const engineName = "javascript"

// WorkerMain makes this process a worker, if it was started to be one, and ends
// with it; in any other process it returns at once. A program that asks for
// [Process] calls it first in main, and first in TestMain: before it reads flags
// or opens files.
func WorkerMain() {
	worker.Main(worker.Engines{
		engineName: func(crashed worker.Crashed) (sandbox.Engine, error) {
			// Whatever a guest does, it does inside of an invocation, on its thread
			// and under its limits: no realm is made ahead.
			return newJavaScript(js.Config{Warm: -1, Crashed: crashed})
		},
		bundlerName: newBundler,
	})
}

// newEngine makes what runs JavaScript where the options say, and what bundles
// it there: nil for this process.
func (o Options) newEngine() (sandbox.Engine, *workshop, error) {
	switch o.Isolation {
	case InProcess, "":
		engine, err := newJavaScript(js.Config{Crashed: o.crashed})
		return engine, nil, err
	case Process:
		return o.newWorkers()
	}
	return nil, nil, fmt.Errorf("standard: isolation is %q or %q, not %q", Process, InProcess, o.Isolation)
}

// newWebAssembly makes what runs WebAssembly in this process.
func (o Options) newWebAssembly() (sandbox.Engine, error) {
	return wasm.New(wasm.Config{API: bridge.API(), MaxMemory: max(o.Limits.Sandbox.Memory, 0), Crashed: o.crashed})
}

func newJavaScript(c js.Config) (sandbox.Engine, error) {
	c.API = bridge.API()
	engine, err := js.New(c)
	if err != nil {
		return nil, err
	}
	return engine, nil
}

func (o Options) newWorkers() (sandbox.Engine, *workshop, error) {
	c := worker.Config{
		Engine: engineName, Memory: o.Limits.Sandbox.Memory, Group: organizationOf, Crashed: o.crashed, Ended: o.workerEnded,
	}
	if o.RequireJail {
		c.Jail = worker.JailRequired
	}
	engine, err := worker.New(c)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range doctor.Jail(engine.Report(), false) {
		if f.Status != doctor.OK && o.Logger != nil {
			o.Logger.Warn("this system does not give workers a complete jail", "missing", f.Name, "because", f.Detail, "remedy", f.Remedy)
		}
	}
	return engine, newWorkshop(c), nil
}

// organizationOf is whose workers count together: tenants are called
// organization/extension.
func organizationOf(tenant string) string {
	org, _, _ := strings.Cut(tenant, "/")
	return org
}

// workerEnded logs that a worker was ended or has died.
func (o Options) workerEnded(e worker.Ending) {
	if o.Logger != nil {
		o.Logger.Warn("a worker ended", "cause", e.Cause, "tenant", e.Tenant, "invocation", e.Invocation, "detail", e.Detail)
	}
}

// Jail lists the layers of the jail in which handlers run, and which of them
// hold. It is empty when handlers run in this process.
func (h *Host) Jail() jail.Report {
	if w, ok := h.engine.(*worker.Engine); ok {
		return w.Report()
	}
	return nil
}
