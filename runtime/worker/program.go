package worker

import (
	"context"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// program is a [sandbox.Program]. It runs wherever its tenant's workers are.
type program struct {
	engine *Engine
	source sandbox.Source
	hash   hash
}

// programMark stands between a tenant and a program in the name of who has a
// worker.
const programMark = "\x00"

// Run implements [sandbox.Program].
func (p *program) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	tenant := inv.Tenant
	if p.engine.config.MachineCode {
		tenant += programMark + string(p.hash[:]) // its workers have sealed themselves with this program inside
	}
	i := &invocation{
		pool: p.engine.programs, program: p, tenant: tenant, ctx: ctx,
		limits: inv.Limits.WithDefaults(), asked: inv, caller: call,
	}
	start := time.Now()
	out, failed := i.perform((*lane).invoke)
	out.Usage.Wall = time.Since(start)
	if failed != nil {
		return out, failed
	}
	out.Usage.OutputBytes = out.Result.Size()
	return out, nil
}

// Close implements [sandbox.Program]: the workers that have the program forget it.
func (p *program) Close() error {
	p.engine.programs.forget(p.hash)
	return nil
}
