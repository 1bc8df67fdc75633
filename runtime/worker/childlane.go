package worker

import (
	"context"
	"os"
	"runtime"
	"sync"

	"github.com/annexhost/annex/runtime/sandbox"
)

// childLane is the worker's side of a lane: one thread, which runs one
// invocation at a time. Who waits for something from the host holds the token
// and reads for all who wait, so that no goroutine only reads.
type childLane struct {
	worker *child
	number int64
	thread int64 // that runs the guests
	file   file
	token  chan struct{} // capacity 1: the right to use in
	in     reader

	writing sync.Mutex
	out     []byte
	speaker *guest // whose frames are sent; nil: no invocation's

	mu       sync.Mutex
	waiting  map[int64]*waiter
	lastCall int64
	guest    *guest // nil: no invocation
}

// waiter waits for the answer of a call.
type waiter struct {
	guest    *guest
	answered chan struct{}
	answer   answer
}

func newChildLane(w *child, number int64, f file) *childLane {
	l := &childLane{worker: w, number: number, file: f, token: make(chan struct{}, 1), waiting: map[int64]*waiter{}}
	l.in.r = &l.file
	return l
}

// serve does what the host asks for, one after the other. When the host has
// closed the lane, the thread ends with it.
func (l *childLane) serve() {
	runtime.LockOSThread()
	l.thread = threadID()
	l.worker.send(kindOpened, func(b []byte) []byte { return appendInt(appendInt(b, l.number), l.thread) })
	for {
		k, f, err := l.receive()
		if err != nil {
			l.end()
			return
		}
		switch k {
		case kindLoad:
			number, src := f.int(), f.source()
			failed := l.worker.load(number, src)
			l.send(kindLoaded, func(b []byte) []byte { return appendError(b, failed) })
		case kindRun:
			l.run(f.run())
		}
	}
}

// receive returns the next frame that is not an answer.
func (l *childLane) receive() (kind, fields, error) {
	l.token <- struct{}{}
	defer func() { <-l.token }()
	for {
		k, f, err := l.in.next(maxFrame)
		if err != nil || k != kindAnswer {
			return k, f, err
		}
		l.deliver(f.answer())
	}
}

func (l *childLane) end() {
	l.worker.mu.Lock()
	delete(l.worker.lanes, l.number)
	l.worker.mu.Unlock()
	l.file.close()
}

// send writes a frame.
func (l *childLane) send(k kind, fill func([]byte) []byte) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.write(k, fill)
}

// sendFor writes a frame of a guest, unless its invocation has ended: what it
// left running must not speak in the next one's name.
func (l *childLane) sendFor(g *guest, k kind, fill func([]byte) []byte) bool {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.speaker != g {
		return false
	}
	l.write(k, fill)
	return true
}

// speak makes g the one whose frames are sent.
func (l *childLane) speak(g *guest) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.speaker = g
}

// finish writes the last frame of an invocation.
func (l *childLane) finish(d *done) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.speaker = nil
	l.write(kindDone, d.append)
}

// write writes a frame. The caller holds writing.
func (l *childLane) write(k kind, fill func([]byte) []byte) {
	frame, err := endFrame(fill(beginFrame(l.out, k)))
	l.out = frame
	if err == nil {
		_, err = l.file.Write(frame)
	}
	if err != nil {
		os.Exit(1)
	}
}

// run performs an invocation.
func (l *childLane) run(m run) {
	g := newGuest(l, m)
	l.mu.Lock()
	l.guest = g
	l.mu.Unlock()
	l.speak(g)
	d := done{number: m.number}
	if p := l.worker.program(m.program); p == nil {
		d.failed = &sandbox.Error{Code: sandbox.Internal, Message: "internal error"}
	} else {
		l.worker.sealed()
		out, err := p.Run(g.ctx, g.invocation(), g.call)
		d.failed, d.usage, d.result = sandbox.AsError(err), out.Usage, out.Result
	}
	l.mu.Lock()
	l.guest = nil
	l.mu.Unlock()
	g.end(context.Canceled)
	l.worker.rest.Reset(restAfter)
	l.finish(&d)
}

// cancel ends an invocation, if it is still the one that runs.
func (l *childLane) cancel(number int64, cause error) {
	l.mu.Lock()
	g := l.guest
	l.mu.Unlock()
	if g != nil && g.run.number == number {
		g.end(cause)
	}
}

// ask sends a frame of a guest that the host answers, and waits for that.
func (l *childLane) ask(ctx context.Context, g *guest, k kind, fill func(b []byte, id int64) []byte) (sandbox.Payload, error) {
	w := &waiter{guest: g, answered: make(chan struct{})}
	l.mu.Lock()
	l.lastCall++
	id := l.lastCall
	l.waiting[id] = w
	l.mu.Unlock()
	if !l.sendFor(g, k, func(b []byte) []byte { return fill(b, id) }) {
		l.mu.Lock()
		delete(l.waiting, id)
		l.mu.Unlock()
		return sandbox.Payload{}, errOver
	}
	select {
	case l.token <- struct{}{}:
		l.readUntil(w)
		<-l.token
	case <-w.answered:
	case <-ctx.Done():
		return sandbox.Payload{}, ctx.Err()
	}
	if w.answer.failed != nil {
		return sandbox.Payload{}, w.answer.failed
	}
	return w.answer.result, nil
}

// errOver is the answer to what an invocation asks for after its end.
var errOver = &sandbox.Error{Code: sandbox.Canceled, Message: "the invocation is over"}

// readUntil reads, holding the token, until w has its answer.
func (l *childLane) readUntil(w *waiter) {
	for {
		select {
		case <-w.answered:
			return
		default:
		}
		k, f, err := l.in.next(maxFrame)
		if err != nil || k != kindAnswer {
			os.Exit(1) // the host is gone
		}
		l.deliver(f.answer())
	}
}

// pending reports whether an answer is missing.
func (l *childLane) pending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) > 0
}

// deliver gives an answer to who waits for it.
func (l *childLane) deliver(a answer) {
	l.mu.Lock()
	w, g := l.waiting[a.id], l.guest
	delete(l.waiting, a.id)
	l.mu.Unlock()
	if g != nil && a.ending != goesOn && w != nil && w.guest == g {
		g.end(a.ending.cause())
	}
	if w != nil {
		w.answer = a
		close(w.answered)
	}
}
