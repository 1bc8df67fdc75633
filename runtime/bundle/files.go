package bundle

import (
	"fmt"
	"sort"
	"sync"
)

// files reads the author's files for one build, each once, and remembers which
// were used. esbuild loads from several goroutines.
type files struct {
	mu     sync.Mutex
	source func(name string) ([]byte, bool)
	cache  map[string][]byte // nil: there is none
	used   map[string]bool
	total  int
	closed bool
}

func newFiles(read func(string) ([]byte, bool)) *files {
	return &files{source: read, cache: map[string][]byte{}, used: map[string]bool{}}
}

func (f *files) read(name string) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, known := f.cache[name]
	if !known && !f.closed {
		var ok bool
		if data, ok = f.source(name); !ok {
			data = nil
		} else if data == nil {
			data = []byte{}
		}
		f.cache[name] = data
	}
	return data, data != nil
}

// close makes a build that goes on after its end find no more files.
func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

func (f *files) exists(name string) bool {
	_, ok := f.read(name)
	return ok
}

// use reads a file that goes into the bundle, and counts it.
func (f *files) use(name string) ([]byte, error) {
	data, ok := f.read(name)
	if !ok {
		return nil, fmt.Errorf("there is no file %s", name)
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("the file is too large: %d bytes (max %d)", len(data), MaxFile)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used[name] {
		return data, nil
	}
	f.used[name] = true
	f.total += len(data)
	if len(f.used) > MaxFiles {
		return nil, fmt.Errorf("the handler imports too many files (max %d)", MaxFiles)
	}
	if f.total > MaxTotal {
		return nil, fmt.Errorf("the files that the handler imports are too large together (max %d bytes)", MaxTotal)
	}
	return data, nil
}

func (f *files) inputs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, 0, len(f.used))
	for name := range f.used {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
