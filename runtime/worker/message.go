package worker

import (
	"context"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// hello says what a worker shall be.
type hello struct {
	engine     string // one of the engines given to Main
	memory     int64  // bytes that the guests may hold; not positive: unlimited
	guest      int64  // bytes that each of them may hold at most, which it may only compile for
	procs      int    // threads that run at the same time
	lanes      int    // at most
	life       time.Duration
	jail       bool
	namespaces string // why the process has none of its own; empty: it has
	parent     int    // the host's process
	code       bool   // the engine makes machine code, of one program
}

func (m hello) append(b []byte) []byte {
	b = appendString(b, m.engine)
	b = appendInt(b, m.memory)
	b = appendInt(b, m.guest)
	b = appendInt(b, int64(m.procs))
	b = appendInt(b, int64(m.lanes))
	b = appendInt(b, int64(m.life))
	b = appendBool(b, m.jail)
	b = appendString(b, m.namespaces)
	return appendBool(appendInt(b, int64(m.parent)), m.code)
}

func (f *fields) hello() hello {
	return hello{
		engine: f.string(), memory: f.int(), guest: f.int(), procs: int(f.int()), lanes: int(f.int()), life: f.duration(),
		jail: f.bool(), namespaces: f.string(), parent: int(f.int()), code: f.bool(),
	}
}

// ready is a worker's answer to hello.
type ready struct {
	failed string // empty: it can work
	report jail.Report
}

func (m ready) append(b []byte) []byte {
	b = appendString(b, m.failed)
	b = appendInt(b, int64(len(m.report)))
	for _, l := range m.report {
		b = appendString(b, string(l.Name))
		b = appendString(b, l.Refused)
		b = appendString(b, l.Detail)
	}
	return b
}

func (f *fields) ready() ready {
	const most = 64 // layers
	m := ready{failed: f.string()}
	n := f.int()
	if n < 0 || n > most {
		f.fail()
		return m
	}
	for range n {
		m.report = append(m.report, jail.Layer{Name: jail.Name(f.string()), Refused: f.string(), Detail: f.string()})
	}
	return m
}

func appendSource(b []byte, s sandbox.Source) []byte {
	b = appendString(b, s.Name)
	b = appendBytes(b, s.Code)
	b = appendBytes(b, s.SourceMap)
	b = appendBytes(b, s.Compiled)
	return appendString(b, s.Export)
}

func (f *fields) source() sandbox.Source {
	return sandbox.Source{Name: f.string(), Code: f.bytes(), SourceMap: f.bytes(), Compiled: f.bytes(), Export: f.string()}
}

// clock says what the guest of an invocation sees of time.
type clock int64

const (
	clockOwn    clock = iota // the worker's own clock, shifted
	clockServed              // every reading is asked for
)

// run is an invocation on its way to a worker.
type run struct {
	program int64
	number  int64 // of the invocation on its lane
	id      string
	limits  sandbox.Limits
	clock   clock
	shift   time.Duration // of clockOwn
	chance  bool          // randomness is asked for
	hurry   bool
	input   sandbox.Payload
}

func (m *run) append(b []byte) []byte {
	b = appendInt(b, m.program)
	b = appendInt(b, m.number)
	b = appendString(b, m.id)
	l := &m.limits
	for _, v := range [...]int64{
		int64(l.Wall), int64(l.CPU), l.Memory, int64(l.CallDepth), l.OutputBytes,
		l.ArgumentBytes, int64(l.Calls), int64(l.PendingCalls), int64(l.Timers),
	} {
		b = appendInt(b, v)
	}
	b = appendInt(b, int64(m.clock))
	b = appendInt(b, int64(m.shift))
	b = appendBool(b, m.chance)
	b = appendBool(b, m.hurry)
	return appendPayload(b, m.input)
}

func (f *fields) run() run {
	m := run{program: f.int(), number: f.int(), id: f.string()}
	m.limits = sandbox.Limits{
		Wall: f.duration(), CPU: f.duration(), Memory: f.int(), CallDepth: int(f.int()), OutputBytes: f.int(),
		ArgumentBytes: f.int(), Calls: int(f.int()), PendingCalls: int(f.int()), Timers: int(f.int()),
	}
	m.clock, m.shift, m.chance, m.hurry = clock(f.int()), f.duration(), f.bool(), f.bool()
	m.input = f.payload()
	return m
}

// done is the end of an invocation.
type done struct {
	number int64
	failed *sandbox.Error
	usage  sandbox.Usage
	result sandbox.Payload
}

func (m *done) append(b []byte) []byte {
	b = appendInt(b, m.number)
	b = appendError(b, m.failed)
	b = appendInt(b, int64(m.usage.CPU))
	b = appendInt(b, int64(m.usage.Fuel))
	b = appendInt(b, m.usage.Memory)
	return appendPayload(b, m.result)
}

func (f *fields) doneMessage() done {
	m := done{number: f.int(), failed: f.error()}
	m.usage.CPU, m.usage.Fuel, m.usage.Memory = f.duration(), uint64(f.int()), f.int()
	m.result = f.payload()
	return m
}

// call is a call out of the sandbox. A worker waits for the answer of an inline
// call before it does anything else for the invocation.
type call struct {
	id     int64
	inline bool
	method string
	args   sandbox.Payload
}

func (m *call) append(b []byte) []byte {
	b = appendInt(b, m.id)
	b = appendBool(b, m.inline)
	b = appendString(b, m.method)
	return appendPayload(b, m.args)
}

func (f *fields) call() call {
	return call{id: f.int(), inline: f.bool(), method: f.string(), args: f.payload()}
}

// ending says whether an invocation goes on.
type ending int64

const (
	goesOn         ending = iota
	callerLeft            // the caller went away
	deadlinePassed        // the caller's deadline, not the invocation's limit
)

// answer is the end of a call.
type answer struct {
	id     int64
	ending ending // of the invocation: what the call failed with is not the guest's to see then
	failed *sandbox.Error
	result sandbox.Payload
}

func (m *answer) append(b []byte) []byte {
	b = appendInt(b, m.id)
	b = appendInt(b, int64(m.ending))
	b = appendError(b, m.failed)
	return appendPayload(b, m.result)
}

func (f *fields) answer() answer {
	return answer{id: f.int(), ending: ending(f.int()), failed: f.error(), result: f.payload()}
}

// cancel asks a worker to end an invocation. It may come too late.
type cancel struct {
	lane   int64
	number int64
	ending ending
}

func (m cancel) append(b []byte) []byte {
	return appendInt(appendInt(appendInt(b, m.lane), m.number), int64(m.ending))
}

func (f *fields) cancel() cancel {
	return cancel{lane: f.int(), number: f.int(), ending: ending(f.int())}
}

// cause is the cause with which the context of an invocation ends.
func (e ending) cause() error {
	if e == deadlinePassed {
		return context.DeadlineExceeded
	}
	return context.Canceled
}
