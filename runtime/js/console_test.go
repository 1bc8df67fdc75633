package js_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

var logAPI = sandbox.API{
	{Name: "log.debug", Params: []string{"message", "fields"}, Sync: true},
	{Name: "log.info", Params: []string{"message", "fields"}, Sync: true},
	{Name: "log.warn", Params: []string{"message", "fields"}, Sync: true},
	{Name: "log.error", Params: []string{"message", "fields"}, Sync: true},
}

// logged runs a module and returns its log, "level: message" a line.
func logged(t *testing.T, body string) []string {
	t.Helper()
	engine, err := js.New(js.Config{API: logAPI})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	program, err := engine.Compile(context.Background(), sandbox.Source{Name: "log.js", Code: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	var lines []string
	_, err = program.Run(context.Background(), sandbox.Invocation{}, func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		var line struct{ Message string }
		if err := json.Unmarshal(args.JSON, &line); err != nil {
			t.Error(err)
		}
		lines = append(lines, strings.TrimPrefix(method, "log.")+": "+line.Message)
		return sandbox.Payload{}, nil
	})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return lines
}

func TestConsole(t *testing.T) {
	for _, c := range []struct{ rule, code, want string }{
		{"strings are joined", `console.log("a", 1, true, null, undefined)`, "info: a 1 true null undefined"},
		{"nothing is an empty line", `console.log()`, "info: "},
		{"levels", `console.debug("d"); console.info("i"); console.warn("w"); console.error("e")`, "debug: d|info: i|warn: w|error: e"},
		{"directives", `console.log("%s is %d%% of %o, %i %f %j %%", "x", "42", {a: 1}, 3.7, "1.5", [1], "rest")`, "info: x is 42% of { a: 1 }, 3 1.5 [1] % rest"},
		{"a directive without a value stays", `console.log("100%s")`, "info: 100%s"},
		{"objects", `console.log({a: 1, b: "x", c: [1, 2], "d-e": null})`, "info: { a: 1, b: 'x', c: [ 1, 2 ], 'd-e': null }"},
		{"nothing in it", `console.log({}, [])`, "info: {} []"},
		{"collections", `console.log(new Map([["k", {v: 1}]]), new Set([1]))`, "info: Map(1) { 'k' => { v: 1 } } Set(1) { 1 }"},
		{"classes and functions", `class A { x = 1 }; console.log(new A(), A, () => {}, function f() {})`, "info: A { x: 1 } [class A] [Function: (anonymous)] [Function: f]"},
		{"circles", `const o = {}; o.o = o; console.log(o)`, "info: { o: [Circular] }"},
		{"depth is bounded", `console.log({a: {b: {c: {d: {e: 1}}}}})`, "info: { a: { b: { c: { d: [Object] } } } }"},
		{"getters are not called", `console.log({get a() { throw 1 }})`, "info: { a: [Getter] }"},
		{"bytes", `console.log(new Uint8Array([1, 2]))`, "info: Uint8Array(2) [ 1, 2 ]"},
		{"dates, patterns, big numbers", `console.log(new Date(0), /a/g, 10n, -0, Symbol("s"))`, "info: 1970-01-01T00:00:00.000Z /a/g 10n -0 Symbol(s)"},
		{"a hostile value is not printable", `console.log(new Proxy({}, {ownKeys() { throw 1 }}))`, "info: [not printable]"},
		{"assert", `console.assert(true, "no"); console.assert(false, "yes")`, "error: Assertion failed: yes"},
		{"count", `console.count(); console.count(); console.count("x")`, "info: default: 1|info: default: 2|info: x: 1"},
		{"groups indent", `console.group("g"); console.log("in"); console.groupEnd(); console.log("out")`, "info: g|info:   in|info: out"},
		{"what a module says while it is loaded", `"top"`, "info: loading"},
	} {
		body := "module.exports = () => { " + c.code + " }"
		if c.code == `"top"` {
			body = `console.log("loading"); module.exports = () => {}`
		}
		if got := strings.Join(logged(t, body), "|"); got != c.want {
			t.Errorf("%s: %s\ngot  %q\nwant %q", c.rule, c.code, got, c.want)
		}
	}
}

func TestConsoleShowsStacksOfTheAuthor(t *testing.T) {
	lines := logged(t, "function inner() { return new RangeError('bad') }\nmodule.exports = () => {\n  console.error(inner())\n}")
	want := "error: RangeError: bad\n    at inner (log.js:1:"
	if len(lines) != 1 || !strings.HasPrefix(lines[0], want) || !strings.Contains(lines[0], "log.js:3:") {
		t.Errorf("got %q, want a stack that starts %q", lines, want)
	}
}
