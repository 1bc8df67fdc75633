package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// lane is the host's side of a lane. It belongs to one invocation at a time,
// whose goroutine reads it.
type lane struct {
	worker *worker
	number int64
	thread atomic.Int64 // of the worker, that serves the lane; 0: not known yet
	cpu    atomic.Int64 // 1 + the processor that thread is bound to; 0: to none
	place  atomic.Int64 // 2 + the processor that the invocation has; 1: elsewhere; 0: none
	file   file
	in     reader
	run    atomic.Int64 // number of the last invocation
	job    *invocation  // that has the lane; guarded by the pool's mu
	opened bool         // the worker has said by which thread; guarded by the pool's mu

	writing sync.Mutex
	out     []byte
}

// errProtocol is a worker that says what it must not.
type errProtocol struct{ what string }

func (e *errProtocol) Error() string { return "worker: " + e.what }

func protocolf(format string, args ...any) error {
	return &errProtocol{fmt.Sprintf(format, args...)}
}

// endOfFile reports whether err says that the other side has gone.
func endOfFile(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// send writes a frame.
func (l *lane) send(k kind, fill func([]byte) []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	frame, err := endFrame(fill(beginFrame(l.out, k)))
	l.out = frame
	if err != nil {
		return err
	}
	_, err = l.file.Write(frame)
	return err
}

// compile has the program compiled in the lane's worker.
func (l *lane) compile(i *invocation) (sandbox.Output, error) {
	err := l.load(i.program)
	l.worker.forget(i.program.hash)
	return sandbox.Output{}, err
}

// prepare adds to a source what it is compiled to, where that is done here.
func (l *lane) prepare(src sandbox.Source) (sandbox.Source, error) {
	pre := l.worker.pool.config.Precompiler
	if pre == nil || l.worker.pool.compiles {
		return src, nil
	}
	return pre.Prepare(context.Background(), src)
}

// load makes the worker have a program, unless it does already.
func (l *lane) load(p *program) error {
	loading, first := l.worker.loading(p.hash)
	if !first {
		select {
		case <-loading.done:
			return loading.failed()
		case <-l.worker.dead:
			return io.EOF
		}
	}
	source, err := l.prepare(p.source)
	if err != nil {
		failed := sandbox.AsError(err)
		l.worker.loaded(p.hash, loading, failed)
		return failed
	}
	err = l.send(kindLoad, func(b []byte) []byte { return appendSource(appendInt(b, loading.number), source) })
	if err != nil {
		return err
	}
	const most = 128 << 10 // an error
	k, f, err := l.in.next(most)
	if err != nil {
		return err
	}
	failed := f.error()
	if k != kindLoaded || f.done() != nil {
		return protocolf("frame %d in answer to a program", k)
	}
	l.worker.loaded(p.hash, loading, checkError(failed))
	return loading.failed()
}

// invoke runs an invocation in the lane's worker.
func (l *lane) invoke(i *invocation) (sandbox.Output, error) {
	if err := l.load(i.program); err != nil {
		return sandbox.Output{}, err
	}
	defer l.near()()
	m := run{
		program: l.worker.numberOf(i.program.hash), number: l.run.Add(1),
		id: i.asked.ID, limits: i.limits, input: i.asked.Input, chance: i.asked.Random != nil, hurry: i.asked.Hurry,
	}
	// Given randomness comes with a clock that counts its readings: a recording
	// or its replay. None is spent here.
	if m.clock = clockServed; i.asked.Now == nil || i.asked.Random == nil {
		m.clock, m.shift = clockOf(i.asked.Now)
	}
	i.clock = m.clock
	if err := l.send(kindRun, m.append); err != nil {
		return sandbox.Output{}, err
	}
	max := frameLimit(i.limits)
	for {
		k, f, err := l.in.next(max)
		if err != nil {
			return sandbox.Output{}, err
		}
		if k == kindDone {
			return l.outcome(i, f)
		}
		if err := l.serve(i, k, f); err != nil {
			return sandbox.Output{}, err
		}
	}
}

// clockOf says how a worker learns what a clock says. A time with a monotonic
// reading comes from this machine's clock, which the worker has too; any other
// clock is the host's to read.
func clockOf(now func() time.Time) (clock, time.Duration) {
	if now == nil {
		return clockOwn, 0
	}
	t := now()
	if t == t.Round(0) {
		return clockServed, 0
	}
	shift := time.Until(t)
	if shift.Abs() < time.Millisecond {
		return clockOwn, 0
	}
	return clockOwn, shift
}

// frameLimit is how large a frame of a worker may be.
func frameLimit(l sandbox.Limits) int {
	const rest = 256 << 10 // an error, a method's name, lengths
	if l.ArgumentBytes < 0 || l.OutputBytes < 0 {
		return maxFrame
	}
	return int(min(max(l.ArgumentBytes, l.OutputBytes)+rest, maxFrame))
}

// outcome checks how an invocation ended.
func (l *lane) outcome(i *invocation, f fields) (sandbox.Output, error) {
	d := f.doneMessage()
	if err := f.done(); err != nil {
		return sandbox.Output{}, err
	}
	if d.number != l.run.Load() {
		return sandbox.Output{}, protocolf("the end of invocation %d, which is not running", d.number)
	}
	if limit := i.limits.OutputBytes; limit > 0 && d.result.Size() > limit {
		return sandbox.Output{}, protocolf("a result of %d bytes (max %d)", d.result.Size(), limit)
	}
	out := sandbox.Output{Result: d.result, Usage: d.usage}
	out.Usage.CPU = max(out.Usage.CPU, 0)
	out.Usage.Memory = max(out.Usage.Memory, 0)
	if d.failed == nil {
		return out, nil
	}
	out.Result = sandbox.Payload{}
	return out, checkError(d.failed)
}

// serve does what a frame of a running invocation asks for.
func (l *lane) serve(i *invocation, k kind, f fields) error {
	switch k {
	case kindCall:
		c := f.call()
		if err := f.done(); err != nil {
			return err
		}
		return l.call(i, c)
	case kindLeave:
		return l.left(i, f)
	case kindTime, kindChance:
		return l.tell(i, k, f)
	}
	return protocolf("frame %d in an invocation", k)
}

func (l *lane) answer(a *answer) error { return l.send(kindAnswer, a.append) }

// call carries a call out of the sandbox: an inline one now, since the worker
// does nothing else for the invocation, any other beside what follows.
func (l *lane) call(i *invocation, c call) error {
	i.calls++
	if most := i.limits.Calls; most > 0 && i.calls > most {
		return protocolf("more than %d calls", most)
	}
	if most := i.limits.ArgumentBytes; most > 0 && c.args.Size() > most {
		return protocolf("arguments of %d bytes (max %d)", c.args.Size(), most)
	}
	if c.inline {
		return l.answer(i.carry(c))
	}
	if most := i.limits.PendingCalls; most > 0 && i.waiting.Load() >= int64(most) {
		return protocolf("more than %d calls at the same time", most)
	}
	i.waiting.Add(1)
	i.pending.Go(func() {
		a := i.carry(c)
		i.waiting.Add(-1) // before the answer, upon which the next call may come
		_ = l.answer(a)   // the reader of the lane sees that it is broken
	})
	return nil
}

// carry calls the Caller. Its panic is an internal error, not the host's end.
func (i *invocation) carry(c call) (a *answer) {
	a = &answer{id: c.id}
	defer func() {
		if x := recover(); x != nil {
			if crashed := i.pool.config.Crashed; crashed != nil {
				crashed(sandbox.Crash{Tenant: i.asked.Tenant, Invocation: i.asked.ID, Value: x, Stack: debug.Stack()})
			}
			a.failed, a.result = internalError(), sandbox.Payload{}
		}
	}()
	if i.caller == nil {
		a.failed = internalError()
		return a
	}
	result, err := i.caller(i.callsCtx, c.method, c.args)
	if i.ctx.Err() != nil {
		a.ending, a.failed = endingOf(i.ctx), contextError(i.ctx)
		return a
	}
	if err != nil {
		a.failed = hostError(err)
		return a
	}
	a.result = result
	return a
}

// hostError is what a guest learns of an error of the host.
func hostError(err error) *sandbox.Error {
	e := *sandbox.AsError(err)
	e.Stack = ""
	return &e
}

// cancel tells the worker to end an invocation.
func (l *lane) cancel(i *invocation) {
	l.worker.process.send(kindCancel, cancel{lane: l.number, number: l.run.Load(), ending: endingOf(i.ctx)}.append)
}

// checkError makes an error of a worker one that the host passes on.
func checkError(e *sandbox.Error) error {
	const most = 32 << 10
	if e == nil {
		return nil
	}
	switch e.Code {
	case sandbox.Denied, sandbox.NotFound, sandbox.Invalid, sandbox.Conflict, sandbox.Exhausted, sandbox.Timeout,
		sandbox.Canceled, sandbox.Unavailable, sandbox.Thrown:
	default:
		return internalError()
	}
	for _, s := range []*string{&e.Message, &e.Name, &e.Permission, &e.Stack} {
		if len(*s) > most {
			*s = strings.ToValidUTF8((*s)[:most], "")
		}
	}
	e.RetryAfter = min(max(e.RetryAfter, 0), 3600)
	return e
}
