package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/runtime/worker"
)

// What do attacks cost those who share the machine?

// attackWall is the wall-clock limit while attacks run. Each may take all of it.
const attackWall = 250 * time.Millisecond

// attacks are what an interrupt does not stop, or ends a worker.
var attacks = []struct{ name, body string }{
	{"an endless loop", `for (;;);`},
	{"a native function that hangs", `Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`},
	{"a memory bomb", `const all = []; for (;;) all.push(new Array(1e5).fill(0))`},
	{"one huge allocation", `new ArrayBuffer(2**33)`},
	{"native recursion", `const o = {}; Object.defineProperty(o, 'x', {get: Reflect.get.bind(null, o, 'x')}); o.x`},
	{"a panic of the engine", `Array.prototype.findLast.call({length: 2**53 - 1}, Boolean)`},
}

// TestOneInAHundredAnAttack has four callers, each with a well-behaved pair of its
// own. Each hundredth call is an attack of another organization. What counts is
// the time of the other 99, against the same with a harmless call in the attack's
// place: once where the caller waits for the end of its attack, which is not
// counted, so that there are as many calls at the same time as callers; and once
// where nobody waits, so that attacks pile up until the host refuses them.
func TestOneInAHundredAnAttack(t *testing.T) {
	const callers, calls = 4, 400
	o := standard.Options{NoSync: true, Isolation: standard.Process}
	o.Limits.Sandbox.Wall = attackWall
	h := openHost(t, t.TempDir(), o)
	for i := range callers {
		good := fmt.Sprint("good", i)
		install(t, h, good, readAndWrite)
		for began := time.Now(); time.Since(began) < 10*time.Second; { // its first worker may need longer than the limit
			if _, err := h.Invoke(t.Context(), callTo(good)); err == nil {
				break
			}
		}
	}
	installFor(t, h, "evil", "harmless", `export default () => 1`)
	for i, a := range attacks {
		name := fmt.Sprint("attack", i)
		installFor(t, h, "evil", name, `export default () => {`+a.body+`}`)
		for _, way := range []struct {
			what    string
			measure func(*standard.Host, int, string, *atomic.Int64) func(int) time.Duration
		}{{"whose end its caller waits for", withAttacks}, {"that nobody waits for", besideAttacks}} {
			var without, failed atomic.Int64
			seen := compare(5, side{calls, way.measure(h, callers, "harmless", &without)}, side{calls, way.measure(h, callers, name, &failed)})
			rate := seen.ratio(0, 1)
			bar("1 in 100 calls an attack "+way.what+", "+a.name+" (limit "+short(attackWall)+"): rate of the other 99 in jailed workers, against the rate without", "at least 0.8 times",
				fmt.Sprintf("%s: %.2f times; %d of the others failed, %d without", seen.against(1, 0, perSecond), rate, failed.Load(), without.Load()), rate >= 0.8)
		}
	}
}

// withAttacks measures n calls of callers, each hundredth of which is another's.
// The time is that of the others, of all callers together, as if they took turns.
func withAttacks(h *standard.Host, callers int, hundredth string, failed *atomic.Int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var spent atomic.Int64
		var all sync.WaitGroup
		for caller := range callers {
			all.Go(func() {
				good := fmt.Sprint("good", caller)
				for i := range n / callers {
					if i%100 == 25*caller {
						attack(h, hundredth)
						continue
					}
					began := time.Now()
					call(h, good, failed)
					spent.Add(int64(time.Since(began)))
				}
			})
		}
		all.Wait()
		return time.Duration(spent.Load()) / time.Duration(callers)
	}
}

// besideAttacks measures n calls of callers who begin another's for each hundred,
// and do not wait for it.
func besideAttacks(h *standard.Host, callers int, hundredth string, failed *atomic.Int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var made atomic.Int64
		var all, attacks sync.WaitGroup
		began := time.Now()
		for caller := range callers {
			all.Go(func() {
				good := fmt.Sprint("good", caller)
				for {
					i := made.Add(1)
					if i > int64(n) {
						return
					}
					if i%100 == 50 {
						attacks.Go(func() { attack(h, hundredth) })
					}
					call(h, good, failed)
				}
			})
		}
		all.Wait()
		took := time.Since(began)
		attacks.Wait()
		return took
	}
}

func callTo(name string) runtime.Call {
	return runtime.Call{
		ID: "bench", Org: "acme", Extension: "acme." + name, Method: "GET", Path: "do",
		URL: "http://localhost/extensions/acme." + name + "/do", User: user,
	}
}

// call calls a well-behaved extension. On a busy machine it may fail: the limit is
// short, for the attacks.
func call(h *standard.Host, name string, failed *atomic.Int64) {
	if _, err := h.Invoke(context.Background(), callTo(name)); err != nil {
		failed.Add(1)
	}
}

// attack calls an extension of the organization evil. It may fail.
func attack(h *standard.Host, name string) {
	c := callTo(name)
	c.Org, c.User = "evil", &bridge.User{ID: "e", Email: "e@example.com", OrgID: "evil", Role: "admin"}
	_, _ = h.Invoke(context.Background(), c)
}

// What is left of pairs that nobody calls?
func TestIdlePairsHaveNoWorker(t *testing.T) {
	const pairs, called, idle = 1000, 50, 45 * time.Second // workers rest for 30
	h := openHost(t, t.TempDir(), standard.Options{NoSync: true, Isolation: standard.Process})
	manifest := `{
		"id": "acme.idle", "name": "Bench", "version": "1.0.0", "publisher": "acme", "license": "MIT",
		"engines": {"blueplm": "^3.0.0"}, "serverMain": "h.js", "activationEvents": ["onStartup"],
		"contributes": {"apiRoutes": [{"method": "GET", "path": "do", "handler": "h.js"}]},
		"permissions": {}
	}`
	p, err := pack.FromFiles(map[string][]byte{"extension.json": []byte(manifest), "h.js": []byte(`export default () => 1`)}, pack.Options{})
	must(t, err)
	spares := h.Workers().Workers
	for i := range pairs {
		_, err := h.Install(t.Context(), fmt.Sprint("org", i), p, runtime.Consent{By: "bench"})
		must(t, err)
	}
	for i := range called {
		org := fmt.Sprint("org", i)
		c := callTo("idle")
		c.Org, c.User = org, &bridge.User{ID: "u", OrgID: org, Role: "admin"}
		_, err := h.Invoke(t.Context(), c)
		must(t, err)
	}
	busy := h.Workers().Workers
	time.Sleep(idle)
	left := h.Workers()
	bar(fmt.Sprintf("%d installed and idle pairs, of which %d were called %v ago", pairs, called, idle), "no worker at all",
		fmt.Sprintf("%d workers, and %d spares (%d with none installed; %d workers and spares just after the calls)", left.Workers-left.Spares, left.Spares, spares, busy),
		left.Workers == left.Spares)
}

// jailed runs code in jailed workers, without a host around them.
// They are annex, as annex has it, and not this program, which starts with
// all that it is compared with.
func jailed(t *testing.T, c worker.Config, code string) (*worker.Engine, sandbox.Program) {
	t.Helper()
	annex := filepath.Join(t.TempDir(), "annex")
	build := exec.Command("go", "build", "-o", annex, "./cmd/annex")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.Engine, c.Warm = standard.JavaScript, sandbox.Source{Name: "warm.js", Code: []byte("module.exports = async () => 1")}
	c.Command = func() *exec.Cmd { return exec.Command(annex) }
	e, err := worker.New(c)
	must(t, err)
	t.Cleanup(func() { e.Close() })
	p, err := e.Compile(t.Context(), sandbox.Source{Name: "h.js", Code: []byte(code)})
	must(t, err)
	return e, p
}

// What does the first call of a pair wait for?
func TestColdStart(t *testing.T) {
	for _, c := range []struct {
		what   string
		spares int
		bar    time.Duration
	}{{"a spare ready", 2, time.Millisecond}, {"no spare", -1, 15 * time.Millisecond}} {
		e, p := jailed(t, worker.Config{Spares: c.spares, MaxIdle: 100 * time.Millisecond}, `module.exports = () => 1`)
		n := 0
		first := func(int) time.Duration {
			for c.spares > 0 && e.Stats().Spares < c.spares {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(5 * time.Millisecond)
			n++
			began := time.Now()
			_, err := p.Run(t.Context(), sandbox.Invocation{Tenant: fmt.Sprint(n)}, nil)
			must(t, err)
			return time.Since(began)
		}
		seen := compare(51, side{1, first})
		bar("cold start of a pair in a jailed worker, "+c.what, "under "+short(c.bar),
			fmt.Sprintf("%s (at best %s)", short(seen.median(0)), short(slices.Min(seen[0]))), seen.median(0) < c.bar)
	}
}

// How long does a neighbour in the same pair wait for a kill?
func TestKilledAndReplaced(t *testing.T) {
	const wall = 50 * time.Millisecond
	e, loop := jailed(t, worker.Config{}, `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)
	next, err := e.Compile(t.Context(), sandbox.Source{Name: "next.js", Code: []byte(`module.exports = () => 1`)})
	must(t, err)
	kill := func(int) time.Duration {
		began := time.Now()
		_, err := loop.Run(t.Context(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: wall}}, nil)
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout}) {
			t.Fatal(err)
		}
		_, err = next.Run(t.Context(), sandbox.Invocation{Tenant: "t"}, nil)
		must(t, err)
		return time.Since(began) - wall
	}
	seen := compare(31, side{1, kill})
	bar("a native loop: from its deadline until it is killed, answered, and the next call has its answer", "under 20 ms",
		fmt.Sprintf("%s (at best %s)", short(seen.median(0)), short(slices.Min(seen[0]))), seen.median(0) < 20*time.Millisecond)
}

// How does an invocation in a jailed worker, with a fresh realm and every call
// checked, compare with a V8 isolate in a process of its own that is never made
// anew, so that what one call leaves behind the next one sees?
func TestWorkerBesideIsolatedVM(t *testing.T) {
	node := startNode(t)
	seen := compare(31,
		side{100, timed(readsAndWrites(t, standard.Process))},
		side{100, node.measure(t, "process", "callback")},
	)
	times := seen.ratio(1, 0)
	bar("a read and a write, sync off, in a warm jailed worker, against isolated-vm with a Map: a reused isolate in its own process, which has the Map", "no slower",
		fmt.Sprintf("%s: %.3g times faster", seen.against(0, 1, short), times), times >= 1)
}
