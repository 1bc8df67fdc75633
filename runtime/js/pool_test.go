package js_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// lines is a Caller that keeps what it is sent.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) call(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, method+string(args.JSON))
	return sandbox.Payload{}, nil
}

func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// eventually waits until what is true.
func eventually(t *testing.T, rule string, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", rule)
		}
	}
}

// TestWarmRealms checks that modules are loaded ahead, each realm serves once,
// and what the module wrote arrives with the invocation that uses the realm.
func TestWarmRealms(t *testing.T) {
	program, err := compile(t, js.Config{API: logAPI, Warm: 2}, sandbox.Source{Name: "w.js", Code: []byte(`
		const loaded = Date.now(), chance = Math.random()
		console.log("loading", { n: 1 })
		let served = 0
		module.exports = () => ({ loaded, chance, served: ++served })`)})
	if err != nil {
		t.Fatal(err)
	}
	chances := map[string]bool{}
	warm := 0
	for range 50 {
		var log lines
		begun := time.Now().UnixMilli()
		out, err := program.Run(context.Background(), sandbox.Invocation{}, log.call)
		if err != nil {
			t.Fatal(err)
		}
		var loaded int64
		var chance string
		if _, err := fmt.Sscanf(strings.ReplaceAll(string(out.Result.JSON), ",", " "), `{"loaded":%d "chance":%s "served":1}`, &loaded, &chance); err != nil {
			t.Fatalf("%s: %v", out.Result.JSON, err)
		}
		if loaded < begun {
			warm++
		}
		if chances[chance] {
			t.Errorf("a realm served twice: %s", out.Result.JSON)
		}
		chances[chance] = true
		if got := strings.Join(log.take(), "|"); got != `log.info{"message":"loading { n: 1 }"}` {
			t.Errorf("got log %s", got)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if warm == 0 {
		t.Error("no invocation had a warm realm")
	}
}

// TestWarmFails checks that a module that cannot be loaded ahead fails its
// invocations itself, each with its own error.
func TestWarmFails(t *testing.T) {
	for _, c := range []struct {
		rule, body string
		want       *sandbox.Error
	}{
		{"throws", `throw new Error("no")`, &sandbox.Error{Code: sandbox.Thrown}},
		{"rejects", `Promise.reject(new Error("no")); module.exports = () => 1`, &sandbox.Error{Code: sandbox.Thrown}},
		{"runs for ever", `for (;;);`, &sandbox.Error{Code: sandbox.Timeout}},
		{"recurses", `(function f() { f() })()`, &sandbox.Error{Code: sandbox.Exhausted}},
		{"exports nothing", ``, &sandbox.Error{Code: sandbox.Invalid}},
	} {
		program, err := compile(t, js.Config{Warm: 2}, sandbox.Source{Name: "w.js", Code: []byte(c.body)})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			_, err := program.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: 50 * time.Millisecond}}, nil)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want code %s", c.rule, err, c.want.Code)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// TestWarmTimers checks that what a module starts while it is loaded goes on in
// the invocation, and ends with it.
func TestWarmTimers(t *testing.T) {
	program, err := compile(t, js.Config{Warm: 2}, sandbox.Source{Name: "w.js", Code: []byte(`
		let ready, ticks = 0
		const loaded = new Promise(resolve => { ready = resolve })
		setTimeout(() => ready("late"), 5)
		setInterval(() => ticks++, 1)
		module.exports = async () => [await loaded, typeof ticks]`)})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		out, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		if err != nil || string(out.Result.JSON) != `["late","number"]` {
			t.Fatalf("got %s, %v", out.Result.JSON, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestWarmRealmsAreLikeColdOnes uses what a warm realm has made ahead, under
// modules that change what it is made of.
func TestWarmRealmsAreLikeColdOnes(t *testing.T) {
	for _, c := range []struct{ rule, module, handler, want string }{
		{"globals", ``, `return [new URL("http://x/?a=1").searchParams.get("a"), crypto.randomUUID().length, typeof structuredClone]`, `["1",36,"function"]`},
		{"a response", ``, `return new Response("x", {status: 201})`, `{"type":"annex.response","status":201,"headers":[["content-type","text/plain;charset=UTF-8"]],"body":"x"}`},
		{"methods and wrappers", ``, `return [await api.plain.async(1), api.wrapped.upper("x")]`, `[{"a":1},{"a":"X","b":"a,b"}]`},
		{"a method that breaks", ``, `try { api.wrapped.broken } catch (e) { return e.message }`, `"wrapper"`},
		{"a global of the module's own", `globalThis.URL = class { href = "mine" };`, `return new URL("http://x").href`, `"mine"`},
		{"changed built-ins", `Object.defineProperty = Array.prototype.map = Symbol.iterator = null; globalThis.Object = 1;`, `try { URL; return "made" } catch (e) { return "failed" }`, `"failed"`},
	} {
		program, err := compile(t, js.Config{API: wrapped, Warm: 2}, sandbox.Source{Name: "w.js", Code: []byte(c.module + "\nmodule.exports = async api => { " + c.handler + " }")})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			out, err := program.Run(context.Background(), sandbox.Invocation{}, func(_ context.Context, _ string, args sandbox.Payload) (sandbox.Payload, error) {
				return args, nil
			})
			if got := string(out.Result.JSON); err != nil || got != c.want {
				t.Errorf("%s, invocation %d: got %s, %v, want %s", c.rule, i, got, err, c.want)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// TestEarlyOutputIsBounded writes more while it is loaded than is kept.
func TestEarlyOutputIsBounded(t *testing.T) {
	program, err := compile(t, js.Config{API: logAPI}, sandbox.Source{Name: "w.js", Code: []byte(`
		for (let i = 0; i < 10000; i++) console.log("x".repeat(i % 100))
		module.exports = () => {}`)})
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	if _, err := program.Run(context.Background(), sandbox.Invocation{}, log.call); err != nil {
		t.Fatal(err)
	}
	if n := len(log.take()); n == 0 || n > 100 {
		t.Errorf("got %d lines, want 1 to 100", n)
	}
}

// TestIdleProgramsDropTheirRealms counts what the garbage collector finds.
func TestIdleProgramsDropTheirRealms(t *testing.T) {
	program, err := compile(t, js.Config{Warm: 4, WarmFor: 20 * time.Millisecond}, sandbox.Source{Name: "w.js", Code: []byte(`
		const ballast = new Uint8Array(16 << 20)
		module.exports = () => ballast.length`)})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc >> 20
	}
	before := uint64(0)
	eventually(t, "realms were made ahead", func() bool {
		if _, err := program.Run(context.Background(), sandbox.Invocation{}, nil); err != nil {
			t.Fatal(err)
		}
		before = max(before, heap())
		return before > 60
	})
	eventually(t, "the idle program's realms were dropped", func() bool { return heap() < before/2 })
	if _, err := program.Run(context.Background(), sandbox.Invocation{}, nil); err != nil {
		t.Errorf("after it was idle: %v", err)
	}
}

// TestCloseEndsLoading closes an engine while it loads a module without end.
func TestCloseEndsLoading(t *testing.T) {
	before := runtime.NumGoroutine()
	engine, err := js.New(js.Config{Warm: 2})
	if err != nil {
		t.Fatal(err)
	}
	loops := time.Now().Add(300 * time.Millisecond) // from then on the module does not end
	program, err := engine.Compile(context.Background(), sandbox.Source{Name: "w.js", Code: fmt.Appendf(nil, `
		if (Date.now() > %d) for (;;);
		module.exports = () => 1`, loops.UnixMilli())})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	limits := sandbox.Limits{Wall: time.Minute, CPU: time.Minute}
	if _, err := program.Run(ctx, sandbox.Invocation{Limits: limits}, nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(loops.Add(20 * time.Millisecond)))
	if _, err := program.Run(ctx, sandbox.Invocation{Limits: limits}, nil); err != nil {
		t.Skipf("the machine was too busy to load a realm in 300 ms: %v", err)
	}
	time.Sleep(20 * time.Millisecond) // now the engine loads another realm, without end
	program.Close()
	start := time.Now()
	engine.Close()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("closing took %v", took)
	}
	eventually(t, "the goroutines ended", func() bool { return runtime.NumGoroutine() <= before })
}
