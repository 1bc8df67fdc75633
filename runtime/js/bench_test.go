package js_test

import (
	"context"
	"testing"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// The benchmarks stand beside raw goja doing the same in a fresh runtime: what a
// careful programmer would write by hand, with none of the limits.

const twoReads = `module.exports.default = async (api) => {
  const a = await api.storage.get("a")
  const b = await api.storage.get("b")
  return { a, b }
}`

const hello = `module.exports.default = ({request, response}) => response.json({ hello: request.query.name ?? "world" })`

const noop = `module.exports.default = () => {}`

var benchInput = sandbox.Payload{JSON: []byte(`{"request":{"method":"GET","path":"notes/1","url":"http://localhost/extensions/acme.notes/notes/1","query":{},"params":{"id":"1"},"headers":{"accept":"*/*"},"id":"r1"},"user":{"id":"u1","email":"a@example.com","orgId":"demo","role":"admin"},"config":{}}`)}

var benchAPI = sandbox.API{
	{Name: "storage.get", Params: []string{"key"}, Brief: true},
	{Name: "http.fetch", Params: []string{"url", "init"}},
	{Name: "events.emit", Params: []string{"name", "payload"}, Sync: true},
}

var row = sandbox.Payload{JSON: []byte(`{"n":1}`)}

func answerRow(context.Context, string, sandbox.Payload) (sandbox.Payload, error) { return row, nil }

func benchProgram(b *testing.B, warm int, body string) sandbox.Program {
	engine, err := js.New(js.Config{API: benchAPI, Warm: warm})
	if err != nil {
		b.Fatal(err)
	}
	program, err := engine.Compile(context.Background(), sandbox.Source{Name: "bench.js", Code: []byte(body)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { program.Close(); engine.Close() })
	return program
}

func benchRun(b *testing.B, warm int, body string) {
	program := benchProgram(b, warm, body)
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		if _, err := program.Run(context.Background(), sandbox.Invocation{Input: benchInput}, answerRow); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRealmFresh is a realm with a module that does nothing.
func BenchmarkRealmFresh(b *testing.B) {
	b.Run("annex", func(b *testing.B) { benchRun(b, -1, noop) })
	b.Run("raw", func(b *testing.B) {
		wrapped := goja.MustCompile("bench.js", "(function (exports, module) {"+noop+"\n})", false)
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			vm := goja.New()
			handler := rawHandler(b, vm, wrapped)
			if _, err := handler(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkInvokeFresh is a whole invocation with two bridge calls.
func BenchmarkInvokeFresh(b *testing.B) {
	b.Run("warm", func(b *testing.B) { benchRun(b, 0, twoReads) })
	b.Run("cold", func(b *testing.B) { benchRun(b, -1, twoReads) })
	b.Run("raw", func(b *testing.B) {
		wrapped := goja.MustCompile("bench.js", "(function (exports, module) {"+twoReads+"\n})", false)
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			rawInvoke(b, wrapped)
		}
	})
}

// BenchmarkInvokeHello is a handler that looks at its request and answers.
func BenchmarkInvokeHello(b *testing.B) {
	b.Run("warm", func(b *testing.B) { benchRun(b, 0, hello) })
	b.Run("cold", func(b *testing.B) { benchRun(b, -1, hello) })
}

// BenchmarkInvokeParallel is the same from as many callers as there are cores.
func BenchmarkInvokeParallel(b *testing.B) {
	program := benchProgram(b, 0, twoReads)
	b.ReportAllocs()
	defer reportCPU(b)()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := program.Run(context.Background(), sandbox.Invocation{Input: benchInput}, answerRow); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkBridgeCall is one more call in an invocation that makes a thousand.
func BenchmarkBridgeCall(b *testing.B) {
	const calls = 1000
	for _, c := range []struct{ name, body string }{
		{"brief", `module.exports = async ({storage}) => { for (let i = 0; i < 1000; i++) await storage.get("key") }`},
		{"async", `module.exports = async ({http}) => { for (let i = 0; i < 1000; i++) await http.fetch("key") }`},
		{"sync", `module.exports = ({events}) => { for (let i = 0; i < 1000; i++) events.emit("key") }`},
	} {
		b.Run(c.name, func(b *testing.B) {
			program := benchProgram(b, -1, c.body)
			b.ReportAllocs()
			defer reportCPU(b)()
			for range b.N/calls + 1 {
				if _, err := program.Run(context.Background(), sandbox.Invocation{Input: benchInput}, answerRow); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("raw", func(b *testing.B) {
		program := goja.MustCompile("bench.js", `(async get => { for (let i = 0; i < 1000; i++) await get("key") })`, false)
		b.ReportAllocs()
		defer reportCPU(b)()
		for range b.N/calls + 1 {
			vm := goja.New()
			value, err := vm.RunProgram(program)
			if err != nil {
				b.Fatal(err)
			}
			loop, _ := goja.AssertFunction(value)
			if _, err := loop(nil, vm.ToValue(rawGet(b, vm))); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// rawGet is a call of a host function by hand: a promise, and JSON.parse.
func rawGet(b *testing.B, vm *goja.Runtime) func(goja.FunctionCall) goja.Value {
	parse, _ := goja.AssertFunction(vm.Get("JSON").(*goja.Object).Get("parse"))
	return func(fc goja.FunctionCall) goja.Value {
		promise, resolve, _ := vm.NewPromise()
		out, _ := answerRow(context.Background(), "storage.get", sandbox.Payload{JSON: []byte(`{"key":"` + fc.Argument(0).String() + `"}`)})
		value, err := parse(nil, vm.ToValue(string(out.JSON)))
		if err != nil {
			b.Fatal(err)
		}
		_ = resolve(value)
		return vm.ToValue(promise)
	}
}

func rawHandler(b *testing.B, vm *goja.Runtime, wrapped *goja.Program) goja.Callable {
	value, err := vm.RunProgram(wrapped)
	if err != nil {
		b.Fatal(err)
	}
	evaluate, _ := goja.AssertFunction(value)
	exports, module := vm.NewObject(), vm.NewObject()
	_ = module.Set("exports", exports)
	if _, err := evaluate(nil, exports, module); err != nil {
		b.Fatal(err)
	}
	handler, _ := goja.AssertFunction(exports.Get("default"))
	return handler
}

func rawInvoke(b *testing.B, wrapped *goja.Program) {
	vm := goja.New()
	stringify, _ := goja.AssertFunction(vm.Get("JSON").(*goja.Object).Get("stringify"))
	handler := rawHandler(b, vm, wrapped)
	api, store := vm.NewObject(), vm.NewObject()
	_ = store.Set("get", rawGet(b, vm))
	_ = api.Set("storage", store)
	result, err := handler(nil, api)
	if err != nil {
		b.Fatal(err)
	}
	text, err := stringify(nil, result.Export().(*goja.Promise).Result())
	if err != nil || text.String() == "" {
		b.Fatal(err)
	}
}
