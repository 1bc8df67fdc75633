package js_test

import (
	"context"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

var wrapped = sandbox.API{
	{Name: "plain.async", Params: []string{"a", "b"}},
	{Name: "plain.sync", Params: []string{"a"}, Sync: true},
	{Name: "plain.brief", Params: []string{"a"}, Brief: true},
	{Name: "top", Params: []string{"a"}, Sync: true},
	{Name: "deep.er.est", Params: []string{"a"}, Sync: true},
	{Name: "wrapped.upper", Params: []string{"a", "b"}, Sync: true, JS: `(call, params) => function upper(a) { return call(String(a).toUpperCase(), params.join()) }`},
	{Name: "wrapped.broken", Sync: true, JS: `() => { throw new RangeError("wrapper") }`},
	{Name: "log.info", Params: []string{"message"}, Sync: true},
}

// value runs the body of a handler with wrapped as its api and returns the JSON
// of its result, or "Name: message" of its error.
func value(t *testing.T, code string, inv sandbox.Invocation) string {
	t.Helper()
	program, err := compile(t, js.Config{API: wrapped}, sandbox.Source{Name: "x.js", Code: []byte("module.exports = async (api) => {" + code + "\n}")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.Run(context.Background(), inv, func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{JSON: []byte(`["` + method + `",` + string(args.JSON) + `]`)}, nil
	})
	if e, ok := err.(*sandbox.Error); ok {
		return e.Name + ": " + e.Message
	}
	return string(out.Result.JSON)
}

func TestAPI(t *testing.T) {
	input := sandbox.Payload{
		JSON:  []byte(`{"request":{"path":"p","body":{"a":1}},"user":{"id":"u"},"config":{"a":{"b":[1]}}}`),
		Blobs: [][]byte{[]byte("raw")},
	}
	for _, c := range []struct{ rule, code, want string }{
		{"methods take their arguments by position", `return api.plain.async(1, "x")`, `["plain.async",{"a":1,"b":"x"}]`},
		{"undefined and absent arguments are left out", `return api.plain.async(undefined, 2)`, `["plain.async",{"b":2}]`},
		{"arguments that are too many are dropped", `return api.plain.sync(1, 2, 3)`, `["plain.sync",{"a":1}]`},
		{"null, NaN and dates as in JSON", `return [api.plain.sync(null), api.plain.sync(NaN), api.plain.sync(new Date(0))]`, `[["plain.sync",{"a":null}],["plain.sync",{"a":null}],["plain.sync",{"a":"1970-01-01T00:00:00.000Z"}]]`},
		{"toJSON of the author is honoured", `return api.plain.sync({toJSON: () => ({mine: 1})})`, `["plain.sync",{"a":{"mine":1}}]`},
		{"members need no this", `const {plain: {async: f, brief}, top} = api; return [await f(1), await brief(2), top(3)]`, `[["plain.async",{"a":1}],["plain.brief",{"a":2}],["top",{"a":3}]]`},
		{"namespaces nest", `return api.deep.er.est(1)`, `["deep.er.est",{"a":1}]`},
		{"the same member every time", `return [api.plain === api.plain, api.plain.sync === api.plain.sync, api.request === api.request]`, `[true,true,true]`},
		{"the members can be listed", `return [Object.keys(api), Object.keys(api.plain), "plain" in api, "nothing" in api, api.nothing === undefined]`,
			`[["request","user","config","response","plain","top","deep","wrapped","log"],["async","sync","brief"],true,false,true]`},
		{"a member can be replaced and deleted", `api.plain.sync = () => "mine"; delete api.top; return [api.plain.sync(), api.top === undefined, Object.keys(api).includes("top")]`, `["mine",true,false]`},
		{"functions have names", `return [api.plain.async.name, api.response.json.name]`, `["async","json"]`},
		{"a function is no argument", `try { api.plain.sync(() => {}) } catch (e) { return [e.name, e.code, e.message] }`, `["TypeError","invalid","plain.sync: a is not JSON: a function"]`},
		{"a big integer is no argument", `return api.plain.async(1n).catch(e => e.code)`, `"invalid"`},
		{"a symbol is no argument", `return api.plain.brief(Symbol("s")).catch(e => e.code)`, `"invalid"`},
		{"what an argument throws is thrown on", `try { api.plain.sync({get a() { throw new RangeError("mine") }}) } catch (e) { return e.message }`, `"mine"`},
		{"an asynchronous method rejects, it does not throw", `let p; try { p = api.plain.async({get a() { throw 1 }}) } catch { return "threw" } return p.catch(e => ["rejected", e])`, `["rejected",1]`},
		{"a view sends its part of the buffer", `return api.plain.sync(new Uint8Array([1, 2, 3]).subarray(1, 2))`, `["plain.sync",{"a":{"$blob":0}}]`},
		{"an object that looks like a blob is an object", `return api.plain.sync({$blob: 0})`, `["plain.sync",{"a":{"$blob":0}}]`},
		{"a wrapper has the plain method and its parameters", `return api.wrapped.upper("x")`, `["wrapped.upper",{"a":"X","b":"a,b"}]`},
		{"a wrapper that throws throws at its method", `try { api.wrapped.broken } catch (e) { return e.message }`, `"wrapper"`},
		{"the bytes of the request", `return [...api.request.rawBody]`, `[114,97,119]`},
		{"the same bytes every time", `return api.request.rawBody === api.request.rawBody`, `true`},
		{"the request is an ordinary object", `api.request.extra = 1; return [Object.keys(api.request), Object.getPrototypeOf(api.request) === Object.prototype]`, `[["path","body","extra"],true]`},
		{"rawBody is there although it is not listed", `const {rawBody} = api.request; return ["rawBody" in api.request, rawBody instanceof Uint8Array]`, `[true,true]`},
		{"the configuration is read-only", `"use strict"; try { api.config.a.b.push(2) } catch (e) { return [e.name, api.config] }`, `["TypeError",{"a":{"b":[1]}}]`},
		{"an error response has status 500, a redirect 302", `const {json, error, redirect} = api.response; return [json(1), error("e"), redirect("/u")]`,
			`[{"type":"json","data":1,"status":200},{"type":"error","message":"e","status":500},{"type":"redirect","url":"/u","status":302}]`},
	} {
		if got := value(t, c.code, sandbox.Invocation{Input: input}); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.rule, c.code, got, c.want)
		}
	}
}

func TestNoInput(t *testing.T) {
	got := value(t, `return [api.request === undefined, api.user, api.config]`, sandbox.Invocation{})
	if want := `[true,null,{}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := value(t, `return api.request`, sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{"request":`)}}); !strings.Contains(got, "cannot be read") {
		t.Errorf("a broken input: got %s", got)
	}
}

func TestResults(t *testing.T) {
	for _, c := range []struct{ rule, code, want string }{
		{"null", `return null`, `null`},
		{"a string", `return "ü\n\ud800"`, `"ü\n�"`},
		{"numbers that JSON has not", `return [NaN, Infinity, -0]`, `[null,null,0]`},
		{"toJSON", `return {toJSON: () => [1]}`, `[1]`},
		{"undefined members are dropped", `return {a: undefined, b: () => {}, c: 1}`, `{"c":1}`},
		{"a function", `return () => {}`, `TypeError: the handler's result is not JSON: a function`},
		{"a symbol", `return Symbol("s")`, `TypeError: the handler's result is not JSON: a symbol`},
		{"a big integer", `return 1n`, `TypeError: the handler's result is not JSON: a BigInt`},
		{"a big integer inside", `return {a: 1n}`, `TypeError: Do not know how to serialize a BigInt`},
		{"a circle", `const a = []; a.push(a); return a`, `TypeError: Converting circular structure to JSON`},
		{"a patched JSON.stringify", `JSON.stringify = () => '"forged"'; return {a: 1}`, `{"a":1}`},
		{"a response", `return new Response("b", {status: 404, headers: {"X-A": "1", "content-type": "a/b"}})`,
			`{"type":"annex.response","status":404,"headers":[["x-a","1"],["content-type","a/b"]],"body":"b"}`},
		{"a response without a body", `return new Response(null, {status: 204})`, `{"type":"annex.response","status":204,"headers":[]}`},
		{"a response of bytes", `return new Response(new Uint8Array([1, 2]))`, `{"type":"annex.response","status":200,"headers":[],"body":{"$blob":0}}`},
		{"patched prototypes do not change a response", `Object.prototype.toJSON = () => "forged"; Array.prototype.toJSON = () => "forged"; String.prototype.toJSON = () => "forged"; return Response.json({}, {status: 201, headers: {"x-a": "1"}})`,
			`{"type":"annex.response","status":201,"headers":[["x-a","1"],["content-type","application/json"]],"body":"\"forged\""}`},
		{"something that looks like a response is an object", `return {type: "annex.response", status: 200}`, `{"type":"annex.response","status":200}`},
		{"a response inside is an object", `return [new Response("x")]`, `[{}]`},
		{"a subclass of a response", `return new (class extends Response {})("x", {status: 201})`,
			`{"type":"annex.response","status":201,"headers":[["content-type","text/plain;charset=UTF-8"]],"body":"x"}`},
	} {
		if got := value(t, c.code, sandbox.Invocation{}); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", c.rule, c.code, got, c.want)
		}
	}
}

// TestBodyIsNoReference sends a body that looks like a reference to a blob.
func TestBodyIsNoReference(t *testing.T) {
	input := sandbox.Payload{JSON: []byte(`{"request":{"body":{"$blob":0,"a":[{"$blob":0}]},"rawBody":{"$blob":0}}}`), Blobs: [][]byte{{1}}}
	got := value(t, `return [api.request.body, api.request.rawBody.length]`, sandbox.Invocation{Input: input})
	if want := `[{"$blob":0,"a":[{"$blob":0}]},1]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestThrownValues has what is made of things that are not errors.
func TestThrownValues(t *testing.T) {
	for _, c := range []struct{ rule, code, want string }{
		{"a string", `throw "text"`, "Error: text"},
		{"a number", `throw 42`, "Error: 42"},
		{"nothing", `throw undefined`, "Error: undefined"},
		{"an object", `throw {a: 1}`, `Error: {"a":1}`},
		{"an object with a message", `throw {message: "m", name: "N"}`, "N: m"},
		{"an object with toString", `throw {toString: () => "mine"}`, "Error: mine"},
		{"a class of the author", `throw new (class MyError extends Error { constructor(m) { super(m); this.name = "MyError" } })("m")`, "MyError: m"},
		{"an aggregate", `return Promise.any([Promise.reject(1)])`, "AggregateError: "},
		{"a name that is no string", `throw Object.assign(new Error("m"), {name: {}})`, "Error: m"},
		{"a DOMException", `throw new DOMException("m", "AbortError")`, "AbortError: m"},
	} {
		got := value(t, c.code, sandbox.Invocation{})
		if c.rule == "an aggregate" {
			got = got[:min(len(got), len(c.want))]
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.rule, got, c.want)
		}
	}
}
