package js

import (
	"context"
	"time"

	"github.com/dop251/goja"

	"github.com/annexhost/annex/runtime/sandbox"
)

// callGrace is how long Run waits for calls that it has cancelled.
const callGrace = 100 * time.Millisecond

// program is a [sandbox.Program].
type program struct {
	engine *Engine
	source string // the name
	export string
	code   *goja.Program
	async  bool // promises are likely to be used

	touched touched
	pool    pool
}

// Run implements [sandbox.Program].
func (p *program) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	warmer := p.engine.warmer
	limits := inv.Limits.WithDefaults()
	var r *realm
	var refill bool
	if inv.Random == nil { // else module-level code is to see it too
		r, refill = p.pool.take(limits, p.engine.config.Warm, warmer.spareCore())
	}
	if r == nil {
		r = newRealm(p)
	}
	result, usage, failed := r.invoke(ctx, inv, limits, call)
	if refill {
		warmer.refill(p)
	}
	out := sandbox.Output{Result: result, Usage: usage}
	if failed != nil {
		return out, failed
	}
	return out, nil
}

// Close implements [sandbox.Program].
func (p *program) Close() error {
	p.pool.close()
	p.engine.warmer.forget(p)
	return nil
}
