package js_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

var testAPI = sandbox.API{
	{Name: "storage.get", Params: []string{"key"}, Brief: true},
	{Name: "http.fetch", Params: []string{"url", "init"}},
	{Name: "log.info", Params: []string{"message", "fields"}, Sync: true},
}

// run compiles and runs the body of a module.
func run(t *testing.T, body string, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	t.Helper()
	engine, err := js.New(js.Config{API: testAPI})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	program, err := engine.Compile(context.Background(), sandbox.Source{Name: "test.js", Code: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	return program.Run(context.Background(), inv, call)
}

func echo(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
	text, err := json.Marshal(map[string]any{"method": method, "args": json.RawMessage(args.JSON)})
	return sandbox.Payload{JSON: text, Blobs: args.Blobs}, err
}

func TestHandlerReturns(t *testing.T) {
	input := sandbox.Payload{JSON: []byte(`{"request":{"method":"GET","params":{"id":"1"}},"user":null,"config":{"a":{"b":1}}}`), Blobs: [][]byte{{1, 2, 3}}}
	for _, c := range []struct{ rule, body, want string }{
		{"a plain object", `module.exports = () => ({a: 1})`, `{"a":1}`},
		{"an async handler", `module.exports = async () => [1, await 2]`, `[1,2]`},
		{"undefined", `module.exports = () => {}`, ``},
		{"the request", `exports.default = api => api.request`, `{"method":"GET","params":{"id":"1"}}`},
		{"the user", `exports.default = ({user}) => [user]`, `[null]`},
		{"a frozen config", `"use strict"; exports.default = ({config}) => { try { config.a.b = 2 } catch (e) { return [e.name, config.a.b] } }`, `["TypeError",1]`},
		{"response helpers", `exports.default = ({response: {json, error, redirect}}) => [json({a: 1}), error("x", 404), redirect("/y")]`,
			`[{"type":"json","data":{"a":1},"status":200},{"type":"error","message":"x","status":404},{"type":"redirect","url":"/y","status":302}]`},
		{"a brief call", `exports.default = async ({storage: {get}}) => await get("k")`, `{"args":{"key":"k"},"method":"storage.get"}`},
		{"a call", `exports.default = async ({http}) => await http.fetch("u", {a: [1]})`, `{"args":{"url":"u","init":{"a":[1]}},"method":"http.fetch"}`},
		{"a rejection that is handled in time", `exports.default = async () => { const p = Promise.reject(1); await 1; await 2; return await p.catch(e => e) }`, `1`},
		{"timers", `exports.default = () => new Promise(r => setTimeout(r, 1, "t"))`, `"t"`},
	} {
		out, err := run(t, c.body, sandbox.Invocation{Input: input}, echo)
		if got := string(out.Result.JSON); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.rule, got, err, c.want)
		}
	}
}

func TestCallsRunAtTheSameTime(t *testing.T) {
	// None is answered before all have been made.
	var made atomic.Int32
	all := make(chan struct{})
	slow := func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
		if made.Add(1) == 10 {
			close(all)
		}
		select {
		case <-all:
		case <-ctx.Done():
		}
		return sandbox.Payload{JSON: []byte("1")}, ctx.Err()
	}
	out, err := run(t, `module.exports = async ({http}) => (await Promise.all([1,2,3,4,5,6,7,8,9,10].map(() => http.fetch("u")))).length`, sandbox.Invocation{}, slow)
	if string(out.Result.JSON) != "10" || err != nil {
		t.Errorf("got %s, %v", out.Result.JSON, err)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		rule, body string
		limits     sandbox.Limits
		want       *sandbox.Error
	}{
		{"wall clock, running", `module.exports = () => { for (;;); }`, sandbox.Limits{Wall: 50 * time.Millisecond}, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}},
		{"wall clock, waiting", `module.exports = () => new Promise(r => setTimeout(r, 10000))`, sandbox.Limits{Wall: 50 * time.Millisecond}, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}},
		{"CPU", `module.exports = () => { for (;;); }`, sandbox.Limits{CPU: 50 * time.Millisecond}, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonCPU}},
		{"depth", `module.exports = function f() { return f() + 1 }`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth}},
		{"timers", `module.exports = () => { for (let i = 0; i < 11; i++) setTimeout(() => {}, 1000) }`, sandbox.Limits{Timers: 10}, &sandbox.Error{Code: sandbox.Thrown}},
		{"a timer that throws", `module.exports = () => new Promise(() => setTimeout(() => { throw 1 }))`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
		{"a microtask that throws", `module.exports = () => new Promise(() => { queueMicrotask(() => { throw 1 }); setTimeout(() => {}, 50) })`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
		{"a rejection that is handled too late", `module.exports = async () => { const p = Promise.reject(1); await new Promise(r => setTimeout(r, 5)); await p.catch(() => {}) }`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
		{"throw", `module.exports = () => { throw new TypeError("x") }`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
		{"never", `module.exports = () => new Promise(() => {})`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
		{"codegen", `module.exports = () => (async () => {}).constructor("return 1")`, sandbox.Limits{}, &sandbox.Error{Code: sandbox.Thrown}},
	} {
		_, err := run(t, c.body, sandbox.Invocation{Limits: c.limits}, echo)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %#v, want %v", c.rule, err, c.want)
		}
	}
}
