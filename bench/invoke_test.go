package bench

import (
	"fmt"
	"testing"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/standard"
)

const twoReads = `export default async ({ storage }) => {
  const a = await storage.get('a');
  const b = await storage.get('b');
  return { sum: a + b };
}`

// twoReadsOfAnnex is an invocation on a host with everything on: Badger with
// its syncs, grants, quotas, limits, a fresh realm.
func twoReadsOfAnnex(tb testing.TB) func() {
	h := openHost(tb, tb.TempDir(), standard.Options{})
	install(tb, h, "bench", `export default async ({ storage }) => { await storage.setMany({ a: 1, b: 2 }) }`)
	invoke(tb, h, "bench", "")
	install(tb, h, "bench", twoReads)
	return func() { invoke(tb, h, "bench", "") }
}

// twoReadsOfGoja is the same handler on goja alone: a fresh realm, two reads
// that return promises, from a Go map.
func twoReadsOfGoja(tb testing.TB) func() {
	program := goja.MustCompile("h.js", `(async (api) => {
		const a = await api.storage.get('a');
		const b = await api.storage.get('b');
		return JSON.stringify({ sum: a + b });
	})`, true)
	data := map[string]int{"a": 1, "b": 2}
	return func() {
		vm := goja.New()
		v, err := vm.RunProgram(program)
		must(tb, err)
		handler, _ := goja.AssertFunction(v)
		storage := vm.NewObject()
		must(tb, storage.Set("get", func(c goja.FunctionCall) goja.Value {
			p, resolve, _ := vm.NewPromise()
			_ = resolve(data[c.Argument(0).String()])
			return vm.ToValue(p)
		}))
		api := vm.NewObject()
		must(tb, api.Set("storage", storage))
		result, err := handler(goja.Undefined(), api)
		must(tb, err)
		if p := result.Export().(*goja.Promise); p.Result().String() != `{"sum":3}` {
			tb.Fatal(p.Result())
		}
	}
}

// What does a whole invocation cost beside goja doing the same work with
// nothing around it?
func TestInvokeBesideRawGoja(t *testing.T) {
	seen := compare(101, side{100, timed(twoReadsOfAnnex(t))}, side{200, timed(twoReadsOfGoja(t))})
	ratio := seen.ratio(0, 1)
	bar("an invocation with two storage reads, everything on, against raw goja with a fresh realm and a Go map", "at most 4 times",
		fmt.Sprintf("%s: %.1f times", seen.against(0, 1, short), ratio), ratio <= 4)
}

func BenchmarkInvokeTwoReads(b *testing.B) {
	for _, s := range []struct {
		name  string
		setup func(testing.TB) func()
	}{{"annex", twoReadsOfAnnex}, {"raw-goja", twoReadsOfGoja}} {
		b.Run(s.name, func(b *testing.B) {
			run := s.setup(b)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}
