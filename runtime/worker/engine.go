package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"os/exec"
	"runtime"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// Config says how an [Engine] works. The zero of a field means the default,
// given in parentheses.
type Config struct {
	// Engine is the name of the engine inside, one of those given to [Main]. Required.
	Engine string

	// Command makes the command whose process becomes a worker: a program that
	// calls [Main] first. Its input, output, environment, directory and
	// attributes are replaced. Nil: this program again.
	Command func() *exec.Cmd

	Spares int // workers that wait to become a tenant's (2; less than 0: none)

	// Warm is a program of the host's own, without limits. A spare runs it once, so
	// that the first program of a tenant finds the engine's code and memory in
	// place. No code: none.
	Warm sandbox.Source

	// Max is how many workers there are at the same time, spares counted (64).
	// Group says which tenants count together (nil: each is alone): a group may
	// have at most three times as many at work as are free.
	Max   int
	Group func(tenant string) string

	PerTenant int // workers of one tenant (4)
	Lanes     int // invocations at the same time in one worker (8)
	Procs     int // threads of a worker that run at the same time (2, or fewer on a smaller machine)

	// MachineCode says that the engine inside makes machine code: a worker may do
	// so until it runs its first program, and it runs one program only.
	MachineCode bool

	// Precompiler, when not nil, compiles programs in this process for the workers
	// that run them, after a worker has survived compiling them.
	Precompiler Precompiler

	// Memory is what the guests in a worker may hold together, in bytes
	// (sandbox.DefaultLimits.Memory; less than 0: unlimited). An invocation with
	// a lower limit is held to that.
	Memory int64

	// Grace is what an invocation has, after it should have ended by itself,
	// until its worker is ended (10 ms); five times as long when others run in
	// the same worker.
	Grace time.Duration

	// A worker is retired after so many invocations (10,000), so much time (10
	// min), or so much time without an invocation (30 s), and after any
	// invocation that hit its limit of time or memory.
	MaxCalls int
	MaxAge   time.Duration
	MaxIdle  time.Duration

	// MaxWait is how long an invocation waits for a worker (10 s).
	MaxWait time.Duration

	// CompileTime and CompileMemory bound one compilation: CPU time (10 s; six
	// times as long by the clock) and memory (256 MiB).
	CompileTime   time.Duration
	CompileMemory int64

	// Jail says what the operating system shall take from a worker.
	Jail Jail

	// Crashed, when not nil, is told of a panic of the engine inside a worker or
	// of a Caller. It must not block.
	Crashed Crashed

	// Ended, when not nil, is told of each worker that ended before its time.
	// It must not block.
	Ended func(Ending)
}

// Precompiler compiles programs for other processes and keeps what comes of it.
type Precompiler interface {
	// Known reports whether a program was compiled before, and what is wrong
	// with it.
	Known(src sandbox.Source) (bool, error)

	// Prepare adds to a source what it is compiled to.
	Prepare(ctx context.Context, src sandbox.Source) (sandbox.Source, error)
}

// Jail says how much of a jail a worker needs.
type Jail int

// The jails.
const (
	JailBestEffort Jail = iota // as much as the system has: [Engine.Report] says what that is
	JailRequired               // New fails unless every layer holds
	JailOff                    // none: for tests and for code that is trusted
)

// Ending is the end of a worker that was not retired.
type Ending struct {
	Tenant     string
	Invocation string // the one that was guilty, empty when none is known to be
	Cause      string // "wall", "cpu", "memory", "depth", "canceled", "protocol", "crash", or "start" when it was none yet
	Detail     string // for the operator
}

func (c *Config) setDefaults() {
	setDefault(&c.Spares, 2)
	setDefault(&c.Max, 64)
	setDefault(&c.PerTenant, 4)
	if c.Group == nil {
		c.Group = func(tenant string) string { return tenant }
	}
	setDefault(&c.Lanes, 8)
	setDefault(&c.Procs, min(2, runtime.NumCPU()))
	setDefault(&c.Memory, sandbox.DefaultLimits.Memory)
	setDefault(&c.Grace, 10*time.Millisecond)
	setDefault(&c.MaxCalls, 10_000)
	setDefault(&c.MaxAge, 10*time.Minute)
	setDefault(&c.MaxIdle, 30*time.Second)
	setDefault(&c.MaxWait, 10*time.Second)
	setDefault(&c.CompileTime, 10*time.Second)
	setDefault(&c.CompileMemory, 256<<20)
	c.Spares = max(c.Spares, 0)
	c.Max = max(c.Max, 2) // one of a tenant, one to compile
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Engine runs programs in workers. It is a [sandbox.Engine].
type Engine struct {
	config   Config
	programs *pool // where invocations run
	compiler *pool // where nothing but compiling is done
	report   jail.Report
}

// New starts a first worker and returns the engine. The error says why workers
// cannot be had: the program does not call [Main], the system has none, or, with
// [JailRequired], which layers of the jail are missing. Without spares nothing
// is started, and invocations wait in vain for what cannot be had.
func New(c Config) (*Engine, error) {
	c.setDefaults()
	if c.Command == nil && !prepared.Load() {
		return nil, errors.New("worker: this program does not call worker.Main (or standard.WorkerMain) first in main, so it cannot be started again as a worker")
	}
	spawn := newSpawner(c)
	e := &Engine{config: c, programs: newPool(c, spawn)}
	compiling := c
	compiling.Spares, compiling.PerTenant, compiling.Max, compiling.Memory = 0, 2, 2, c.CompileMemory
	e.compiler = newPool(compiling, spawn)
	e.compiler.compiles, e.compiler.guest = true, c.Memory
	if c.Spares == 0 {
		return e, nil
	}
	first, err := e.programs.first()
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.report = first.report
	return e, nil
}

// Report lists the layers of the jail and which of them hold, as the first
// worker found them; without spares there is none.
func (e *Engine) Report() jail.Report { return e.report }

// Close implements [sandbox.Engine]. It ends all workers and waits for them.
func (e *Engine) Close() error {
	e.programs.close()
	e.compiler.close()
	e.programs.spawn.close()
	return nil
}

// compileTenant is whose workers compile.
const compileTenant = "compile"

// Compile implements [sandbox.Engine]. It compiles in a worker, for what is
// wrong with src, unless that was tried before: each worker that runs the program
// compiles it for itself, under the limits of the invocation.
func (e *Engine) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	p := &program{engine: e, source: src, hash: hashOf(src)}
	pre := e.config.Precompiler
	if pre != nil {
		if known, err := pre.Known(src); err != nil {
			return nil, err
		} else if known {
			return p, nil
		}
	} else if src.Tried {
		return p, nil
	}
	job := &invocation{
		pool: e.compiler, program: p, tenant: compileTenant, ctx: ctx,
		limits: sandbox.Limits{Wall: 6 * e.config.CompileTime, CPU: e.config.CompileTime, Memory: e.config.CompileMemory},
	}
	if _, err := job.perform((*lane).compile); err != nil {
		return nil, compileError(src, err)
	}
	if pre != nil {
		if _, err := pre.Prepare(ctx, src); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// compileError says of a source that broke a limit that it is invalid.
func compileError(src sandbox.Source, e *sandbox.Error) error {
	if e.Code != sandbox.Timeout && e.Code != sandbox.Exhausted || e.Reason == "" {
		return e
	}
	if e.Reason == reasonCaller {
		return &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall, Message: e.Message}
	}
	return &sandbox.Error{Code: sandbox.Invalid, Name: "SyntaxError", Message: src.Name + ": compiling it broke a limit: " + e.Message}
}

// hash names a program by its content.
type hash [sha256.Size]byte

func hashOf(src sandbox.Source) hash { return sha256.Sum256(appendSource(nil, src)) }

var _ sandbox.Engine = (*Engine)(nil)
