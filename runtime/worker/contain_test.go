//go:build unix

package worker_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// attack is a handler that, in the process of the host, would end or hang it.
type attack struct {
	name string
	body string
	want []sandbox.Error // any of these: which limit is hit first may depend on the machine
}

var (
	tooLong  = sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}
	tooLarge = sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}
	tooDeep  = sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth}
	thrown   = sandbox.Error{Code: sandbox.Thrown}
)

// attacks has one of each class that an interrupt does not stop, or that ends a
// process.
var attacks = []attack{
	{"native loop", `Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`, []sandbox.Error{tooLong}},
	{"native iterator without end", `new Set({[Symbol.iterator]: Object.bind(null, {next: Object.bind(null, {value: 1})})})`, []sandbox.Error{tooLong, tooLarge}},
	{"big numbers", `let two = 2n; two ** (two ** 30n)`, []sandbox.Error{tooLong, tooLarge, thrown}},
	{"native microtasks", `const o = {}; o.then = Promise.resolve.bind(Promise, o); return o`, []sandbox.Error{tooLong, tooLarge}},
	{"bad regular expression", `/^(a+)+\1$/.test("a".repeat(60) + "b")`, []sandbox.Error{tooLong}},
	{"native recursion", `const o = {}; Object.defineProperty(o, 'x', {get: Reflect.get.bind(null, o, 'x')}); o.x`, []sandbox.Error{tooDeep, tooLarge, tooLong}},
	{"delegated generators", `function* g(n) { yield* g(n + 1) } for (const x of g(0));`, []sandbox.Error{tooDeep, tooLong, tooLarge}},
	{"one huge allocation", `new ArrayBuffer(2**33)`, []sandbox.Error{tooLarge, thrown}},
	{"one impossible allocation", `'x'.repeat(2**40)`, []sandbox.Error{tooLarge, thrown}},
	{"memory bit by bit", `const all = []; for (;;) all.push(new Array(1e5).fill(0))`, []sandbox.Error{tooLarge, tooLong}},
	{"memory by doubling", `let s = 'x'; for (;;) s += s`, []sandbox.Error{tooLarge, thrown}},
	{"memory in one native call", `JSON.stringify(new Array(2e7).fill("\u0001\u0001\u0001\u0001\u0001\u0001"))`, []sandbox.Error{tooLarge, tooLong}},
	{"arguments of a native function", `Math.max.apply(null, {length: 2**31 - 1})`, []sandbox.Error{tooLarge, tooLong, thrown}},
	{"bytecode loop", `for (;;);`, []sandbox.Error{tooLong}},
}

// attackTime is the wall-clock limit of attacks.
const attackTime = 500 * time.Millisecond

func TestAttacksAreContained(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for a minute")
	}
	if worker.RaceDetector {
		t.Skip("the race detector's memory hides that of the guests")
	}
	e := newEngine(t, worker.Config{})
	defer e.Close()
	echo := compile(t, e, `module.exports = api => api.request.body`)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			p := compile(t, e, `module.exports = () => { `+a.body+` }`)
			start := time.Now()
			out, err := p.Run(context.Background(), sandbox.Invocation{
				ID: a.name, Tenant: "attacker", Limits: sandbox.Limits{Wall: attackTime, Memory: 64 << 20},
			}, nil)
			took := time.Since(start)
			if !oneOf(err, a.want) {
				t.Errorf("got %#v, want one of %+v", err, a.want)
			}
			// The machine may have other things to do; how exact the limit is
			// kept a benchmark says.
			if took > attackTime+5*time.Second {
				t.Errorf("took %v with a limit of %v", took, attackTime)
			}
			t.Logf("%v after %v (CPU %v)", err, took.Round(time.Millisecond), out.Usage.CPU.Round(time.Millisecond))
			for _, tenant := range []string{"attacker", "neighbour"} {
				out, err := echo.Run(context.Background(), sandbox.Invocation{Tenant: tenant, Input: body(`"alive"`)}, nil)
				if err != nil || string(out.Result.JSON) != `"alive"` {
					t.Errorf("%s's next invocation: got %s, %v", tenant, out.Result.JSON, err)
				}
			}
		})
	}
}

func oneOf(err error, want []sandbox.Error) bool {
	for i := range want {
		if errors.Is(err, &want[i]) {
			return true
		}
	}
	return false
}

func compile(t testing.TB, e sandbox.Engine, code string) sandbox.Program {
	t.Helper()
	p, err := e.Compile(context.Background(), sandbox.Source{Name: "guest.js", Code: []byte(code)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// body is an input with a request that has a body.
func body(text string) sandbox.Payload {
	return sandbox.Payload{JSON: []byte(`{"request":{"method":"POST","body":` + text + `},"user":null,"config":{}}`)}
}

// TestCompilingIsContained is that a source which would end the compiler's
// process is refused, and that the next one is compiled.
func TestCompilingIsContained(t *testing.T) {
	e := newEngine(t, worker.Config{CompileTime: 2 * time.Second, CompileMemory: 64 << 20})
	defer e.Close()
	for name, code := range map[string]string{
		"nested":     strings.Repeat("[", 400_000),
		"long chain": "a" + strings.Repeat("=a", 400_000),
		"large":      strings.Repeat("x;", 600_000),
		"computed":   "2n ** (2n ** 30n)", // the compiler folds constants
	} {
		_, err := e.Compile(context.Background(), sandbox.Source{Name: "bomb.js", Code: []byte(code)})
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) || !strings.Contains(err.Error(), "bomb.js") {
			t.Errorf("%s: got %v, want code invalid and the name", name, err)
		}
	}
	compile(t, e, `module.exports = () => 1`)
}

// TestBystanders is that who runs in the worker of a guilty invocation is run
// again, unless it had made calls.
func TestBystanders(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	loop := compile(t, e, `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)
	const waits = `while (Date.now() < 1000) await new Promise(r => setTimeout(r, 5)); return "done" }`
	for _, c := range []struct {
		name, code string
		want       *sandbox.Error
	}{
		{"without calls", `module.exports = async () => { ` + waits, nil},
		{"with a call", `module.exports = async ({test}) => { await test.brief(1); ` + waits, &sandbox.Error{Code: sandbox.Unavailable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, e, c.code)
			var readings atomic.Int32
			var over atomic.Bool
			began := make(chan struct{})
			now := func() time.Time { // what the bystander waits for
				if readings.Add(1) == 10 { // its call, if it makes one, was answered
					close(began)
				}
				if over.Load() {
					return time.Unix(1, 0)
				}
				return time.Unix(0, 0)
			}
			bystander := make(chan error, 1)
			go func() {
				out, err := p.Run(context.Background(), sandbox.Invocation{Tenant: "t", Now: now, Random: rand.Reader}, answerRow)
				if err == nil && string(out.Result.JSON) != `"done"` {
					err = errors.New("got " + string(out.Result.JSON))
				}
				bystander <- err
			}()
			select {
			case <-began:
			case err := <-bystander:
				t.Fatalf("the bystander ended before the attack: %v", err)
			}
			_, err := loop.Run(context.Background(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: 100 * time.Millisecond}}, nil)
			if !errors.Is(err, &tooLong) {
				t.Errorf("the guilty one: got %v, want a timeout", err)
			}
			over.Store(true)
			if err := <-bystander; !sameError(err, c.want) {
				t.Errorf("the bystander: got %v, want %v", err, c.want)
			}
		})
	}
}

func sameError(got error, want *sandbox.Error) bool {
	if want == nil {
		return got == nil
	}
	return errors.Is(got, want)
}

// TestCPU is that a native loop is ended at the CPU limit, long before the
// wall-clock limit, although other invocations run in the same worker.
func TestCPU(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	loop := compile(t, e, `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)
	wait := compile(t, e, `module.exports = () => new Promise(r => setTimeout(r, 1000, "done"))`)
	waited := make(chan error, 1)
	go func() {
		_, err := wait.Run(context.Background(), sandbox.Invocation{Tenant: "t"}, nil)
		waited <- err
	}()
	eventually(t, "the other one runs", func() bool { return e.Stats().Busy == 1 })
	out, err := loop.Run(context.Background(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: time.Minute, CPU: 200 * time.Millisecond}}, nil)
	if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonCPU}) {
		t.Fatalf("got %v, want the CPU limit", err)
	}
	if !strings.Contains(err.Error(), "200ms") || out.Usage.CPU < 200*time.Millisecond {
		t.Errorf("got %q, CPU %v", err, out.Usage.CPU)
	}
	if err := <-waited; err != nil {
		t.Errorf("the invocation that only waited: %v", err)
	}
}
