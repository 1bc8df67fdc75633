package sandboxtest

import "github.com/annexhost/annex/runtime/sandbox"

// JavaScript returns the options of an engine that runs JavaScript: all guests,
// every road to code generation, and values that fight back.
func JavaScript() Options {
	return Options{
		Guests:      sources(javaScriptGuests),
		Refused:     sources(javaScriptCodegen),
		RefusedWith: "EvalError",
		Hostile:     sources(javaScriptHostile),
		Invalid:     sources(javaScriptInvalid),
	}
}

func sources[K ~string](bodies map[K]string) map[K]sandbox.Source {
	all := make(map[K]sandbox.Source, len(bodies))
	for name, body := range bodies {
		all[name] = sandbox.Source{Name: "guest.js", Code: []byte(body)}
	}
	return all
}

const wait = `const wait = ms => new Promise(resolve => setTimeout(resolve, ms)); `

var javaScriptGuests = map[Guest]string{
	ReturnInput:   `module.exports = ({request: {method, body}, user, config}) => ({request: {method, body}, user, config})`,
	ReturnBody:    `module.exports = api => api.request.body`,
	ReturnNothing: `module.exports = () => {}`,
	ReturnString:  `module.exports = api => "x".repeat(api.request.body)`,
	ReturnBytes:   `module.exports = api => new Response(api.request.rawBody, {status: 201, headers: {"X-Test": "1"}})`,
	Scribble:      `module.exports = api => { api.request.rawBody.fill(0) }`,
	ReturnLater:   wait + `module.exports = async api => { await wait(5); return api.request.body }`,

	Throw:        `module.exports = api => { throw new TypeError("boom: " + api.request.body) }`,
	ThrowLater:   wait + `module.exports = async api => { await wait(5); throw new TypeError("boom: " + api.request.body) }`,
	ThrowOnLoad:  `throw new RangeError("boom")`,
	RejectLoose:  wait + `module.exports = async () => { Promise.reject(new Error("loose")); await wait(50); return "no" }`,
	WaitForever:  `module.exports = () => new Promise(() => {})`,
	NotAFunction: `module.exports = {default: 42}`,

	Call:        `module.exports = async ({test, request}) => await test.later(request.body)`,
	CallBrief:   `module.exports = async ({test: {brief}, request}) => await brief(request.body)`,
	CallSync:    `module.exports = ({test: {sync}, request}) => sync(request.body)`,
	CallCatch:   `module.exports = async ({test}) => { try { await test.later(1) } catch (e) { return show(e) } }` + showError,
	SyncCatch:   `module.exports = ({test}) => { try { test.sync(1) } catch (e) { return show(e) } }` + showError,
	CallAll:     `module.exports = async ({test, request}) => (await Promise.all(Array.from({length: request.body}, () => test.later(1)))).length`,
	CallMany:    `module.exports = async ({test, request}) => { let n = 0; for (; n < request.body; n++) await test.brief(n); return n }`,
	CallBig:     `module.exports = async ({test, request}) => { try { await test.brief("x".repeat(request.body)); return "ok" } catch (e) { return e.code } }`,
	CallBytes:   `module.exports = async ({test}) => [...await test.later(new Uint8Array([0, 1, 254, 255]))]`,
	CallLeave:   `module.exports = ({test}) => { test.later(1); return "left" }`,
	CallUnknown: `module.exports = ({test}) => test.absent === undefined && !("absent" in test) ? "absent" : "present"`,
	Log:         `module.exports = () => { console.log("one"); console.error("two") }`,

	Spin:    `module.exports = () => { for (;;); }`,
	Sleep:   wait + `module.exports = () => wait(60_000)`,
	Recurse: `module.exports = function f() { return f() + 1 }`,
	Work:    `module.exports = () => { let n = 0; for (let i = 0; i < 300_000; i++) n += i % 7; return n > 0 }`,

	Count: `let module_ = 0
module.exports = api => {
  const own = Object.prototype.hasOwnProperty
  const bump = (owner, key) => { owner[key] = (own.call(owner, key) ? owner[key] : 0) + 1; return owner[key] }
  return Math.max(++module_, bump(globalThis, "visits"), bump(Object.prototype, "visits"), bump(Array, "visits"),
    bump(JSON, "visits"), bump(Promise.prototype, "visits"), bump(api, "visits"), bump(module.exports, "visits"),
    bump(console, "visits"), bump(/x/.constructor, "visits"))
}`,
	Chance: `module.exports = () => [Date.now(), Math.random(), crypto.randomUUID()]`,
}

const showError = `
const show = e => ({name: e.name, message: e.message, code: e.code, permission: e.permission, isError: e instanceof Error})`

// javaScriptCodegen has the roads to code generation from strings.
var javaScriptCodegen = map[string]string{
	"eval":                          road(`eval("1")`),
	"indirect eval":                 road(`(0, eval)("1")`),
	"eval of globalThis":            road(`globalThis.eval("1")`),
	"eval by bind":                  road(`eval.bind(null, "1")()`),
	"eval by Reflect.apply":         road(`Reflect.apply(eval, null, ["1"])`),
	"eval as a callback":            road(`["1"].map(eval)`),
	"strict eval":                   road(`(() => { "use strict"; return eval("1") })()`),
	"Function":                      road(`Function("return 1")`),
	"new Function":                  road(`new Function("return 1")`),
	"Function without arguments":    road(`Function()`),
	"constructor of a function":     road(`(() => {}).constructor("return 1")`),
	"constructor of the prototype":  road(`Function.prototype.constructor("return 1")`),
	"constructor of a constructor":  road(`({}).constructor.constructor("return 1")`),
	"constructor of a method":       road(`"".trim.constructor("return 1")`),
	"constructor of a host method":  road(`api.test.later.constructor("return 1")`),
	"constructor of a global":       road(`setTimeout.constructor("return 1")`),
	"constructor of a class":        road(`(class {}).constructor("return 1")`),
	"constructor of a bound one":    road(`(() => {}).bind().constructor("return 1")`),
	"constructor of a proxy":        road(`new Proxy(() => {}, {}).constructor("return 1")`),
	"generator constructor":         road(`(function* () {}).constructor("yield 1")`),
	"new generator constructor":     road(`new (Object.getPrototypeOf(function* () {}).constructor)("yield 1")`),
	"async constructor":             road(`(async () => {}).constructor("return 1")`),
	"new async constructor":         road(`new (async function () {}).constructor("return 1")`),
	"Reflect.construct":             road(`Reflect.construct(Function, ["return 1"])`),
	"Reflect.construct, new target": road(`Reflect.construct(Function, ["return 1"], Object)`),
	"Reflect.construct, generator":  road(`Reflect.construct((function* () {}).constructor, ["yield 1"], Array)`),
	"Reflect.apply":                 road(`Reflect.apply(Function, null, ["return 1"])`),
	"Function by call":              road(`Function.call(null, "return 1")`),
	"Function by bind":              road(`new (Function.bind(null, "return 1"))()`),
	"class extends Function":        road(`new (class extends Function {})("return 1")`),
	"super call":                    road(`new (class extends Function { constructor() { super("return 1") } })()`),
	"class extends generators":      road(`new (class extends (function* () {}).constructor {})("yield 1")`),
	"proxy of Function":             road(`new (new Proxy(Function, {}))("return 1")`),
	"tagged template":               road("Function`return 1`"),
	"after deleting the globals":    road(`(() => { const f = () => {}; delete globalThis.Function; delete globalThis.eval; return f.constructor("return 1") })()`),
	"with a new prototype":          road(`(() => { const f = () => {}; Object.setPrototypeOf(f, (async () => {}).constructor.prototype); return f.constructor("return 1") })()`),
	"with a patched EvalError":      road(`(() => { const E = EvalError; globalThis.EvalError = class { constructor() { return {} } }; try { Function("1") } catch (e) { throw e instanceof E ? e : new E("other") } })()`),
}

// road is a handler that tries an expression and returns the name of the error
// that stopped it.
func road(expression string) string {
	return `module.exports = api => { try { ` + expression + `; return "reached" } catch (e) { return e.name } }`
}

// javaScriptHostile has returned and thrown values that fight back when they are
// looked at.
var javaScriptHostile = map[string]string{
	"throws: toString that loops":           `module.exports = () => { throw {toString() { for (;;); }} }`,
	"throws: toString that throws":          `module.exports = () => { throw {toString() { throw 1 }} }`,
	"throws: an error whose name loops":     `module.exports = () => { throw Object.defineProperty(new Error("x"), "name", {get() { for (;;); }}) }`,
	"throws: an error whose message throws": `module.exports = () => { throw Object.defineProperty(new Error("x"), "message", {get() { throw 1 }}) }`,
	"throws: an error whose stack loops":    `module.exports = () => { throw Object.defineProperty(new Error("x"), "stack", {get() { for (;;); }}) }`,
	"throws: no prototype":                  `module.exports = () => { throw Object.create(null) }`,
	"throws: a proxy whose prototype loops": `module.exports = () => { throw new Proxy({}, {getPrototypeOf() { for (;;); }}) }`,
	"throws: a proxy that loops on get":     `module.exports = () => { throw new Proxy({}, {get() { for (;;); }}) }`,
	"throws: a proxy that throws on get":    `module.exports = () => { throw new Proxy({}, {get() { throw 1 }}) }`,
	"throws: a revoked proxy":               `module.exports = () => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); throw proxy }`,
	"throws: a symbol":                      `module.exports = () => { throw Symbol("s") }`,
	"throws: undefined":                     `module.exports = () => { throw undefined }`,
	"throws: a function":                    `module.exports = () => { throw () => {} }`,
	"throws: a big integer":                 `module.exports = () => { throw 10n }`,
	"throws: a long text":                   `module.exports = () => { throw new Error("x".repeat(1 << 20)) }`,
	"rejects: a hostile proxy":              `module.exports = async () => { throw new Proxy({}, {get() { for (;;); }, getPrototypeOf() { for (;;); }}) }`,
	"rejects: nothing":                      `module.exports = () => Promise.reject()`,
	"returns: a getter that loops":          `module.exports = () => ({get a() { for (;;); }})`,
	"returns: a getter that throws":         `module.exports = () => ({a: {get b() { throw 1 }}})`,
	"returns: toJSON that loops":            `module.exports = () => ({toJSON() { for (;;); }})`,
	"returns: toJSON that throws":           `module.exports = () => ({toJSON() { throw Object.create(null) }})`,
	"returns: a proxy that loops":           `module.exports = () => new Proxy({}, {ownKeys() { for (;;); }})`,
	"returns: a revoked proxy":              `module.exports = () => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); return proxy }`,
	"returns: a circle":                     `module.exports = () => { const o = {}; o.o = o; return o }`,
	"returns: a big integer":                `module.exports = () => 10n`,
	"returns: a big integer inside":         `module.exports = () => ({n: 10n})`,
	"returns: a function":                   `module.exports = () => () => {}`,
	"returns: a symbol":                     `module.exports = () => Symbol("s")`,
	"returns: then that loops":              `module.exports = () => ({then() { for (;;); }})`,
	"returns: a getter of then that loops":  `module.exports = () => ({get then() { for (;;); }})`,
	"returns: a proxy that throws on get":   `module.exports = () => new Proxy({}, {get() { throw 1 }})`,
	"exports: a getter that throws":         `Object.defineProperty(module, "exports", {get() { throw 1 }})`,
	"exports: a getter that loops":          `module.exports = {get default() { for (;;); }}`,
	"exports: a proxy":                      `module.exports = new Proxy({}, {get() { throw 1 }})`,
	"sends: an argument that loops":         `module.exports = ({test}) => test.sync({toJSON() { for (;;); }})`,
	"sends: an argument that throws":        `module.exports = ({test}) => test.sync({get a() { throw 1 }})`,
	"sends: a circle":                       `module.exports = ({test}) => { const o = {}; o.o = o; return test.later(o) }`,
	"sends: a proxy as bytes":               `module.exports = ({test}) => test.sync(new Proxy(new Uint8Array(4), {get() { throw 1 }}))`,
	"logs: a hostile value":                 `module.exports = () => { console.log(new Proxy({}, {get() { for (;;); }, ownKeys() { for (;;); }})); throw 1 }`,
	"catches: its own interruption":         `module.exports = function f() { try { for (;;); } finally { f() } }`,
	"queues: microtasks for ever":           `module.exports = () => { const f = () => Promise.resolve().then(f); return f() }`,
	"queues: timers for ever":               `module.exports = () => new Promise(() => setInterval(() => {}, 0))`,
	"patches: everything it can reach":      `for (const o of [Object, Array, String, Function, Promise, Error, JSON, Map, Symbol].flatMap(c => [c, c.prototype ?? {}])) for (const k of Reflect.ownKeys(o)) { try { o[k] = () => { throw 1 } } catch {} }; module.exports = () => { throw new Error("done") }`,
	"loads: for ever":                       `for (;;);`,
}

// javaScriptInvalid are sources that do not compile.
var javaScriptInvalid = map[string]string{
	"a syntax error":          "module.exports = () => {\n  return )\n}",
	"an unfinished function":  "module.exports = () => {",
	"a closed wrapper":        "}); (() => { globalThis.escaped = true",
	"a closed wrapper, twice": "}) + (function () {",
}
