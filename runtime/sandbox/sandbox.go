// Package sandbox is the vocabulary of the wall: what an engine is, what goes
// into a sandbox, what may come out of it, and how a call leaves it.
//
// Only bytes cross the wall. Input, arguments and results are JSON with byte
// strings beside it ([Payload]); no Go value, pointer, error or function of the
// host is ever reachable from a guest, and no guest object is ever inspected by
// the host. The same contract serves an engine in this process and an engine in
// a child process; package sandboxtest proves both.
//
// The package imports nothing of Annex, so that an engine needs to know nothing
// of permissions, storage or organizations.
package sandbox

import (
	"context"
	"io"
	"time"
)

// Engine turns the source of a handler into a [Program].
// An Engine is safe for concurrent use.
type Engine interface {
	// Compile checks and compiles src. It runs none of the guest's code.
	// A source that cannot be compiled fails with an [Error] of code [Invalid]
	// whose message names the author's file and line where it is known.
	Compile(ctx context.Context, src Source) (Program, error)

	// Close releases what the engine holds. Programs must be closed before.
	Close() error
}

// Program is a compiled handler. It is immutable and safe for concurrent use.
type Program interface {
	// Run performs one invocation in a sandbox that no other invocation has
	// touched, and returns when the handler has ended, one of its limits was
	// hit, or ctx was done. Calls that leave the sandbox go through call.
	//
	// The error is nil or an *Error. Output.Usage is filled in either case.
	Run(ctx context.Context, inv Invocation, call Caller) (Output, error)

	// Close releases the program and what was warmed up for it. Invocations
	// that are running finish.
	Close() error
}

// Source is what an engine compiles.
type Source struct {
	// Name of the handler as its author knows it, such as
	// "acme.notes/server/sync.ts". It appears in stack traces.
	Name string

	// Code is a WebAssembly module, or for JavaScript the body of a CommonJS
	// module in the language level that the engine runs: its module.exports is
	// the handler, or has it as its property "default".
	Code []byte

	// SourceMap maps Code to what the author wrote (source map version 3, JSON).
	// Empty when there is none.
	SourceMap []byte

	// Compiled is what an engine of the same kind made of Code before, in its own
	// form. It comes from who trusts it, never from a package. Empty when there is
	// none.
	Compiled []byte

	// Tried says that an engine of the same kind has compiled Code before, whole, and
	// kept nothing of it: one that only tries, because others run the program, may
	// leave it to them.
	Tried bool

	// Export names the handler inside Code. Empty means the default export.
	Export string
}

// Invocation is one call of a handler.
type Invocation struct {
	// ID names the invocation in logs and in the audit.
	ID string

	// Tenant names on whose behalf the invocation runs. It is opaque: an engine
	// that keeps anything between invocations, such as a process, keeps it for
	// one tenant.
	Tenant string

	// Input is what the handler is given: JSON of {request, user, config}.
	Input Payload

	// Limits bound the invocation. Zero fields mean the defaults.
	Limits Limits

	// Now is the clock that the guest sees. Nil means time.Now.
	Now func() time.Time

	// Random is the source of the guest's randomness. Nil means crypto/rand. When
	// it is given, module-level code sees it and Now too: the whole invocation
	// can be run again.
	Random io.Reader

	// Wait, when not nil, is asked in place of the machine's clock by a guest that
	// has nothing to run. It rings when due has come on the clock of Now; the zero
	// time is never. The guest waits for calls, so many, as well, and says with
	// woken that it goes on, for whatever reason. Its wall-clock limit is then on
	// the same clock. Engines that run guests in other processes do not know it.
	Wait func(due time.Time, calls int) (rings <-chan struct{}, woken func())

	// Hurry says that Now goes on although no time passes, as in a replay: a guest
	// that waits for nothing but timers goes on at once. What it skips counts for
	// its wall-clock limit.
	Hurry bool
}

// Output is what an invocation left behind.
type Output struct {
	// Result is what the handler returned: JSON, empty for undefined.
	// A Response object is {"type":"annex.response", "status", "headers":
	// [[name, value]…], "body"}, its body a string or a blob reference.
	Result Payload

	// Usage is what the invocation used, whether it succeeded or not.
	Usage Usage
}

// Usage is what one invocation used.
type Usage struct {
	Wall        time.Duration // from start to end
	CPU         time.Duration // running guest code, without waiting for calls and timers
	Fuel        uint64        // instructions counted, for engines that count
	Memory      int64         // peak in bytes, for engines that know; else 0
	OutputBytes int64         // size of the result
}

// Payload is what crosses the wall: one JSON text, and byte strings that the
// text refers to as {"$blob": index}. The zero Payload is JavaScript's undefined.
// Neither side changes a Payload after it was handed over.
type Payload struct {
	JSON  []byte
	Blobs [][]byte
}

// Size is the number of bytes that the payload holds.
func (p Payload) Size() int64 {
	n := int64(len(p.JSON))
	for _, b := range p.Blobs {
		n += int64(len(b))
	}
	return n
}

// Caller carries one call out of the sandbox. method is a name such as
// "storage.get"; args is a JSON object of named arguments. The error is nil or
// an *Error, which is all that the guest learns of it.
//
// An engine may call it from several goroutines at once. ctx is done when the
// invocation is over; a Caller returns soon after.
type Caller func(ctx context.Context, method string, args Payload) (Payload, error)

// Crash is a panic of an engine or of a [Caller] that ended one invocation and
// not the process. It is for the operator: the caller learns nothing of it.
type Crash struct {
	Tenant     string // empty where the engine does not know it
	Invocation string
	Value      any // what panicked
	Stack      []byte
}
