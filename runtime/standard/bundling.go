package standard

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// bundlerName is what a worker with the bundler inside is called.
const bundlerName = "bundler"

// methodRead is the one call out of a bundler's sandbox: a file of the package.
const methodRead = "package.read"

// bundlingLimits bound the bundling of one handler.
var bundlingLimits = sandbox.Limits{
	Wall: 30 * time.Second, CPU: 30 * time.Second, Memory: 512 << 20,
	OutputBytes: 64 << 20, ArgumentBytes: 64 << 10, Calls: 20 * bundle.MaxFiles, PendingCalls: 1,
}

// bundlingJob is what a bundler is given.
type bundlingJob struct {
	Entry     string `json:"entry"`
	MaxOutput int    `json:"maxOutput"`
}

// bundled is what comes of it. The code and its map are the blobs beside it.
type bundled struct {
	Problems []bundle.Message `json:"problems,omitempty"`
	Warnings []bundle.Message `json:"warnings,omitempty"`
	Inputs   []string         `json:"inputs,omitempty"`
}

// bundler is the bundler as a guest inside a worker: a program whose input names
// a file, and whose calls read the package.
type bundler struct{}

func newBundler(worker.Setup) (sandbox.Engine, error) { return bundler{}, nil }

func (bundler) Compile(context.Context, sandbox.Source) (sandbox.Program, error) {
	return bundler{}, nil
}

func (bundler) Close() error { return nil }

// Run bundles one handler.
func (bundler) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	var job bundlingJob
	if err := json.Unmarshal(inv.Input.JSON, &job); err != nil {
		return sandbox.Output{}, err
	}
	out, err := bundle.Build(ctx, bundle.Input{Entry: job.Entry, MaxOutput: job.MaxOutput, Read: func(name string) ([]byte, bool) {
		args, err := json.Marshal(name)
		if err != nil {
			return nil, false
		}
		file, err := call(ctx, methodRead, sandbox.Payload{JSON: args})
		if err != nil || len(file.Blobs) != 1 {
			return nil, false
		}
		return file.Blobs[0], true
	}})
	result := bundled{Warnings: out.Warnings, Inputs: out.Inputs}
	var wrong *bundle.Errors
	if errors.As(err, &wrong) {
		result.Problems = wrong.Messages
	} else if err != nil {
		return sandbox.Output{}, err
	}
	text, err := json.Marshal(result)
	return sandbox.Output{Result: sandbox.Payload{JSON: text, Blobs: [][]byte{out.Code, out.SourceMap}}}, err
}

// workshop bundles in workers of its own, which are started when they are
// needed: packages are not installed all the time.
type workshop struct {
	config worker.Config
	shared bool // one worker sees all packages

	mu      sync.Mutex
	engine  *worker.Engine
	program sandbox.Program
}

// newWorkshop returns a workshop whose workers are like those of c. A shared one
// is for one author's packages: its worker is not started anew for each content.
func newWorkshop(c worker.Config, shared bool) *workshop {
	c.Engine, c.Memory, c.Spares = bundlerName, bundlingLimits.Memory, -1
	c.Max, c.PerTenant, c.Lanes = 2, 1, 1
	c.MaxIdle = 2 * time.Second // the handlers of one package come one after the other
	if shared {
		c.MaxIdle = 10 * time.Minute // between two times that a file is saved
	}
	return &workshop{config: c, shared: shared}
}

func (w *workshop) open(ctx context.Context) (sandbox.Program, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.program != nil {
		return w.program, nil
	}
	engine, err := worker.New(w.config)
	if err != nil {
		return nil, err
	}
	if w.program, err = engine.Compile(ctx, sandbox.Source{Name: bundlerName}); err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	w.engine = engine
	return w.program, nil
}

func (w *workshop) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.engine == nil {
		return nil
	}
	return w.engine.Close()
}

// build is [bundle.Build] in a worker. A worker sees one package, unless all are
// one author's.
func (w *workshop) build(ctx context.Context, pkg string, in bundle.Input) (bundle.Output, error) {
	if w.shared {
		pkg = "one author"
	}
	program, err := w.open(ctx)
	if err != nil {
		return bundle.Output{}, err
	}
	input, err := json.Marshal(bundlingJob{Entry: in.Entry, MaxOutput: in.MaxOutput})
	if err != nil {
		return bundle.Output{}, err
	}
	out, err := program.Run(ctx, sandbox.Invocation{
		ID: "bundle " + in.Entry, Tenant: pkg, Input: sandbox.Payload{JSON: input}, Limits: bundlingLimits,
	}, readFrom(in.Read))
	if err != nil {
		return bundle.Output{}, bundlingError(in.Entry, err)
	}
	var result bundled
	if err := json.Unmarshal(out.Result.JSON, &result); err != nil || len(out.Result.Blobs) != 2 {
		return bundle.Output{}, errors.New("standard: the bundler's worker gave no result")
	}
	if len(result.Problems) > 0 {
		return bundle.Output{}, &bundle.Errors{Messages: result.Problems}
	}
	return bundle.Output{
		Code: out.Result.Blobs[0], SourceMap: out.Result.Blobs[1], Warnings: result.Warnings, Inputs: result.Inputs,
	}, nil
}

// readFrom answers a bundler's calls, one at a time, whatever it promises.
func readFrom(read func(string) ([]byte, bool)) sandbox.Caller {
	var one sync.Mutex
	return func(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
		var name string
		if err := json.Unmarshal(args.JSON, &name); err != nil || method != methodRead {
			return sandbox.Payload{}, sandbox.Errorf(sandbox.Invalid, "a bundler reads files")
		}
		one.Lock()
		defer one.Unlock()
		data, ok := read(name)
		if !ok {
			return sandbox.Payload{}, sandbox.Errorf(sandbox.NotFound, "no file %s", name)
		}
		return sandbox.Payload{Blobs: [][]byte{data}}, nil
	}
}

// bundlingError says of a handler that broke a limit that it is invalid.
func bundlingError(entry string, err error) error {
	for _, limit := range []sandbox.Error{
		{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}, {Code: sandbox.Timeout, Reason: sandbox.ReasonCPU},
		{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}, {Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth},
	} {
		if errors.Is(err, &limit) {
			return sandbox.Errorf(sandbox.Invalid, "%s: bundling it broke a limit: %s", entry, err)
		}
	}
	return err
}
