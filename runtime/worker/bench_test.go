//go:build unix

package worker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/worker"
)

// The benchmarks run the same program in a worker and in this process.

const twoCalls = `module.exports.default = async ({test}) => {
  const a = await test.brief("a")
  const b = await test.brief("b")
  return {a, b}
}`

var benchInput = sandbox.Payload{JSON: []byte(`{"request":{"method":"GET","path":"notes/1","url":"http://localhost/extensions/acme.notes/notes/1","query":{},"params":{"id":"1"},"headers":{"accept":"*/*"},"id":"r1"},"user":{"id":"u1","email":"a@example.com","orgId":"demo","role":"admin"},"config":{}}`)}

func answerRow(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
	return sandbox.Payload{JSON: []byte(`{"n":1}`)}, nil
}

// tiers runs f for each place where a program can run.
func tiers(b *testing.B, body string, f func(b *testing.B, p sandbox.Program)) {
	engines := []struct {
		name string
		make func() (sandbox.Engine, error)
	}{
		{"in process", func() (sandbox.Engine, error) { return js.New(js.Config{API: sandboxtest.API()}) }},
		{"worker", func() (sandbox.Engine, error) { return worker.New(worker.Config{Engine: "javascript"}) }},
	}
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			engine, err := e.make()
			if err != nil {
				b.Fatal(err)
			}
			defer engine.Close()
			p, err := engine.Compile(context.Background(), sandbox.Source{Name: "bench.js", Code: []byte(body)})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			f(b, p)
		})
	}
}

func invoke(b *testing.B, p sandbox.Program, tenant string) {
	if _, err := p.Run(context.Background(), sandbox.Invocation{Tenant: tenant, Input: benchInput}, answerRow); err != nil {
		b.Error(err)
	}
}

// BenchmarkInvoke is an invocation with two calls out of the sandbox, in a warm worker.
func BenchmarkInvoke(b *testing.B) {
	tiers(b, twoCalls, func(b *testing.B, p sandbox.Program) {
		invoke(b, p, "")
		for b.Loop() {
			invoke(b, p, "")
		}
	})
}

// BenchmarkInvokeParallel is the same from four tenants at the same time.
func BenchmarkInvokeParallel(b *testing.B) {
	tiers(b, twoCalls, func(b *testing.B, p sandbox.Program) {
		var all sync.WaitGroup
		var left atomic.Int64
		left.Store(int64(b.N))
		for _, tenant := range []string{"a", "b", "c", "d"} {
			all.Go(func() {
				for left.Add(-1) >= 0 {
					invoke(b, p, tenant)
				}
			})
		}
		all.Wait()
	})
}

// BenchmarkNothing is an invocation that does nothing.
func BenchmarkNothing(b *testing.B) {
	tiers(b, `module.exports = () => {}`, func(b *testing.B, p sandbox.Program) {
		for b.Loop() {
			invoke(b, p, "")
		}
	})
}

// BenchmarkCall is one more call in an invocation that makes a thousand.
func BenchmarkCall(b *testing.B) {
	const calls = 1000
	for _, c := range []struct{ name, body string }{
		{"brief", `module.exports = async ({test}) => { for (let i = 0; i < 1000; i++) await test.brief("key") }`},
		{"later", `module.exports = async ({test}) => { for (let i = 0; i < 1000; i++) await test.later("key") }`},
		{"together", `module.exports = async ({test}) => { for (let i = 0; i < 20; i++) await Promise.all(Array.from({length: 50}, () => test.later("key"))) }`},
	} {
		b.Run(c.name, func(b *testing.B) {
			tiers(b, c.body, func(b *testing.B, p sandbox.Program) {
				for range b.N/calls + 1 {
					invoke(b, p, "")
				}
			})
		})
	}
}
