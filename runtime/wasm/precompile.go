package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"sync"

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

	mu   sync.Mutex
	kept map[string][]byte
}

// NewPrecompiler returns a precompiler for engines of a configuration. What it
// keeps is in a directory of its own for each version, below dir, or in memory
// when dir is empty.
func NewPrecompiler(c Config, dir string) (*Precompiler, error) {
	p := &Precompiler{config: c, kept: map[string][]byte{}}
	if dir == "" {
		return p, nil
	}
	p.dir = filepath.Join(dir, compilerVersion())
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("wasm: directory of compiled code: %w", err)
	}
	return p, nil
}

// rewriting names the form of what package binary writes. It changes with it.
const rewriting = "2"

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
	return "wazero-" + version + "-annex-" + rewriting + "-" + goruntime.GOOS + "-" + goruntime.GOARCH
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
	if c.Cache.entries == nil {
		return src, nil // nothing can be kept: each engine compiles for itself
	}
	c.Cache.entries.collect, c.Cache.entries.code = true, map[[32]byte][]byte{}
	defer c.Cache.Close()
	e, err := New(c)
	if err != nil {
		return src, err
	}
	defer e.Close()
	program, err := e.Compile(ctx, src)
	if err != nil {
		return src, err
	}
	defer program.Close()
	src.Compiled = c.Cache.entries.encode()
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
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil || len(data) <= sha256.Size {
		return nil
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	return data[sha256.Size:]
}

// maxKept is how many modules are kept in memory.
const maxKept = 16

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
	f, err := os.CreateTemp(p.dir, name+".*.tmp")
	if err != nil {
		return
	}
	sum := sha256.Sum256(code)
	_, err = f.Write(append(sum[:], code...))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(p.dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}
