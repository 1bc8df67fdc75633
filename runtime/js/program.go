package js

import (
	"context"
	"sync"
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

	mu     sync.Mutex
	closed bool
}

// Run implements [sandbox.Program].
func (p *program) Run(ctx context.Context, inv sandbox.Invocation, call sandbox.Caller) (sandbox.Output, error) {
	limits := inv.Limits.WithDefaults()
	r := newRealm(p)
	result, usage, failed := r.invoke(ctx, inv, limits, call)
	out := sandbox.Output{Result: result, Usage: usage}
	if failed != nil {
		return out, failed
	}
	return out, nil
}

// Close implements [sandbox.Program].
func (p *program) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	return nil
}
