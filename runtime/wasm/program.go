package wasm

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// program is a compiled handler. It is a [sandbox.Program].
type program struct {
	engine  *Engine
	source  sandbox.Source
	export  string
	modules *modules

	// personal says that the program reads the configuration while it is
	// initialized: then each invocation has to be initialized for itself.
	personal atomic.Bool

	users  atomic.Int64 // invocations, and one until it is closed
	last   sync.Once
	closed atomic.Bool
	idle   chan *instance // ready instances

	mu    sync.Mutex
	first *initial // nil: nobody has initialized it
}

// initial is the state of a program after its initialization.
type initial struct {
	snapshots []*snapshot
	mono      int64          // what the guest's monotonic clock said
	failed    *sandbox.Error // why there is none
}

// Run implements [sandbox.Program].
func (p *program) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (out sandbox.Output, err error) {
	if ctx.Err() != nil {
		return out, contextError(ctx)
	}
	p.users.Add(1)
	defer p.release()
	if p.closed.Load() {
		return out, &sandbox.Error{Code: sandbox.Canceled, Message: "the program was closed"}
	}
	i := p.newInvocation(inv, call)
	in, failed := p.acquire(ctx, i)
	if failed != nil {
		return i.output(nil, sandbox.Payload{}), failed
	}
	result, failed := in.run(ctx, i)
	out = i.output(in, result)
	p.giveBack(in, failed)
	if failed != nil {
		return out, failed
	}
	return out, nil
}

func (p *program) newInvocation(inv sandbox.Invocation, call sandbox.Caller) *invocation {
	i := &invocation{engine: p.engine, inv: inv, limits: inv.Limits.WithDefaults(), caller: call, input: inv.Input, started: time.Now()}
	i.clock = i.now()
	i.mono = 1 // languages take 0 for a clock that is broken
	i.blobs = inv.Input.Blobs
	if i.limits.Wall > 0 {
		i.ended = i.started.Add(i.limits.Wall)
	}
	if call == nil {
		i.caller = func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
			return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Unavailable, Message: "there is nothing to call"}
		}
	}
	return i
}

func (i *invocation) source() io.Reader {
	if i.inv.Random != nil {
		return i.inv.Random
	}
	return rand.Reader
}

// output says what an invocation came to. in is nil when it had no instance.
func (i *invocation) output(in *instance, result sandbox.Payload) sandbox.Output {
	wall := max(time.Since(i.started), 1)
	out := sandbox.Output{Result: result, Usage: sandbox.Usage{Wall: wall, CPU: max(wall-i.waited, 1), OutputBytes: result.Size()}}
	if in != nil {
		out.Usage.Fuel = in.used(i.granted)
		out.Usage.Memory = in.memory.peak
	}
	return out
}

// used is the fuel that the modules did not give back.
func (in *instance) used(granted int64) uint64 {
	for i := range in.units {
		granted -= int64(in.units[i].fuel.Get())
	}
	return uint64(max(granted, 0))
}

// acquire returns an instance in its initial state.
func (p *program) acquire(ctx context.Context, i *invocation) (*instance, *sandbox.Error) {
	if !i.alone() {
		select {
		case in := <-p.idle:
			return in, nil
		default:
		}
	}
	if p.afresh() || i.alone() {
		in, err := newInstance(p)
		if err != nil {
			return nil, p.broken(i, err)
		}
		if failed := in.initialize(ctx, i); failed != nil {
			in.close()
			return nil, failed
		}
		return in, nil
	}
	first, in, failed := p.initialState(ctx, i)
	if failed != nil || in != nil {
		return in, failed
	}
	in, err := newInstance(p)
	if err != nil {
		return nil, p.broken(i, err)
	}
	if !in.adopt(first.snapshots) {
		in.close()
		return nil, &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory, Message: "there is no memory for another instance"}
	}
	return in, nil
}

// afresh reports whether every invocation has an instance of its own.
func (p *program) afresh() bool { return p.modules.anew || p.personal.Load() }

// alone reports whether an invocation brings its own chance, so that everything
// that the guest does has to see it: from its initialization on.
func (i *invocation) alone() bool { return i.inv.Random != nil }

// initialState initializes the program if nobody has. The instance in which it
// was done is returned, too.
func (p *program) initialState(ctx context.Context, i *invocation) (*initial, *instance, *sandbox.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first != nil {
		return p.first, nil, p.first.failed
	}
	in, err := newInstance(p)
	if err != nil {
		return nil, nil, p.broken(i, err)
	}
	failed := in.initialize(ctx, i)
	if failed == nil && p.personal.Load() {
		return nil, in, nil
	}
	if failed == nil {
		first := &initial{mono: int64(time.Since(p.engine.base))}
		first.snapshots = in.keep()
		p.first = first
		if in.adopt(first.snapshots) {
			return first, in, nil
		}
		failed = &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory, Message: "there is no memory for an instance"}
	}
	in.close()
	if failed.Code == sandbox.Thrown {
		p.first = &initial{failed: failed} // it would throw again
	}
	return nil, nil, failed
}

// broken is the error of a module that cannot be instantiated.
func (p *program) broken(i *invocation, err error) *sandbox.Error {
	if errors.Is(err, errNoMemory) {
		return memoryError()
	}
	return &sandbox.Error{Code: sandbox.Thrown, Name: "LinkError", Message: firstLine(err.Error()), Stack: p.frame(p.export)}
}

// giveBack keeps an instance for the next invocation, as it was before this one.
func (p *program) giveBack(in *instance, failed *sandbox.Error) {
	alone := in.alone()
	in.Context, in.invocation = context.Background(), nil
	if failed != nil && failed.Code != sandbox.Thrown {
		// Whoever waits for an answer does not wait for all of a memory to be freed.
		p.users.Add(1)
		go func() {
			defer p.release()
			in.close()
		}()
		return
	}
	if alone || p.afresh() || p.closed.Load() || !in.reset() {
		in.close()
		return
	}
	select {
	case p.idle <- in:
	default:
		in.close()
	}
}

// release ends a use of the program. The last one closes it.
func (p *program) release() {
	if p.users.Add(-1) > 0 {
		return
	}
	p.last.Do(p.end)
}

func (p *program) end() {
	for {
		select {
		case in := <-p.idle:
			in.close()
			continue
		default:
		}
		break
	}
	p.engine.letGo(p.modules)
	p.engine.users.Done()
}

// Close implements [sandbox.Program].
func (p *program) Close() error {
	if !p.closed.Swap(true) {
		p.release()
	}
	return nil
}
