package standard

import (
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/doctor"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
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

// The engines, as workers and [Options.IsolationOf] call them.
const (
	JavaScript  = "javascript"
	WebAssembly = "webassembly"
)

// WorkerMain makes this process a worker, if it was started to be one, and ends
// with it; in any other process it returns at once. A program that asks for
// [Process] calls it first in main, and first in TestMain: before it reads flags
// or opens files.
func WorkerMain() {
	worker.Main(worker.Engines{
		JavaScript: func(s worker.Setup) (sandbox.Engine, error) {
			// Whatever a guest does, it does inside of an invocation, on its thread
			// and under its limits: no realm is made ahead.
			return newJavaScript(js.Config{Warm: -1, Crashed: s.Crashed})
		},
		WebAssembly: modulesInside,
		bundlerName: newBundler,
	})
}

// newEngine makes the engine called name, where the options say: local makes it
// in this process. It is added to what the host closes.
func (h *Host) newEngine(name string, local func() (sandbox.Engine, error)) (sandbox.Engine, error) {
	o := h.options
	if !o.uses(name, Process) {
		engine, err := local()
		return h.closing(engine, err)
	}
	workers, err := h.newWorkers(name)
	if err != nil {
		return nil, err
	}
	if !o.uses(name, InProcess) {
		return workers, nil
	}
	engine, err := h.closing(local())
	if err != nil {
		return nil, err
	}
	return &tiers{process: workers, inProcess: engine, of: func(tenant string) Isolation { return o.isolationOf(name, tenant) }}, nil
}

// closing has the host close an engine.
func (h *Host) closing(engine sandbox.Engine, err error) (sandbox.Engine, error) {
	if err != nil {
		return nil, err
	}
	h.engines = append(h.engines, engine)
	return engine, nil
}

func newJavaScript(c js.Config) (sandbox.Engine, error) {
	c.API = bridge.API()
	engine, err := js.New(c)
	if err != nil {
		return nil, err
	}
	return engine, nil
}

// warm is what most handlers do.
var warm = sandbox.Source{Name: "warm.js", Code: []byte(`module.exports = async ({request}) => ({body: {}})`)}

// newWorkers makes workers with an engine inside, and the workshop that bundles
// in others like them.
func (h *Host) newWorkers(name string) (sandbox.Engine, error) {
	o := h.options
	c := worker.Config{
		Engine: name, Memory: o.Limits.Sandbox.Memory, Group: organizationOf, Crashed: h.reports.crashed, Ended: h.reports.ended,
	}
	if o.RequireJail {
		c.Jail = worker.JailRequired
	}
	if name == WebAssembly {
		h.moduleWorkers = moduleWorkers(c, h.compiled)
		return h.closing(h.moduleWorkers, nil)
	}
	c.Warm = warm
	engine, err := worker.New(c)
	if err != nil {
		return nil, err
	}
	h.workers = append(h.workers, engine)
	if len(h.workers) == 1 {
		o.warnOfJail(engine.Report())
	}
	if h.workshop == nil {
		h.workshop = newWorkshop(c, o.OneAuthor)
	}
	return h.closing(engine, nil)
}

// warnOfJail logs which layers of the jail are missing: what annex doctor finds.
func (o Options) warnOfJail(report jail.Report) {
	for _, f := range doctor.Jail(report, false) {
		if f.Status != doctor.OK && o.Logger != nil {
			o.Logger.Warn("this system does not give workers a complete jail", "missing", f.Name, "because", f.Detail, "remedy", f.Remedy)
		}
	}
}

// organizationOf is whose workers count together: tenants are called
// organization/extension.
func organizationOf(tenant string) string {
	org, _, _ := strings.Cut(tenant, "/")
	return org
}
