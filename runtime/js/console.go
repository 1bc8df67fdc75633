package js

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

var consoleNames = []string{"log", "info", "warn", "error", "debug", "trace"}

// earlyLine is a line of console output from before the invocation.
type earlyLine struct{ method, message string }

const maxEarlyLines = 100

// makeConsole makes a method of console.
func (r *realm) makeConsole(name string) goja.Value {
	method := "log." + name
	switch name {
	case "log":
		method = "log.info"
	case "trace":
		method = "log.debug"
	}
	return r.function(name, func(fc goja.FunctionCall) goja.Value {
		parts := make([]string, len(fc.Arguments))
		for i, v := range fc.Arguments {
			parts[i] = r.textOf(v)
		}
		if err := r.log(method, strings.Join(parts, " ")); err != nil {
			r.throw(err)
		}
		return goja.Undefined()
	})
}

// log sends a line out of the sandbox, or keeps it for the invocation to come.
func (r *realm) log(method, message string) error {
	if _, ok := r.program.engine.api.methods[method]; !ok {
		return nil
	}
	if r.inv == nil {
		if len(r.early) < maxEarlyLines {
			r.early = append(r.early, earlyLine{method, message})
		}
		return nil
	}
	if err := r.countCall(method); err != nil {
		return err
	}
	args := append(appendString([]byte(`{"message":`), message), '}')
	r.watch.leave()
	_, err := r.carry(r.ctx, method, sandbox.Payload{JSON: args})
	r.watch.enter()
	return err
}

// replay sends the lines that the module wrote before there was an invocation.
func (r *realm) replay() *sandbox.Error {
	for _, line := range r.early {
		if failed := r.do(func() error { return r.log(line.method, line.message) }); failed != nil {
			return failed
		}
	}
	r.early = nil
	return nil
}
