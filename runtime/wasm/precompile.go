package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/annexhost/annex/internal/atomicfile"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Precompiler compiles modules in this process for engines in others, and keeps
// what comes of it. Whoever could write what it keeps would run machine code
// where the modules run: the directory belongs to the host's user alone, and
// each file carries a checksum. Modules are compiled here only after compiling
// them has been survived elsewhere, under limits.
type Precompiler struct {
	config Config
	dir    string // empty: kept in memory
	most   int64  // bytes in dir

	mu   sync.Mutex
	kept map[string][]byte
}

// NewPrecompiler returns a precompiler for engines of a configuration. What it
// keeps is in a directory of its own for each version, below dir, or in memory
// when dir is empty. What another version has kept there is removed.
func NewPrecompiler(c Config, dir string) (*Precompiler, error) {
	p := &Precompiler{config: c, most: maxStored, kept: map[string][]byte{}}
	if dir == "" {
		return p, nil
	}
	p.dir = filepath.Join(dir, compilerVersion())
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("wasm: directory of compiled code: %w", err)
	}
	others, err := filepath.Glob(filepath.Join(dir, compilerName+"*"))
	if err != nil {
		return nil, fmt.Errorf("wasm: directory of compiled code: %w", err)
	}
	for _, other := range others {
		if other != p.dir {
			_ = os.RemoveAll(other) // it takes room, and is tried again
		}
	}
	return p, nil
}

// rewriting names what package binary lets pass and what it makes of it, and the
// form of what is kept. It changes with them.
const rewriting = "4"

// compilerName is what the name of every version begins with.
const compilerName = "wazero-"

// compilerVersion names everything that compiled code depends on beside its source.
func compilerVersion() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/tetratelabs/wazero" {
				version = m.Version
			}
		}
	}
	return compilerName + version + "-annex-" + rewriting + "-" + goruntime.GOOS + "-" + goruntime.GOARCH
}

func (p *Precompiler) name(src sandbox.Source) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", p.config.MaxMemory)
	h.Write(src.Code)
	return hex.EncodeToString(h.Sum(nil))
}

// Known reports whether a module was compiled before. The error says what is
// wrong with one that was: another handler may be asked of it.
func (p *Precompiler) Known(src sandbox.Source) (bool, error) {
	if p.read(p.name(src)) == nil {
		return false, nil
	}
	c := p.config
	c.Cache = nil
	e, err := New(c)
	if err != nil {
		return false, err
	}
	defer e.Close()
	if _, problems := e.read(src); len(problems) > 0 {
		return true, invalid(src, problems)
	}
	return true, nil
}

// Prepare adds to a source what it is compiled to.
func (p *Precompiler) Prepare(ctx context.Context, src sandbox.Source) (sandbox.Source, error) {
	name := p.name(src)
	if src.Compiled = p.read(name); src.Compiled != nil {
		return src, nil
	}
	c := p.config
	c.Cache = NewCache()
	defer c.Cache.Close()
	entries := c.entries()
	if entries == nil {
		return src, nil // nothing can be kept: each engine compiles for itself
	}
	entries.collect, entries.code = true, map[[32]byte][]byte{}
	e, err := New(c)
	if err != nil {
		return src, err
	}
	defer e.Close()
	m, err := e.modulesOf(ctx, src)
	if err != nil {
		return src, err
	}
	defer m.close()
	src.Compiled = encodeCompiled(m.parts, e.maxPages(), entries.code)
	p.write(name, src.Compiled)
	return src, nil
}

// read returns what is kept under a name, nil for nothing or what is damaged.
func (p *Precompiler) read(name string) []byte {
	if p.dir == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.kept[name]
	}
	file := filepath.Join(p.dir, name)
	data, err := os.ReadFile(file)
	if err != nil || len(data) <= sha256.Size {
		return nil
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(file, now, now) // what is used stays
	return data[sha256.Size:]
}

// What is kept: modules in memory, and bytes in a directory.
const (
	maxKept   = 16
	maxStored = 1 << 30
)

// write keeps compiled code. Code that cannot be kept is compiled again.
func (p *Precompiler) write(name string, code []byte) {
	if p.dir == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.kept) >= maxKept {
			clear(p.kept)
		}
		p.kept[name] = code
		return
	}
	sum := sha256.Sum256(code)
	if atomicfile.Write(filepath.Join(p.dir, name), append(sum[:], code...), 0o600) == nil {
		p.prune()
	}
}

// prune removes what was used least lately until the rest is not too much: any
// number of modules may be installed, one after the other.
func (p *Precompiler) prune() {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var sum int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, info)
			sum += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if sum <= p.most {
			return
		}
		if os.Remove(filepath.Join(p.dir, f.Name())) == nil {
			sum -= f.Size()
		}
	}
}
