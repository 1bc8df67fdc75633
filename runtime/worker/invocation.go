package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// invocation is one thing that a worker does for the host, as the host sees it:
// running a program, or compiling it.
type invocation struct {
	pool    *pool
	program *program
	tenant  string
	ctx     context.Context
	limits  sandbox.Limits
	asked   sandbox.Invocation
	caller  sandbox.Caller

	lane    *lane // of the present attempt
	clock   clock // where its guest reads the time
	left    bool  // nobody waits for its calls any more
	alone   bool  // nothing else may run in the worker
	calls   int   // that arrived, all attempts
	watched watched

	callsCtx context.Context // of the calls; done when their answers are of no use
	drop     context.CancelFunc
	pending  sync.WaitGroup // calls that run beside this invocation
	waiting  atomic.Int64   // how many

	deadline time.Time // when the wall-clock limit is reached; zero: never
	mu       sync.Mutex
	attempt  int         // which one; a timer of an earlier one does nothing
	timer    *time.Timer // of the limit, then of the grace
	unhook   func() bool // from the context
	over     bool        // the attempt has ended
	stopping bool        // the worker has been told to end the invocation
	extended bool        // the grace was prolonged for the others in the worker
}

// attempts is how often an invocation is run when others end its worker.
const attempts = 3

// reasonCaller marks that the context's deadline ended a job, not its own limit.
const reasonCaller sandbox.Reason = "caller"

// perform finds a worker and has it do what do says, again if somebody else's
// doing ended the worker.
func (i *invocation) perform(do func(*lane, *invocation) (sandbox.Output, error)) (sandbox.Output, *sandbox.Error) {
	if i.ctx.Err() != nil {
		return sandbox.Output{}, contextError(i.ctx)
	}
	for {
		l, failed := i.pool.acquire(i)
		if failed != nil {
			return sandbox.Output{}, failed
		}
		i.begin(l)
		out, err := do(l, i)
		i.end()
		if err == nil {
			l.finish(i, nil)
			return out, nil
		}
		var answered *sandbox.Error
		if errors.As(err, &answered) {
			l.finish(i, answered)
			return out, answered
		}
		// The conversation has ended, and so has the worker, by the host's hand
		// or its own.
		failed, again := l.worker.judge(i, err)
		out.Usage.CPU = i.watched.used
		l.finish(i, failed)
		if !again || i.attempt == attempts || i.ctx.Err() != nil {
			return out, failed
		}
	}
}

// begin puts an attempt under its limits.
func (i *invocation) begin(l *lane) {
	i.callsCtx, i.drop = context.WithCancel(i.ctx)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.attempt++
	i.lane, i.left, i.over, i.stopping, i.extended, i.timer = l, false, false, false, false, nil
	if i.limits.Wall > 0 {
		i.deadline = time.Now().Add(i.limits.Wall)
		i.alarm(i.limits.Wall)
	}
	if i.ctx.Done() != nil {
		i.unhook = context.AfterFunc(i.ctx, i.cancelled)
	}
}

// alarm has stop called after some time, unless the attempt has ended.
func (i *invocation) alarm(after time.Duration) {
	if i.timer != nil {
		i.timer.Reset(after)
		return
	}
	attempt := i.attempt
	i.timer = time.AfterFunc(after, func() { i.stop(attempt, false) })
}

// end stops watching an attempt, and its calls.
func (i *invocation) end() {
	const patience = 100 * time.Millisecond
	i.mu.Lock()
	i.over = true
	if i.timer != nil {
		i.timer.Stop()
	}
	i.mu.Unlock()
	if i.unhook != nil {
		i.unhook()
	}
	i.drop()
	if i.waiting.Load() > 0 {
		i.waitForCalls(patience)
	}
}

// waitForCalls waits for calls that were cancelled.
func (i *invocation) waitForCalls(patience time.Duration) {
	ended := make(chan struct{})
	go func() { i.pending.Wait(); close(ended) }()
	alarm := time.NewTimer(patience)
	defer alarm.Stop()
	select {
	case <-ended:
	case <-alarm.C:
	}
}

// cancelled is called when the caller does not want the invocation any more.
func (i *invocation) cancelled() {
	i.mu.Lock()
	attempt := i.attempt
	i.mu.Unlock()
	i.stop(attempt, true)
}

// stop is called at the wall-clock limit, which the worker keeps by its own
// clock, or when the invocation is cancelled, which the worker has to be told;
// and again when the grace is over, to end the worker.
func (i *invocation) stop(attempt int, cancelled bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over || i.attempt != attempt {
		return
	}
	w, grace := i.lane.worker, i.pool.config.Grace
	switch {
	case cancelled:
		i.lane.cancel(i)
		fallthrough
	case !i.stopping:
		i.stopping = true
		i.drop()
		i.alarm(grace)
	case !i.extended && w.shared():
		i.extended = true
		i.alarm(4 * grace)
	default:
		w.kill(&fate{guilty: i, cause: i.wallCause()})
	}
}

// wallCause says of an invocation that had to be ended why it should have ended.
func (i *invocation) wallCause() *sandbox.Error {
	if i.ctx.Err() != nil {
		return contextError(i.ctx)
	}
	return timeoutError(sandbox.ReasonWall, "wall-clock", i.limits.Wall+time.Since(i.deadline), i.limits.Wall)
}

// contextError says why ctx is done.
func contextError(ctx context.Context) *sandbox.Error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "wall-clock time limit exceeded: the caller's deadline has passed"}
	}
	return &sandbox.Error{Code: sandbox.Canceled, Message: "the invocation was cancelled"}
}

func endingOf(ctx context.Context) ending {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return deadlinePassed
	}
	return callerLeft
}
