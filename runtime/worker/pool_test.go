//go:build unix

package worker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// eventually waits until ok, on a machine that has other things to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func runFor(t *testing.T, p sandbox.Program, tenant string) {
	t.Helper()
	if _, err := p.Run(context.Background(), sandbox.Invocation{Tenant: tenant}, answerRow); err != nil {
		t.Errorf("%s: %v", tenant, err)
	}
}

func TestTenantsShareNoWorker(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	p := compile(t, e, `module.exports = () => 1`)
	owner := map[int]string{}
	for range 3 {
		for _, tenant := range []string{"a", "b", "c"} {
			runFor(t, p, tenant)
			for _, pid := range e.WorkersOf(tenant) {
				if other := owner[pid]; other != "" && other != tenant {
					t.Errorf("process %d ran %s and %s", pid, other, tenant)
				}
				owner[pid] = tenant
			}
		}
	}
	if len(owner) != 3 {
		t.Errorf("%d workers for 3 tenants, one after the other", len(owner))
	}
}

// TestInvocationsShareAWorker is that one worker takes what a tenant calls at
// the same time, up to its lanes, and a second one the rest.
func TestInvocationsShareAWorker(t *testing.T) {
	e := newEngine(t, worker.Config{Lanes: 3, PerTenant: 2})
	defer e.Close()
	p := compile(t, e, `module.exports = ({test}) => test.later(1)`)
	for n, want := range map[int]int{3: 1, 6: 2, 9: 2} {
		var group sync.WaitGroup
		var running atomic.Int64
		end := make(chan struct{})
		tenant := string(rune('0' + n))
		for range n {
			group.Go(func() {
				_, err := p.Run(context.Background(), sandbox.Invocation{Tenant: tenant}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
					running.Add(1)
					select {
					case <-end:
					case <-ctx.Done():
					}
					return sandbox.Payload{JSON: []byte("1")}, ctx.Err()
				})
				if err != nil {
					t.Errorf("%d at the same time: %v", n, err)
				}
			})
		}
		eventually(t, "every lane has an invocation", func() bool { return running.Load() == int64(min(n, 6)) })
		if got := len(e.WorkersOf(tenant)); got != want {
			t.Errorf("%d invocations at the same time in %d workers, want %d", n, got, want)
		}
		close(end)
		group.Wait()
	}
}

// TestWaitingEndsAtTheLimit is that an invocation whose time is over before
// there was a worker for it is told that.
func TestWaitingEndsAtTheLimit(t *testing.T) {
	e := newEngine(t, worker.Config{Lanes: 1, PerTenant: 1})
	defer e.Close()
	p := compile(t, e, `module.exports = () => new Promise(r => setTimeout(r, 1000))`)
	var group sync.WaitGroup
	group.Go(func() { runFor(t, p, "a") })
	eventually(t, "the tenant has a worker", func() bool { return len(e.WorkersOf("a")) == 1 })
	_, err := p.Run(context.Background(), sandbox.Invocation{Tenant: "a", Limits: sandbox.Limits{Wall: 5 * time.Millisecond}}, answerRow)
	if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}) {
		t.Errorf("got %v, want a timeout", err)
	}
	group.Wait()
}

func TestRetirement(t *testing.T) {
	t.Run("after a number of invocations", func(t *testing.T) {
		e := newEngine(t, worker.Config{MaxCalls: 2})
		defer e.Close()
		p := compile(t, e, `module.exports = () => 1`)
		runFor(t, p, "t")
		first := e.WorkersOf("t")
		runFor(t, p, "t")
		eventually(t, "the first worker ends", func() bool { return !slices.Contains(e.Processes(), first[0]) })
		runFor(t, p, "t")
	})
	t.Run("after a time", func(t *testing.T) {
		e := newEngine(t, worker.Config{MaxAge: time.Millisecond, MaxIdle: time.Hour})
		defer e.Close()
		runFor(t, compile(t, e, `module.exports = () => 1`), "t")
		eventually(t, "the worker ends", func() bool { return len(e.WorkersOf("t")) == 0 })
	})
	t.Run("when idle", func(t *testing.T) {
		e := newEngine(t, worker.Config{MaxIdle: 50 * time.Millisecond})
		defer e.Close()
		runFor(t, compile(t, e, `module.exports = () => 1`), "t")
		eventually(t, "an idle tenant has no worker", func() bool { return len(e.WorkersOf("t")) == 0 })
		eventually(t, "nothing but the spares is left", func() bool { s := e.Stats(); return s.Workers == 2 && s.Spares == 2 })
	})
	t.Run("after a limit", func(t *testing.T) {
		e := newEngine(t, worker.Config{})
		defer e.Close()
		runFor(t, compile(t, e, `module.exports = () => 1`), "t")
		first := e.WorkersOf("t")
		deep := compile(t, e, `module.exports = function f() { return f() + 1 }`)
		if _, err := deep.Run(context.Background(), sandbox.Invocation{Tenant: "t"}, nil); !errors.Is(err, &tooDeep) {
			t.Errorf("got %v", err)
		}
		runFor(t, compile(t, e, `module.exports = () => 1`), "t")
		if now := e.WorkersOf("t"); !slices.Equal(now, first) {
			t.Errorf("after a depth that was counted: workers %v, want %v again", now, first)
		}
		long := compile(t, e, `module.exports = () => { for (;;); }`)
		if _, err := long.Run(context.Background(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: 50 * time.Millisecond}}, nil); !errors.Is(err, &tooLong) {
			t.Errorf("got %v", err)
		}
		eventually(t, "the worker ends", func() bool { return !slices.Contains(e.WorkersOf("t"), first[0]) })
	})
}

// TestMaximum is that tenants who wait for a worker get the one that was idle
// for longest, and that who waits too long is told when to come again.
func TestMaximum(t *testing.T) {
	e := newEngine(t, worker.Config{Max: 2, Spares: -1, MaxWait: 2 * time.Second})
	defer e.Close()
	quick := compile(t, e, `module.exports = () => 1`)
	for _, tenant := range []string{"a", "b", "c", "d"} {
		runFor(t, quick, tenant)
	}
	slow := compile(t, e, `module.exports = () => new Promise(r => setTimeout(r, 60000))`)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var group sync.WaitGroup
	for _, tenant := range []string{"e", "f"} {
		group.Go(func() {
			_, err := slow.Run(ctx, sandbox.Invocation{Tenant: tenant, Limits: sandbox.Limits{Wall: time.Minute}}, nil)
			if !errors.Is(err, &sandbox.Error{Code: sandbox.Canceled}) {
				t.Errorf("%s: got %v", tenant, err)
			}
		})
	}
	eventually(t, "both workers are busy", func() bool { return e.Stats().Busy == 2 })
	_, err := quick.Run(context.Background(), sandbox.Invocation{Tenant: "g"}, nil)
	var refused *sandbox.Error
	if !errors.As(err, &refused) || refused.Code != sandbox.Unavailable || refused.RetryAfter == 0 {
		t.Errorf("got %#v, want unavailable and when to try again", err)
	}
	stop()
	group.Wait()
	runFor(t, quick, "g")
}

// TestSlowedDown is that a tenant whose workers die before their first answer
// waits for the next one, and nobody else does; and that the operator is told
// whose they are, also where a worker belongs to one program of the tenant.
func TestSlowedDown(t *testing.T) {
	for name, c := range map[string]struct {
		how         sandbox.Payload
		machineCode bool
	}{
		"dying":                      {sandbox.Payload{JSON: []byte("exit")}, false},
		"dying with one program":     {sandbox.Payload{JSON: []byte("exit")}, true},
		"saying what they must not":  {sandbox.Payload{JSON: []byte("wait"), Blobs: [][]byte{frame(99)}}, false},
		"and on the control socket":  {sandbox.Payload{JSON: []byte("wait"), Blobs: [][]byte{onControl(frame(99))}}, false},
		"closing what leads to them": {sandbox.Payload{JSON: []byte("close")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := worker.New(worker.Config{Engine: "liar", Jail: worker.JailOff, MachineCode: c.machineCode})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			slowedDown(t, e, sandbox.Invocation{Tenant: "bad", Input: c.how})
		})
	}
}

func slowedDown(t *testing.T, e *worker.Engine, dying sandbox.Invocation) {
	p := compile(t, e, "")
	deaths := uint64(0)
	die := func() {
		deaths++
		if _, err := p.Run(context.Background(), dying, nil); err == nil {
			t.Fatal("a dead worker answered")
		}
	}
	start := time.Now()
	for range 4 {
		die()
	}
	if took := time.Since(start); took < 20*time.Millisecond+40*time.Millisecond+80*time.Millisecond {
		t.Errorf("4 workers died within %v", took)
	}
	// The wait may be over before anybody looks.
	for tries := 10; ; tries-- {
		die()
		slow, s := e.Slowed(), e.Stats()
		if s.Slowed == 1 && len(slow) == 1 && slow[0].Tenant == "bad" && slow[0].Wait > 0 && slow[0].Wait <= time.Second {
			break
		}
		if tries == 0 {
			t.Fatalf("slowed: %+v, %+v, want bad, for a second at most", slow, s)
		}
	}
	runFor(t, p, "good")
	runFor(t, p, "bad") // and is not slow once it has answered
	if s := e.Stats(); s.Slowed != 0 || s.Crashed+s.Ended != deaths {
		t.Errorf("got %+v, want none slowed and %d dead", s, deaths)
	}
}

// TestALimitSlowsNobodyDown is that the next invocation finds a worker at once
// after one that was ended by a limit before its first answer.
func TestALimitSlowsNobodyDown(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	p := compile(t, e, `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)
	for range 4 {
		_, err := p.Run(context.Background(), sandbox.Invocation{Tenant: "t", Limits: sandbox.Limits{Wall: 200 * time.Millisecond}}, nil)
		if !errors.Is(err, &tooLong) {
			t.Errorf("got %v, want a timeout", err)
		}
		if slow := e.Slowed(); len(slow) > 0 {
			t.Errorf("the next invocation waits: %+v", slow)
		}
	}
	if s := e.Stats(); s.Ended == 0 {
		t.Errorf("no worker was ended: %+v", s)
	}
}

// TestClosedEngine is that nothing begins after Close, and nothing hangs.
func TestClosedEngine(t *testing.T) {
	e := newEngine(t, worker.Config{})
	p := compile(t, e, `module.exports = () => new Promise(r => setTimeout(r, 60000))`)
	running := make(chan error, 1)
	go func() {
		_, err := p.Run(context.Background(), sandbox.Invocation{}, nil)
		running <- err
	}()
	eventually(t, "it runs", func() bool { return e.Stats().Busy == 1 })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"running": <-running, "new": runError(p)} {
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) {
			t.Errorf("%s: got %v, want unavailable", name, err)
		}
	}
}

func runError(p sandbox.Program) error {
	_, err := p.Run(context.Background(), sandbox.Invocation{}, nil)
	return err
}

// TestNoEngine is that a worker which cannot become what was asked for says so.
func TestNoEngine(t *testing.T) {
	e, err := worker.New(worker.Config{Engine: "cobol"})
	if err == nil {
		e.Close()
		t.Fatal("there is an engine for cobol")
	}
	if want := `no engine "cobol"`; !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestWhatWasTriedIsNotTriedAgain is that a source which was compiled before needs
// no worker to try it, and that one which was not, whatever is said of it, fails
// when it runs.
func TestWhatWasTriedIsNotTriedAgain(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	eventually(t, "the spares are there", func() bool { return e.Stats().Spares == 2 })
	before := e.Processes()
	for code, want := range map[string]*sandbox.Error{
		"module.exports = () => 1": nil,
		"module.exports = ((":      {Code: sandbox.Invalid},
	} {
		p, err := e.Compile(context.Background(), sandbox.Source{Name: "guest.js", Code: []byte(code), Tried: true})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if now := e.Processes(); !slices.Equal(now, before) {
			t.Errorf("compiling %s took processes %v beside %v", code, now, before)
		}
		if err := runError(p); !sameError(err, want) {
			t.Errorf("running %s: got %v, want %v", code, err, want)
		}
		eventually(t, "the spares are there again", func() bool { return e.Stats().Spares == 2 })
		before = e.Processes()
	}
}
