package bundle_test

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// native is syntax that goja runs. kept is a part of it that the bundle must
// still contain: what is lowered without need is slower and reads worse in a
// stack trace.
var native = []struct{ name, kept, text string }{
	{"async function", "async function", `await 1; return "ok"`},
	{"async arrow", "async x=>", `const f = async (x) => x; return await f("ok")`},
	{"generator", "function*", `function* g() { yield "ok" } return [...g()][0]`},
	{"class field", "x = ", `class A { x = "ok" } return new A().x`},
	{"static field", "static x", `class A { static x = "ok" } return A.x`},
	{"private field", "#x", `class A { #x = "ok"; get() { return this.#x } } return new A().get()`},
	{"private method", "#x()", `class A { #x() { return "ok" } get() { return this.#x() } } return new A().get()`},
	{"private accessor", "get #x()", `class A { get #x() { return "ok" } get() { return this.#x } } return new A().get()`},
	{"private static method", "static #x()", `class A { static #x() { return "ok" } static get() { return A.#x() } } return A.get()`},
	{"private name in", "#x in", `class A { #x = 1; static has(o) { return #x in o } } return A.has(new A()) && !A.has({}) ? "ok" : ""`},
	{"static block", "static {", `class A { static { this.x = "ok" } } return A.x`},
	{"optional chaining", "?.", `const o = { a: { b: () => "ok" } }; return o?.a?.b?.()`},
	{"nullish coalescing", "??", `const n = null; return n ?? "ok"`},
	{"logical assignment", "??=", `let a = null; a ??= "ok"; a ||= 1; a &&= a; return a`},
	{"numeric separator", "1e3", `const n = 1_000; return n + 1 === 1001 ? "ok" : ""`},
	{"exponent", "**", `const a = 2; return a ** 3 === 8 ? "ok" : ""`},
	{"BigInt", "64n", `return 2n ** 64n === 18446744073709551616n && typeof 1n === "bigint" ? "ok" : ""`},
	{"object spread and rest", "...", `const { a, ...b } = { ...{ a: 1 }, c: "ok" }; return b.c`},
	{"catch without a binding", "catch {", `try { throw 1 } catch { return "ok" }`},
	{"named group", "(?<y>", `return /(?<y>o)k/.exec("ok").groups.y === "o" ? "ok" : ""`},
	{"lookbehind", "(?<=", `return /(?<=a)b/.test("ab") && !/(?<!a)b/.test("ab") ? "ok" : ""`},
	{"dot matches all", "/s", `return /a.b/s.test("a\nb") ? "ok" : ""`},
	{"sticky", "/y", `return /a/y.test("ab") ? "ok" : ""`},
	{"error cause", "cause", `return new Error("x", { cause: "ok" }).cause`},
	{"new.target", "new.target", `function A() { this.x = new.target === A } return new A().x ? "ok" : ""`},
	{"tagged template", "tag`", "const tag = (s, v) => s.raw[0] + v; return tag`o${'k'}`"},
	{"getter and computed name", "get [", `const k = "x"; return { get [k]() { return "ok" } }.x`},
	{"label", "a:", `a: for (;;) { for (;;) break a } return "ok"`},
	{"surrogates in a name", "𠮷", `const 𠮷 = "ok"; return 𠮷`},
}

// foreign is syntax that goja does not run, alone; the bundle does.
var foreign = []struct{ name, text string }{
	{"async generator", `async function* g() { yield "o"; yield await Promise.resolve("k") } let s = ""; for await (const x of g()) s += x; return s`},
	{"async generator method", `const o = { async *g() { yield "ok" } }; return (await o.g().next()).value`},
	{"async generator in a class", `class A { static async *g() { yield "ok" } async *#h() { yield* A.g() } k() { return this.#h() } } for await (const x of new A().k()) return x`},
	{"delegation to an async generator", `async function* a() { yield "o"; return "k" } async function* b() { yield yield* a() } let s = ""; for await (const x of b()) s += x; return s`},
	{"leaving an async generator", `let s = ""; async function* g() { try { yield "o"; yield "x" } finally { s += "k" } } for await (const x of g()) { s += x; break } return s`},
	{"throwing into an async generator", `async function* g() { try { yield 1 } catch (e) { yield e } } const i = g(); await i.next(); return (await i.throw("ok")).value`},
	{"for await over promises", `let s = ""; for await (const x of [Promise.resolve("o"), "k"]) s += x; return s`},
	{"for await over an object", `const o = { [Symbol.asyncIterator]() { let n = 0; return { next: async () => ({ value: "ok"[n++], done: n > 2 }) } } }; let s = ""; for await (const x of o) s += x; return s`},
	{"for await that throws", `async function* g() { throw new Error("ok") } try { for await (const x of g()); } catch (e) { return e.message }`},
	{"using", `let s = ""; { using r = { [Symbol.dispose]() { s += "k" } }; s += "o" } return s`},
	{"using, in reverse order", `let s = ""; { using a = { [Symbol.dispose]() { s += "k" } }, b = { [Symbol.dispose]() { s += "o" } } } return s`},
	{"using, after a throw", `let s = ""; try { using r = { [Symbol.dispose]() { s += "o" } }; throw "k" } catch (e) { return s + e }`},
	{"using in for", `let s = ""; for (using r of [{ [Symbol.dispose]() { s += "ok" } }]); return s`},
	{"await using", `let s = ""; { await using r = { async [Symbol.asyncDispose]() { await 1; s += "k" } }; s += "o" } return s`},
	{"decorator", `const twice = (f) => function (x) { return f.call(this, x) + f.call(this, x) }; class A { @twice m(x) { return x } } return new A().m("o") === "oo" ? "ok" : ""`},
	{"fields called get, set and async", `class A { get = "o"; static set = "k"; async = () => this.get + A.set; get x() { return this.async() } } return new A().x`},
	{"accessor", `class A { accessor x = "ok" } return new A().x`},
}

func TestNativeSyntaxIsKept(t *testing.T) {
	for _, c := range native {
		t.Run(c.name, func(t *testing.T) {
			out, err := tree{"a.js": "export default async function () { " + c.text + " }"}.build("a.js")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.ReplaceAll(string(out.Code), " ", ""), strings.ReplaceAll(c.kept, " ", "")) {
				t.Errorf("the bundle does not contain %q, which goja runs\n%s", c.kept, out.Code)
			}
			if got, err := call(t, out); err != nil || got != "ok" {
				t.Errorf("the handler returned %q, %v; want ok\n%s", got, err, out.Code)
			}
		})
	}
}

func TestForeignSyntaxIsLowered(t *testing.T) {
	for _, c := range foreign {
		t.Run(c.name, func(t *testing.T) {
			text := "export default async function () { " + c.text + " }"
			raw := strings.TrimPrefix(text, "export default ")
			ast, err := goja.Parse("raw.js", "("+raw+")", parser.WithDisableSourceMaps)
			if err == nil {
				_, err = goja.CompileAST(ast, false)
			}
			if err == nil {
				t.Errorf("goja compiles this by itself: lowering it is no longer needed")
			}
			out, err := tree{"a.js": text}.build("a.js")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := call(t, out); err != nil || got != "ok" {
				t.Errorf("the handler returned %q, %v; want ok\n%s", got, err, out.Code)
			}
		})
	}
}
