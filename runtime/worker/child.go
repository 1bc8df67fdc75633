package worker

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// Engines makes the engines that a worker can be asked to be, by name.
type Engines map[string]func(Setup) (sandbox.Engine, error)

// Setup is what a worker tells the engine inside of it.
type Setup struct {
	// Memory is what an invocation may hold at most, in bytes; less than 0: as
	// much as there is.
	Memory int64

	// Crashed is to be called when something in the engine panicked: the host
	// reports that.
	Crashed Crashed
}

// Crashed is told of a panic.
type Crashed func(sandbox.Crash)

// The command line that makes a process a worker.
const (
	workerProgram   = "annex"
	workerArgument  = "worker"
	nurseryArgument = "nursery"
)

// controlFile is the descriptor of the control socket in a worker.
const controlFile = 3

// maxStack is where a recursion of native functions ends a worker.
const maxStack = 64 << 20

// ownCode is the memory of a worker that makes machine code, beside what any has:
// for the code, and what it comes in.
const ownCode = 64 << 20

// restAfter is how long a worker has nothing to do before it gives back the
// memory that is free inside of it.
const restAfter = time.Second

// prepared says that this process called Main: started again it will be a worker
// and not a second copy of whatever it is.
var prepared atomic.Bool

// Main makes a process that [Engine] has started a worker, and ends with it. In
// any other process it returns at once. It must be called first in main, before
// flags are read or files opened.
func Main(engines Engines) {
	if len(os.Args) != 2 || os.Args[0] != workerProgram || os.Args[1] != workerArgument && os.Args[1] != nurseryArgument || !isSocket(controlFile) {
		prepared.Store(true)
		return
	}
	if os.Args[1] == nurseryArgument {
		beNursery()
		os.Exit(0)
	}
	runtime.LockOSThread() // the parent-death signal hangs on this thread
	debug.SetTraceback("none")
	runtime.MemProfileRate = 0 // nobody asks for a profile, whose table is 1.4 MiB
	debug.SetMaxStack(maxStack)
	w := &child{engines: engines, control: newControlSocket(), lanes: map[int64]*childLane{}, programs: map[int64]sandbox.Program{}}
	w.in.r = &w.control
	w.rest = time.AfterFunc(restAfter, debug.FreeOSMemory)
	w.serve()
	os.Exit(0)
}

// child is the worker itself.
type child struct {
	engines  Engines
	engine   sandbox.Engine
	seal     sync.Once // before the first program runs
	unsealed bool
	control  controlSocket
	in       reader

	writing sync.Mutex
	out     []byte

	rest *time.Timer // gives memory back when nothing has run for a while

	mu       sync.Mutex
	lanes    map[int64]*childLane
	programs map[int64]sandbox.Program
}

// serve reads the control socket until the host closes it, or ends.
func (w *child) serve() {
	for {
		k, f, err := w.in.next(keepSpace)
		if err != nil {
			return
		}
		switch k {
		case kindHello:
			w.begin(f.hello())
		case kindLane:
			w.open(f.int())
		case kindCancel:
			w.cancel(f.cancel())
		case kindForget:
			w.forget(f.int())
		case kindWarm:
			w.warm(f.source())
		}
	}
}

// begin becomes what the host asks for, and goes to jail.
func (w *child) begin(h hello) {
	var answer ready
	if err := w.makeEngine(h); err != nil {
		answer.failed = err.Error()
	} else if h.jail {
		answer.report = jail.Enter(h.inside())
		w.unsealed = h.code && answer.report.Has(jail.Calls)
	}
	w.send(kindReady, answer.append)
}

func (w *child) makeEngine(h hello) (err error) {
	build := w.engines[h.engine]
	if build == nil {
		return fmt.Errorf("worker: no engine %q", h.engine)
	}
	runtime.GOMAXPROCS(h.procs)
	_ = time.Now().Local().String() // reads the host's time zone, which no one can from inside
	if h.memory > 0 {
		debug.SetMemoryLimit(h.memory)
	}
	w.engine, err = build(Setup{Memory: h.guest, Crashed: w.crashed})
	return err
}

// warm runs a program of the host's own, which has nothing to call: what it ends
// with does not matter.
func (w *child) warm(src sandbox.Source) {
	p, err := w.engine.Compile(context.Background(), src)
	if err != nil {
		return
	}
	_, _ = p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{}`)}}, nil)
	_ = p.Close()
}

// sealed takes away the right to make machine code. Nothing of a stranger's has
// run before.
func (w *child) sealed() {
	w.seal.Do(func() {
		if w.unsealed && jail.Seal() != nil {
			os.Exit(1)
		}
	})
}

// open starts to serve the lane that came with the frame.
func (w *child) open(number int64) {
	file, ok := w.control.takeFile()
	if !ok {
		os.Exit(1)
	}
	l := newChildLane(w, number, file)
	w.mu.Lock()
	w.lanes[number] = l
	w.mu.Unlock()
	go l.serve()
}

func (w *child) cancel(c cancel) {
	w.mu.Lock()
	l := w.lanes[c.lane]
	w.mu.Unlock()
	if l != nil {
		l.cancel(c.number, c.ending.cause())
	}
}

func (w *child) program(number int64) sandbox.Program {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.programs[number]
}

// load compiles a program under a number.
func (w *child) load(number int64, src sandbox.Source) *sandbox.Error {
	p, err := w.engine.Compile(context.Background(), src)
	if err != nil {
		return sandbox.AsError(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.programs[number] = p
	return nil
}

func (w *child) forget(number int64) {
	w.mu.Lock()
	p := w.programs[number]
	delete(w.programs, number)
	w.mu.Unlock()
	if p != nil {
		_ = p.Close() // nobody could act on an error
	}
}

// send writes a frame to the control socket. A host that does not read any more
// is gone, or will be.
func (w *child) send(k kind, fill func([]byte) []byte) {
	w.writing.Lock()
	defer w.writing.Unlock()
	frame, err := endFrame(fill(beginFrame(w.out, k)))
	w.out = frame
	if err == nil {
		_, err = w.control.Write(frame)
	}
	if err != nil {
		os.Exit(1)
	}
}

// crashed tells the host of a panic, in as many words as a frame has room for.
func (w *child) crashed(c sandbox.Crash) {
	const most = 8 << 10
	text := fmt.Sprint(c.Value)
	w.send(kindCrashed, func(b []byte) []byte {
		b = appendString(b, c.Invocation[:min(len(c.Invocation), most)])
		b = appendString(b, text[:min(len(text), most)])
		return appendBytes(b, c.Stack[:min(len(c.Stack), most)])
	})
}

// inside is the jail of a worker.
func (h hello) inside() jail.Inside {
	const (
		own      = 128 << 20   // data beside the guests': the heap grows by 64 MiB at a time, and is not full when it is collected
		ownFiles = 12          // control socket, last words, the runtime's own
		ownTime  = time.Minute // of CPU beside what a life has for every thread
		nice     = 5

		ownThreads    = 48 // the runtime's, and those that wait for the kernel
		threadsOfLane = 4
	)
	in := jail.Inside{
		CPU: h.life*time.Duration(h.procs) + ownTime, Files: 2*h.lanes + ownFiles, Keep: controlFile,
		Threads: ownThreads + threadsOfLane*h.lanes, Nice: nice, Namespaces: h.namespaces, Parent: h.parent, MachineCode: h.code,
	}
	if h.memory > 0 && !raceDetector {
		in.Memory = h.memory + own + stacks
		if h.code {
			in.Memory += ownCode
		}
	}
	return in
}
