package runtime

import (
	"container/list"
	"context"
	"sync"

	"github.com/annexhost/annex/runtime/sandbox"
)

// programKey names a compiled handler: its code, and the name under which it
// appears in stack traces. Organizations that installed the same package share
// the program; a program holds no state of anyone.
type programKey struct{ code, name string }

// programs keeps compiled handlers, the most recently used ones, and closes
// the others once nobody runs them.
type programs struct {
	max int

	mu     sync.Mutex
	byKey  map[programKey]*program
	recent list.List // of *program, the most recent first
}

// program is an entry of programs. It counts its users, so that a program is
// not closed under an invocation.
type program struct {
	sandbox.Program
	key   programKey
	ready chan struct{} // closed when compiling has ended
	err   error         // of compiling
	users int
	gone  bool
	place *list.Element
}

func newPrograms(max int) *programs {
	return &programs{max: max, byKey: map[programKey]*program{}}
}

// acquire returns the program of key, compiling it when it is not there;
// callers that come meanwhile wait for the same compilation. The caller must
// release it.
func (ps *programs) acquire(ctx context.Context, key programKey, compile func(context.Context) (sandbox.Program, error)) (*program, error) {
	ps.mu.Lock()
	p, found := ps.byKey[key]
	if !found {
		p = &program{key: key, ready: make(chan struct{})}
		p.place = ps.recent.PushFront(p)
		ps.byKey[key] = p
	} else {
		ps.recent.MoveToFront(p.place)
	}
	p.users++
	ps.mu.Unlock()

	if !found {
		// Another caller's patience must not end with this one's.
		p.Program, p.err = compile(context.WithoutCancel(ctx))
		close(p.ready)
		ps.trim()
	}
	select {
	case <-p.ready:
	case <-ctx.Done():
		ps.release(p)
		return nil, ctx.Err()
	}
	if p.err != nil {
		ps.drop(p)
		ps.release(p)
		return nil, p.err
	}
	return p, nil
}

// release gives a program back.
func (ps *programs) release(p *program) {
	ps.mu.Lock()
	p.users--
	unused := p.gone && p.users == 0
	ps.mu.Unlock()
	if unused {
		p.close()
	}
}

// drop forgets a program; its last user closes it.
func (ps *programs) drop(p *program) {
	ps.mu.Lock()
	unused := ps.remove(p)
	ps.mu.Unlock()
	if unused {
		p.close()
	}
}

// dropUnused forgets the program of a key that no installation needs; those who
// run it finish, and the last of them closes it.
func (ps *programs) dropUnused(key programKey) {
	ps.mu.Lock()
	p := ps.byKey[key]
	ps.mu.Unlock()
	if p != nil {
		ps.drop(p)
	}
}

// size is how many programs are held.
func (ps *programs) size() int {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.recent.Len()
}

// remove takes p out, with the lock held, and reports whether to close it now.
func (ps *programs) remove(p *program) bool {
	if p.gone {
		return false
	}
	p.gone = true
	delete(ps.byKey, p.key)
	ps.recent.Remove(p.place)
	return p.users == 0
}

// trim drops what was not used for longest.
func (ps *programs) trim() {
	for {
		ps.mu.Lock()
		if ps.recent.Len() <= ps.max {
			ps.mu.Unlock()
			return
		}
		p := ps.recent.Back().Value.(*program)
		unused := ps.remove(p)
		ps.mu.Unlock()
		if unused {
			p.close()
		}
	}
}

// close drops all programs.
func (ps *programs) close() {
	ps.max = 0
	ps.trim()
}

func (p *program) close() {
	<-p.ready
	if p.Program != nil {
		_ = p.Program.Close() // nothing runs it, and nobody could act on an error
	}
}
