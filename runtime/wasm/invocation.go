package wasm

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// fuelStep is how much fuel a module is given at a time: about a millisecond.
const fuelStep = 1_000_000

// stackPerCall is how many bytes of stack stand for one call of
// [sandbox.Limits.CallDepth].
const stackPerCall = 8 << 10

// invocation is one call of a handler, while it runs in an instance.
type invocation struct {
	engine  *Engine
	inv     sandbox.Invocation
	limits  sandbox.Limits
	caller  sandbox.Caller // nil while the program is initialized
	input   sandbox.Payload
	started time.Time
	ended   time.Time // the deadline; zero: none

	callCtx context.Context // of calls out; made by the first one
	cancel  context.CancelFunc
	waited  time.Duration // in calls out and in sleep
	granted int64         // fuel
	work    int           // of the host's functions since the last look at the time, in bytes
	calls   int
	loading bool // the program is initialized

	config  map[string]string // of the installation, read by the first who asks
	vars    map[string][]byte
	varSize int64 // of all of them
	status  int32 // of the last http_request
	headers []byte
	blobs   [][]byte // what {"$blob": …} in the last JSON stands for
	attach  [][]byte // the same for the next JSON that leaves
	lines   [2]line  // standard output and error
	fatal   string   // what a language's runtime said when it gave up
	mono    int64    // the monotonic clock at the start, in nanoseconds
	clock   time.Time
	stopped *sandbox.Error
}

// stop is what a host function panics with to end the invocation.
type stop struct{ err *sandbox.Error }

func (s *stop) Error() string { return s.err.Message }

// exit is what proc_exit panics with.
type exit struct{ code uint32 }

func (e *exit) Error() string { return "the module ended itself" }

// end ends the invocation from inside of a host function.
func (i *invocation) end(err *sandbox.Error) {
	if i.stopped == nil {
		i.stopped = err
	}
	panic(&stop{i.stopped})
}

// check ends the invocation from inside of a host function when it is over.
func (i *invocation) check(ctx context.Context) {
	if err := i.over(ctx); err != nil {
		i.end(err)
	}
}

// What functions of the host do costs no fuel: it is counted in bytes that they
// move, and a call stands for some.
const (
	workOfCall = 1 << 10
	workStep   = 256 << 10 // then look at the time
)

// worked counts what a function of the host does, and ends the invocation when
// it is over.
func (in *instance) worked(bytes int) {
	if in.work += bytes; in.work >= workStep {
		in.work = 0
		in.check(in.Context)
	}
}

// over returns why the invocation has to end, nil if it goes on.
func (i *invocation) over(ctx context.Context) *sandbox.Error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	now := time.Now()
	if !i.ended.IsZero() && !now.Before(i.ended) {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "wall-clock time limit exceeded: " + i.limits.Wall.String()}
	}
	if i.limits.CPU > 0 && now.Sub(i.started)-i.waited >= i.limits.CPU {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonCPU, Message: "CPU time limit exceeded: " + i.limits.CPU.String()}
	}
	return nil
}

// refillFunction is what modules call when their fuel is used up, or their
// stack.
var refillFunction = hostFunction{name: "refill", sig: sigMap2, call: func(in *instance, _ memory, stack []uint64) {
	if int64(stack[1]) < 0 {
		in.end(&sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth, Message: "call depth limit exceeded"})
	}
	in.check(in.Context)
	fuel := int64(stack[0])
	steps := max(-fuel, 0)/fuelStep + 1
	in.granted += steps * fuelStep
	stack[0] = uint64(fuel + steps*fuelStep)
}}

// now is what the guest's clock says.
func (i *invocation) now() time.Time {
	if i.inv.Now != nil {
		return i.inv.Now()
	}
	return time.Now()
}

// monotonic is the guest's clock for durations.
func (i *invocation) monotonic() int64 {
	return i.mono + max(int64(i.now().Sub(i.clock)), 0)
}

// context returns the context of calls out of the sandbox.
func (in *instance) callContext() context.Context {
	i := in.invocation
	if i.callCtx == nil {
		if i.ended.IsZero() {
			i.callCtx, i.cancel = context.WithCancel(in.Context)
		} else {
			i.callCtx, i.cancel = context.WithDeadline(in.Context, i.ended)
		}
	}
	return i.callCtx
}

// wait sleeps, or until the invocation is over.
func (in *instance) wait(d time.Duration) {
	switch {
	case d <= 0:
	case in.inv.Wait != nil:
		in.waitElsewhere(d)
	case in.inv.Hurry:
		if !in.ended.IsZero() {
			in.ended = in.ended.Add(-d)
		}
	default:
		start := time.Now()
		alarm := time.NewTimer(d)
		select {
		case <-alarm.C:
		case <-in.callContext().Done():
			alarm.Stop()
		}
		in.waited += time.Since(start)
	}
	in.check(in.Context)
}

// waitElsewhere sleeps on the clock of the invocation, by which its limit of
// wall-clock time goes too.
func (in *instance) waitElsewhere(d time.Duration) {
	start, due := time.Now(), in.now().Add(d)
	end := in.clock.Add(in.limits.Wall)
	if limited := in.limits.Wall > 0; limited && end.Before(due) {
		due = end
	} else if !limited {
		end = time.Time{}
	}
	rings, woken := in.inv.Wait(due, 0)
	select {
	case <-rings:
	case <-in.callContext().Done():
	}
	woken()
	in.waited += time.Since(start)
	if !end.IsZero() && !in.now().Before(end) {
		in.end(&sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "wall-clock time limit exceeded: " + in.limits.Wall.String()})
	}
}

// contextError says why ctx is done.
func contextError(ctx context.Context) *sandbox.Error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: "wall-clock time limit exceeded: the caller's deadline has passed"}
	}
	return &sandbox.Error{Code: sandbox.Canceled, Message: "the invocation was cancelled"}
}

// random fills b from the invocation's source.
func (i *invocation) random(b []byte) error {
	_, err := io.ReadFull(i.source(), b)
	return err
}
