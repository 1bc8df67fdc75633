package bundle

import (
	"errors"
	"regexp"
	"slices"
	"sync"
)

// stars watches over statements export * from "…". esbuild follows them along all
// paths from each file, so that a few dozen files can keep it busy for ever.
type stars struct {
	mu sync.Mutex
	to map[string][]string
}

// maxStars is how many steps esbuild may take to follow them all. Large libraries
// take a few hundred.
const maxStars = 20_000

// starred is how esbuild translates such a statement for CommonJS.
var starred = regexp.MustCompile(`__reExport\d*\([\w$]+,\s*require\(("(?:[^"\\]|\\.)*")\)`)

// add counts the statements of one more file.
func (s *stars) add(file string, to []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to[file] = to
	if len(to) == 0 {
		return nil
	}
	w := walk{to: s.to}
	for from := range s.to {
		w.from(from)
	}
	if w.steps > maxStars {
		return errors.New("too many ways lead through statements export * from: export the names")
	}
	return nil
}

// walk counts the paths that esbuild takes.
type walk struct {
	to    map[string][]string
	path  []string
	steps int
}

func (w *walk) from(file string) {
	w.path = append(w.path, file)
	for _, next := range w.to[file] {
		if w.steps++; w.steps > maxStars {
			break
		}
		if !slices.Contains(w.path, next) {
			w.from(next)
		}
	}
	w.path = w.path[:len(w.path)-1]
}
