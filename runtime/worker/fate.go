package worker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// fate is why a worker ended.
type fate struct {
	guilty *invocation    // nil: none, or nobody knows which
	cause  *sandbox.Error // what the guilty one is answered; nil: the worker was to end
	detail string         // for the operator
}

// name is the fate in one word.
func (f *fate) name() string {
	switch {
	case f.cause == nil:
		return "retired"
	case f.cause.Reason != "":
		return string(f.cause.Reason)
	case f.cause.Code == sandbox.Internal && f.guilty != nil:
		return "protocol"
	case f.cause.Code == sandbox.Canceled:
		return "canceled"
	}
	return "crash"
}

// internalError is all that a guest's caller learns of a fault.
func internalError() *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
}

// endedError is the answer to an invocation whose worker ended through no fault
// of its own, after it had made calls, so that it cannot be run again.
func endedError() *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Unavailable, RetryAfter: 1, Message: "the worker that ran the invocation was ended, with calls of the invocation already made"}
}

func timeoutError(reason sandbox.Reason, clock string, used, limit time.Duration) *sandbox.Error {
	return &sandbox.Error{
		Code: sandbox.Timeout, Reason: reason,
		Message: fmt.Sprintf("%s time limit exceeded: used %s of %s", clock, used.Round(time.Millisecond), limit),
	}
}

func memoryError(used, limit int64) *sandbox.Error {
	const unit = 1 << 20
	return &sandbox.Error{
		Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory,
		Message: fmt.Sprintf("memory limit exceeded: used %d MiB of %d MiB", used/unit, limit/unit),
	}
}

// autopsy says of a worker that ended by itself why, from its last words and
// how it ended. The words of a worker that lies accuse nobody but itself.
func autopsy(words string, killed bool, limit int64) *fate {
	f := &fate{detail: strings.TrimSpace(words)}
	switch {
	case strings.Contains(words, "stack overflow"):
		f.cause = &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth, Name: "RangeError",
			Message: fmt.Sprintf("call depth limit exceeded: native functions nest deeper than a stack of %d MiB", maxStack>>20),
		}
	case ranOutOfMemory(words):
		f.cause = memoryError(limit, limit)
	case killed:
		f.cause = &sandbox.Error{Code: sandbox.Unavailable, RetryAfter: 1, Message: "the operating system ended the worker"}
	default:
		f.cause = internalError()
	}
	return f
}

// memoryWords are what Go says when the operating system gives it no more
// memory. Beside the two plain ones: a thread whose stack has no place, with and
// without cgo, and the garbage collector, which does not look whether it got
// memory for its queues before it writes to them.
var memoryWords = []string{
	"out of memory", "cannot allocate memory",
	"pthread_create failed", "failed to create new OS thread",
	"runtime.(*spanQueue)",
}

func ranOutOfMemory(words string) bool {
	return slices.ContainsFunc(memoryWords, func(known string) bool { return strings.Contains(words, known) })
}

// memory is how much the guest of an invocation may hold.
func (i *invocation) memory() int64 {
	own, worker := i.limits.Memory, i.pool.config.Memory
	if own > 0 && (worker < 0 || own < worker) {
		return own
	}
	return worker
}

// judge says what an invocation is answered whose worker has ended, and whether
// it may be run again.
func (w *worker) judge(i *invocation, broken error) (answer *sandbox.Error, again bool) {
	if !endOfFile(broken) {
		w.kill(&fate{guilty: i, cause: internalError(), detail: broken.Error()})
	}
	w.awaitDeath()
	f := w.fate.Load()
	switch {
	case f.guilty == i:
		return f.cause, false
	case f.guilty != nil || f.cause == nil:
		return endedError(), i.calls == 0
	case w.wasAlone():
		if errors.Is(f.cause, &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}) {
			limit := i.memory()
			return memoryError(limit, limit), false
		}
		return f.cause, false
	case i.calls == 0:
		i.alone = true // now it shows whose fault it was
		return f.cause, true
	}
	return endedError(), false
}
