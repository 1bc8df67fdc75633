package js_test

import (
	"context"
	"testing"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

const twoReads = `module.exports.default = async (api) => {
  const a = await api.storage.get("a")
  const b = await api.storage.get("b")
  return { a, b }
}`

var benchInput = sandbox.Payload{JSON: []byte(`{"request":{"method":"GET","path":"notes/1","url":"http://localhost/extensions/acme.notes/notes/1","query":{},"params":{"id":"1"},"headers":{"accept":"*/*"},"id":"r1"},"user":{"id":"u1","email":"a@example.com","orgId":"demo","role":"admin"},"config":{}}`)}

func storage(_ context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
	return sandbox.Payload{JSON: []byte(`{"n":1}`)}, nil
}

func benchProgram(b *testing.B, warm int, body string) sandbox.Program {
	engine, err := js.New(js.Config{API: testAPI, Warm: warm})
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

func BenchmarkInvokeFresh(b *testing.B) {
	invoke := func(warm int) func(*testing.B) {
		return func(b *testing.B) {
			program := benchProgram(b, warm, twoReads)
			b.ReportAllocs()
			for b.Loop() {
				out, err := program.Run(context.Background(), sandbox.Invocation{Input: benchInput}, storage)
				if err != nil || len(out.Result.JSON) == 0 {
					b.Fatal(out, err)
				}
			}
		}
	}
	b.Run("warm", invoke(0))
	b.Run("cold", invoke(-1))
	b.Run("raw", func(b *testing.B) {
		wrapped := goja.MustCompile("bench.js", "(function (exports, module) {"+twoReads+"\n})", false)
		b.ReportAllocs()
		for b.Loop() {
			rawInvoke(b, wrapped)
		}
	})
}

// rawInvoke is what a careful Go programmer would write by hand on goja.
func rawInvoke(b *testing.B, wrapped *goja.Program) {
	vm := goja.New()
	json := vm.Get("JSON").(*goja.Object)
	parse, _ := goja.AssertFunction(json.Get("parse"))
	stringify, _ := goja.AssertFunction(json.Get("stringify"))
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
	api, store := vm.NewObject(), vm.NewObject()
	_ = store.Set("get", func(fc goja.FunctionCall) goja.Value {
		promise, resolve, _ := vm.NewPromise()
		out, _ := storage(context.Background(), "storage.get", sandbox.Payload{JSON: []byte(fc.Argument(0).String())})
		v, err := parse(nil, vm.ToValue(string(out.JSON)))
		if err != nil {
			b.Fatal(err)
		}
		_ = resolve(v)
		return vm.ToValue(promise)
	})
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
