package runtime

import (
	"context"
	"errors"
	"sync"

	"github.com/annexhost/annex/secrets"
)

// errRevoked is the cause of a context whose installation lost its grants.
var errRevoked = errors.New("runtime: the extension was uninstalled or its grants were narrowed")

// owner names an installation.
type owner struct{ org, extension string }

// secrets names it as the owner of secrets.
func (o owner) secrets() secrets.Owner { return secrets.Owner{Org: o.org, Extension: o.extension} }

// inflight knows which invocations run, so that a revocation ends them and a
// shutdown can wait for them.
type inflight struct {
	mu      sync.Mutex
	closed  bool
	running map[owner]map[*flight]struct{}
	all     sync.WaitGroup
}

type flight struct{ cancel context.CancelCauseFunc }

func newInflight() *inflight {
	return &inflight{running: map[owner]map[*flight]struct{}{}}
}

// enter notes an invocation. The context ends when the installation is
// revoked; leave must be called. ok is false once close was called.
func (in *inflight) enter(ctx context.Context, o owner) (_ context.Context, leave func(), ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return ctx, nil, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	f := &flight{cancel}
	of := in.running[o]
	if of == nil {
		of = map[*flight]struct{}{}
		in.running[o] = of
	}
	of[f] = struct{}{}
	in.all.Add(1)
	return ctx, func() {
		in.mu.Lock()
		delete(of, f)
		if len(of) == 0 {
			delete(in.running, o)
		}
		in.mu.Unlock()
		cancel(nil)
		in.all.Done()
	}, true
}

// revoke ends the invocations of an installation.
func (in *inflight) revoke(o owner) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for f := range in.running[o] {
		f.cancel(errRevoked)
	}
}

// revokeOrg ends the invocations of an organization.
func (in *inflight) revokeOrg(org string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for o, of := range in.running {
		if o.org != org {
			continue
		}
		for f := range of {
			f.cancel(errRevoked)
		}
	}
}

// countOrg is how many invocations of an organization run.
func (in *inflight) countOrg(org string) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for o, of := range in.running {
		if o.org == org {
			n += len(of)
		}
	}
	return n
}

// ended reports whether close was called.
func (in *inflight) ended() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.closed
}

// count is how many invocations of an installation run.
func (in *inflight) count(o owner) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.running[o])
}

// close refuses new invocations and waits for the running ones; when ctx is
// done it ends them first.
func (in *inflight) close(ctx context.Context) {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	done := make(chan struct{})
	go func() {
		in.all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	in.mu.Lock()
	for _, of := range in.running {
		for f := range of {
			f.cancel(context.Cause(ctx))
		}
	}
	in.mu.Unlock()
	<-done
}
