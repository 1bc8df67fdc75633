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
	"github.com/annexhost/annex/runtime/worker"
)

// become makes this process a worker or the child of an attack, if it was
// started to be one.
func become() {
	worker.Main(worker.Engines{
		attacks.JavaScript: func(crashed worker.Crashed) (sandbox.Engine, error) {
			return js.New(js.Config{API: bridge.API(), Warm: -1, Crashed: crashed})
		},
	})
	corpus.Child(inProcess)
}

// inProcess makes the subject of attacks without workers.
func inProcess(engine string) (*corpus.Subject, error) {
	if engine != attacks.JavaScript {
		return nil, fmt.Errorf("no engine for %s", engine)
	}
	e, err := js.New(js.Config{API: bridge.API()})
	if err != nil {
		return nil, err
	}
	return javaScript(e), nil
}

// inWorkers makes the subjects of attacks in workers, and what ends them.
func inWorkers() (map[string]*corpus.Subject, func() error, error) {
	e, err := worker.New(worker.Config{
		Engine: attacks.JavaScript, Memory: attacks.DefaultMemory,
		CompileTime: corpus.CompileTime, CompileMemory: 128 << 20,
		Ended: ended, Crashed: crashed,
	})
	if err != nil {
		return nil, nil, err
	}
	return map[string]*corpus.Subject{attacks.JavaScript: javaScript(e)}, e.Close, nil
}

func javaScript(e sandbox.Engine) *corpus.Subject {
	return &corpus.Subject{
		Engine: e, Session: newSession, Answer: answer,
		Echo: sandbox.Source{Name: "echo.js", Code: []byte(`module.exports = async api => (await api.storage.get('absent')) === undefined ? 'alive' : 'wrong'`)},
		Work: sandbox.Source{Name: "work.js", Code: []byte(`module.exports = () => { const end = performance.now() + 5; let n = 0; while (performance.now() < end) n++; return n }`)},
	}
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
func crashed(invocation string, value any, stack []byte) {
	if verbose {
		fmt.Fprintf(os.Stderr, "  %s: panic: %v\n%.2000s\n", invocation, value, stack)
	}
}

// verbose is set by the flag -v.
var verbose bool
