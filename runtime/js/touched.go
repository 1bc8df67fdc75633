package js

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"
)

// maxTouched limits what is remembered of a program.
const maxTouched = 64

// touched remembers which globals and members of the api the invocations of a
// program have used, so that they are made in its warm realms ahead of the
// request: the classes of URL or Response cost more than most handlers.
type touched struct {
	mu    sync.Mutex
	paths atomic.Pointer[[]string] // replaced, never changed
}

// globalPath starts the paths of globals; those of the api have no such start.
const globalPath = "globalThis."

// add remembers a path. It is called in every realm, nearly always for a path
// that is known.
func (t *touched) add(path string) {
	if slices.Contains(t.all(), path) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.all()
	if len(known) >= maxTouched || slices.Contains(known, path) {
		return
	}
	paths := append(slices.Clone(known), path)
	t.paths.Store(&paths)
}

func (t *touched) all() []string {
	if paths := t.paths.Load(); paths != nil {
		return *paths
	}
	return nil
}

// touch makes what earlier invocations used. What fails here would fail for the
// author too, who should see it; so it is left to the invocation.
func (r *realm) touch() {
	for _, path := range r.program.touched.all() {
		_ = r.do(func() error {
			object := r.api
			name, isGlobal := strings.CutPrefix(path, globalPath)
			if isGlobal {
				object = r.globals
			}
			for part := range strings.SplitSeq(name, ".") {
				next, ok := object.Get(part).(*goja.Object)
				if !ok {
					break
				}
				object = next
			}
			return nil
		})
	}
}
