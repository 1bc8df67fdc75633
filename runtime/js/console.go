package js

import (
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

var consoleNames = []string{
	"log", "info", "warn", "error", "debug", "trace", "dir", "table", "assert",
	"count", "countReset", "time", "timeEnd", "timeLog", "group", "groupCollapsed", "groupEnd", "clear", "timeStamp",
}

// earlyLine is a line of console output from before the invocation.
type earlyLine struct{ method, message string }

// Limits of what is kept of the console output of a module while it is loaded.
const (
	maxEarlyLines = 100
	maxEarlyBytes = 64 << 10
)

// consoleState is what the methods of console keep.
type consoleState struct {
	counts map[string]int
	times  map[string]time.Duration
	indent string
	early  []earlyLine
	bytes  int
}

// makeConsole makes a method of console. They all end in the methods log.* of
// the api, and do nothing where there are none.
func (r *realm) makeConsole(name string) goja.Value {
	write := r.writeConsole("log.info")
	switch name {
	case "warn", "error", "debug":
		write = r.writeConsole("log." + name)
	case "trace":
		write = func(values []goja.Value) {
			r.logLine("log.debug", "Trace: "+r.format(values)+"\n"+cleanStack(formatFrames(r.vm.CaptureCallStack(0, nil))))
		}
	case "table", "dir":
		write = func(values []goja.Value) { r.writeConsole("log.info")(values[:min(1, len(values))]) }
	case "assert":
		write = r.consoleAssert
	case "count", "countReset":
		write = func(values []goja.Value) { r.consoleCount(name, label(values)) }
	case "time", "timeEnd", "timeLog":
		write = func(values []goja.Value) { r.consoleTime(name, values) }
	case "group", "groupCollapsed":
		write = func(values []goja.Value) {
			if len(values) > 0 {
				r.writeConsole("log.info")(values)
			}
			r.console.indent += "  "
		}
	case "groupEnd":
		write = func([]goja.Value) { r.console.indent = strings.TrimPrefix(r.console.indent, "  ") }
	case "clear", "timeStamp":
		write = func([]goja.Value) {}
	}
	return r.function(name, func(fc goja.FunctionCall) goja.Value {
		write(fc.Arguments)
		return goja.Undefined()
	})
}

// writeConsole returns the plain methods of console.
func (r *realm) writeConsole(method string) func([]goja.Value) {
	return func(values []goja.Value) { r.logLine(method, r.format(values)) }
}

// format makes a line of values, without entering JavaScript for the usual ones.
func (r *realm) format(values []goja.Value) string {
	if len(values) == 0 {
		return ""
	}
	parts := make([]string, len(values))
	for i, v := range values {
		text, isString := v.(goja.String)
		_, isObject := v.(*goja.Object)
		switch {
		case isObject || goja.IsBigInt(v):
			return r.callPrelude("inspect", "format", values...).String()
		case isString:
			parts[i] = text.String()
		default:
			parts[i] = v.String()
		}
	}
	if len(parts) > 1 && strings.Contains(parts[0], "%") {
		return r.callPrelude("inspect", "format", values...).String()
	}
	return strings.Join(parts, " ")
}

func (r *realm) consoleAssert(values []goja.Value) {
	if len(values) > 0 && values[0].ToBoolean() {
		return
	}
	text := "Assertion failed"
	if len(values) > 1 {
		text += ": " + r.format(values[1:])
	}
	r.logLine("log.error", text)
}

func (r *realm) consoleCount(name, label string) {
	if r.console.counts == nil {
		r.console.counts = map[string]int{}
	}
	if name == "countReset" {
		delete(r.console.counts, label)
		return
	}
	r.console.counts[label]++
	r.logLine("log.info", label+": "+strconv.Itoa(r.console.counts[label]))
}

func (r *realm) consoleTime(name string, values []goja.Value) {
	label := label(values)
	if name == "time" {
		if r.console.times == nil {
			r.console.times = map[string]time.Duration{}
		}
		r.console.times[label] = r.clock.sinceStart()
		return
	}
	since, ok := r.console.times[label]
	if !ok {
		return
	}
	text := label + ": " + strconv.FormatFloat(float64(r.clock.sinceStart()-since)/float64(time.Millisecond), 'f', 3, 64) + "ms"
	if name == "timeLog" && len(values) > 1 {
		text += " " + r.format(values[1:])
	}
	if name == "timeEnd" {
		delete(r.console.times, label)
	}
	r.logLine("log.info", text)
}

// label is the first argument of the counting and timing methods.
func label(values []goja.Value) string {
	if len(values) == 0 || goja.IsUndefined(values[0]) {
		return "default"
	}
	return values[0].String()
}

// logLine sends a line out of the sandbox, or keeps it for the invocation to come.
func (r *realm) logLine(method, message string) {
	if strings.Contains(message, "\tat ") {
		message = cleanStack(message)
	}
	if indent := r.console.indent; indent != "" {
		message = indent + strings.ReplaceAll(message, "\n", "\n"+indent)
	}
	if r.inv == nil {
		c := &r.console
		if len(c.early) < maxEarlyLines && c.bytes+len(message) <= maxEarlyBytes {
			c.early, c.bytes = append(c.early, earlyLine{method, message}), c.bytes+len(message)
		}
		return
	}
	if err := r.log(method, message); err != nil {
		r.throw(err)
	}
}

func (r *realm) log(method, message string) error {
	m, ok := r.program.engine.api.methods[method]
	if !ok || len(m.Params) == 0 {
		return nil
	}
	if err := r.countCall(method); err != nil {
		return err
	}
	args := appendString([]byte{'{'}, m.Params[0])
	args = append(appendString(append(args, ':'), clip(message, r.maxLine())), '}')
	r.watch.leave()
	_, err := r.carry(r.ctx, method, sandbox.Payload{JSON: args})
	r.watch.enter()
	return err
}

// maxLine is how much of a line leaves the sandbox.
func (r *realm) maxLine() int {
	const most = 1 << 20
	if max := r.limits.ArgumentBytes; max > 0 && max < 2*most {
		return int(max / 2)
	}
	return most
}

// replay sends the lines that the module wrote before there was an invocation.
func (r *realm) replay() *sandbox.Error {
	for _, line := range r.console.early {
		if failed := r.do(func() error { return r.log(line.method, line.message) }); failed != nil {
			return failed
		}
	}
	r.console.early = nil
	return nil
}
