package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/corpus"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/worker"
)

// engines are what is attacked, by the language of the attack.
var engines = worker.Engines{
	attacks.JavaScript: func(s worker.Setup) (sandbox.Engine, error) {
		e, err := js.New(js.Config{API: bridge.API(), Warm: -1, Crashed: s.Crashed})
		return e, err
	},
	attacks.Wasm: func(s worker.Setup) (sandbox.Engine, error) {
		e, err := wasm.New(wasm.Config{API: bridge.API(), MaxMemory: s.Memory, Crashed: s.Crashed})
		return e, err
	},
}

// become makes this process a worker or the child of an attack, if it was
// started to be one.
func become() {
	worker.Main(engines)
	corpus.Child(inProcess)
}

// inProcess makes the subject of attacks without workers.
func inProcess(engine string) (*corpus.Subject, error) {
	e, err := engines[engine](worker.Setup{Crashed: crashed})
	if err != nil {
		return nil, err
	}
	return newSubject(engine, e)
}

// inWorkers makes the subjects of attacks in workers, and what ends them.
func inWorkers() (subjects map[string]*corpus.Subject, stop func(), err error) {
	subjects = map[string]*corpus.Subject{}
	var running []*worker.Engine
	stop = func() {
		for _, e := range running {
			_ = e.Close() // the processes end with this one in any case
		}
	}
	for name := range engines {
		e, err := worker.New(worker.Config{
			Engine: name, Memory: attacks.DefaultMemory,
			CompileTime: corpus.CompileTime, CompileMemory: 128 << 20,
			Ended: ended, Crashed: crashed, MachineCode: name == attacks.Wasm,
		})
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		running = append(running, e)
		if subjects[name], err = newSubject(name, e); err != nil {
			stop()
			return nil, nil, err
		}
	}
	return subjects, stop, nil
}

// newSubject puts the guests of its language beside an engine.
func newSubject(engine string, e sandbox.Engine) (*corpus.Subject, error) {
	s := &corpus.Subject{Engine: e, Session: newSession, Answer: answer}
	if engine == attacks.JavaScript {
		s.Echo = sandbox.Source{Name: "echo.js", Code: []byte(echoJavaScript)}
		s.Work = sandbox.Source{Name: "work.js", Code: []byte(workJavaScript)}
		return s, nil
	}
	echo, err := attacks.Assemble(echoWasm)
	if err != nil {
		return nil, err
	}
	work, err := attacks.Assemble(workWasm)
	s.Echo = sandbox.Source{Name: "echo.wasm", Code: echo}
	s.Work = sandbox.Source{Name: "work.wasm", Code: work}
	return s, err
}

// answer is what the host makes of a result.
func answer(result sandbox.Payload) (status int, names []string, err error) {
	r, err := bridge.ParseResult(result, sandbox.DefaultLimits.OutputBytes)
	if err != nil {
		return 0, nil, err
	}
	for _, field := range r.Header {
		if strings.ContainsAny(field[0]+field[1], "\r\n\x00") {
			return 0, nil, fmt.Errorf("field %q has a line end", field)
		}
		names = append(names, field[0])
	}
	return r.Status, names, nil
}

// ended says why a worker ended, for who looks into a row.
func ended(e worker.Ending) {
	if verbose {
		fmt.Fprintf(os.Stderr, "  worker of %s ended: %s (invocation %q): %.1000s\n", e.Tenant, e.Cause, e.Invocation, e.Detail)
	}
}

// crashed says where the engine panicked inside a worker.
func crashed(c sandbox.Crash) {
	if verbose {
		fmt.Fprintf(os.Stderr, "  %s: panic: %v\n%.2000s\n", c.Invocation, c.Value, c.Stack)
	}
}

// verbose is set by the flag -v.
var verbose bool
