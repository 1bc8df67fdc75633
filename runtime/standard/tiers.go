package standard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// isolationOf is where handlers of an engine run for a tenant: what the operator
// says of the installation, else of the engine, else of everything.
func (o Options) isolationOf(engine, tenant string) Isolation {
	for _, key := range []string{tenant, engine} {
		if i := o.IsolationOf[key]; i != "" {
			return i
		}
	}
	if o.Isolation == "" {
		return InProcess
	}
	return o.Isolation
}

// uses reports whether any handler of an engine may run in a tier.
func (o Options) uses(engine string, tier Isolation) bool {
	if o.isolationOf(engine, "") == tier {
		return true
	}
	for key, i := range o.IsolationOf {
		if i == tier && strings.Contains(key, "/") {
			return true
		}
	}
	return false
}

// CheckIsolation reports what is wrong with Isolation, IsolationOf and
// RequireJail, each alone and together.
func (o Options) CheckIsolation() error {
	known := func(i Isolation) bool { return i == Process || i == InProcess }
	if o.Isolation != "" && !known(o.Isolation) {
		return fmt.Errorf("standard: isolation is %q or %q, not %q", Process, InProcess, o.Isolation)
	}
	for key, i := range o.IsolationOf {
		org, extension, installation := strings.Cut(key, "/")
		switch {
		case !known(i):
			return fmt.Errorf("standard: isolation of %s is %q or %q, not %q", key, Process, InProcess, i)
		case installation && (registry.CheckOrg(org) != nil || !manifest.IsID(extension)),
			!installation && !slices.Contains([]string{JavaScript, WebAssembly}, key):
			return fmt.Errorf("standard: isolation of %q: want %s, %s or an installation such as acme/annex.notes", key, JavaScript, WebAssembly)
		}
	}
	for _, engine := range []string{JavaScript, WebAssembly} {
		if o.RequireJail && o.uses(engine, InProcess) {
			return errors.New("standard: a jail is required, but some handlers would run in this process")
		}
	}
	return nil
}

// tiers is an engine of which some tenants' handlers run in workers and others'
// in this process.
type tiers struct {
	process, inProcess sandbox.Engine
	of                 func(tenant string) Isolation
}

// Compile implements [sandbox.Engine]. It compiles in a worker, where a source
// can do no harm: whose handler it will be is not known yet.
func (t *tiers) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	p, err := t.process.Compile(ctx, src)
	if err != nil {
		return nil, err
	}
	return &tieredProgram{tiers: t, source: src, process: p}, nil
}

// Close does nothing: the host closes both engines.
func (t *tiers) Close() error { return nil }

// tieredProgram is a program of both tiers.
type tieredProgram struct {
	tiers   *tiers
	source  sandbox.Source
	process sandbox.Program

	mu        sync.Mutex
	inProcess sandbox.Program // nil until somebody runs it here
}

// Run implements [sandbox.Program].
func (p *tieredProgram) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	if p.tiers.of(inv.Tenant) == Process {
		return p.process.Run(ctx, inv, call)
	}
	local, err := p.local(ctx)
	if err != nil {
		return sandbox.Output{}, err
	}
	return local.Run(ctx, inv, call)
}

// local compiles the program in this process, once.
func (p *tieredProgram) local(ctx context.Context) (sandbox.Program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inProcess != nil {
		return p.inProcess, nil
	}
	local, err := p.tiers.inProcess.Compile(ctx, p.source)
	if err != nil {
		return nil, sandbox.AsError(err)
	}
	p.inProcess = local
	return local, nil
}

// Close implements [sandbox.Program].
func (p *tieredProgram) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.process.Close()
	if p.inProcess != nil {
		err = errors.Join(err, p.inProcess.Close())
	}
	return err
}
