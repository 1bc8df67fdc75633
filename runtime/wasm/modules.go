package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/tetratelabs/wazero"

	"github.com/annexhost/annex/runtime/sandbox"
	module "github.com/annexhost/annex/runtime/wasm/binary"
)

// modules is what a source was compiled to. The programs of an engine that come
// of one source, each another handler in it, share it.
type modules struct {
	parts []compiledPart // the main one is the last
	anew  bool           // their state is more than a snapshot holds

	key   [32]byte
	users int // programs; guarded by the engine's mu
}

// rewritten is a module as it is compiled, and what there is to know of it.
type rewritten struct {
	name    string // that others import it by; empty for the main one
	code    []byte
	globals []string // its state, by the names of exports
	start   bool     // it has a start function
	anew    bool     // it can change its tables
}

// compiledPart is a module that wazero has compiled.
type compiledPart struct {
	rewritten
	compiled wazero.CompiledModule
}

// shared returns the modules that an engine has of a source, nil if it has none.
func (e *Engine) shared(key [32]byte) *modules {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.modules[key]
	if m != nil {
		m.users++
	}
	return m
}

// share keeps modules for the next program of the same source. Another program
// may have been first: then that one's are returned.
func (e *Engine) share(key [32]byte, made *modules) *modules {
	for i := range made.parts {
		made.parts[i].code = nil // wazero has what it needs
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if first := e.modules[key]; first != nil {
		made.close()
		first.users++
		return first
	}
	made.key, made.users = key, 1
	e.modules[key] = made
	return made
}

// letGo ends a use of modules. The last one closes them.
func (e *Engine) letGo(m *modules) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m.users--; m.users > 0 {
		return
	}
	delete(e.modules, m.key)
	m.close()
}

func (m *modules) close() {
	for _, p := range m.parts {
		_ = p.compiled.Close(context.Background())
	}
}

// refuses says what is wrong with an export as a handler; empty for nothing.
func (m *modules) refuses(export string) string {
	f, ok := m.parts[len(m.parts)-1].compiled.ExportedFunctions()[export]
	if !ok {
		return refused(export, module.FuncType{}, false)
	}
	return refused(export, module.FuncType{Params: f.ParamTypes(), Results: f.ResultTypes()}, true)
}

// modulesOf compiles a source, or takes what it was compiled to before.
func (e *Engine) modulesOf(ctx context.Context, src sandbox.Source) (m *modules, err error) {
	m = &modules{}
	defer func() {
		if x := recover(); x != nil {
			err = invalid(src, []string{"the compiler failed on it"})
		}
		if err != nil {
			m.close()
			m = nil
		}
	}()
	parts, err := e.partsOf(src)
	if err != nil {
		return m, err
	}
	if entries := e.config.entries(); entries != nil && len(src.Compiled) > 0 {
		defer entries.load(nil) // then it is compiled: the bytes are needed no more
	}
	for _, p := range parts {
		compiled, err := e.runtime.CompileModule(context.WithoutCancel(ctx), p.code)
		if err != nil {
			return m, invalid(src, []string{where(p.name) + firstLine(err.Error())})
		}
		m.parts = append(m.parts, compiledPart{p, compiled})
		m.anew = m.anew || p.anew
	}
	return m, nil
}

// partsOf returns the modules of a source as they are compiled. Those of one that
// was compiled before are with it, and wazero is given their code.
func (e *Engine) partsOf(src sandbox.Source) ([]rewritten, error) {
	if entries := e.config.entries(); entries != nil && len(src.Compiled) > 0 {
		parts, code, err := decodeCompiled(src.Compiled, e.maxPages())
		if err == nil {
			entries.load(code)
		}
		return parts, err
	}
	read, problems := e.read(src)
	if len(problems) > 0 {
		return nil, invalid(src, problems)
	}
	parts, problems := e.rewrite(read)
	if len(problems) > 0 {
		return nil, invalid(src, problems)
	}
	return parts, nil
}

var errCompiled = errors.New("wasm: compiled code is damaged, or for another limit of memory")

// encodeCompiled writes modules, rewritten for memories up to a size, with the code
// that wazero has made of them under keys of its own. It is fields, each its length
// and its bytes.
func encodeCompiled(parts []compiledPart, maxPages uint32, code map[[32]byte][]byte) []byte {
	var out []byte
	field := func(data []byte) { out = append(binary.LittleEndian.AppendUint64(out, uint64(len(data))), data...) }
	field(binary.LittleEndian.AppendUint32(nil, maxPages))
	field([]byte{byte(len(parts))}) // maxLinked and one
	for _, p := range parts {
		field([]byte(p.name))
		field([]byte(strings.Join(p.globals, "\n")))
		field([]byte{flag(p.start), flag(p.anew)})
		field(p.code)
	}
	for key, code := range code {
		field(key[:])
		field(code)
	}
	return out
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// fields reads what encodeCompiled has written. What is damaged reads as zeros.
type fields struct {
	left    []byte
	damaged bool
}

// next returns a field of a size, -1 for any. It is part of what is read.
func (f *fields) next(size int) []byte {
	if len(f.left) >= 8 {
		n, rest := binary.LittleEndian.Uint64(f.left), f.left[8:]
		if n <= uint64(len(rest)) && (size < 0 || n == uint64(size)) {
			f.left = rest[n:]
			return rest[:n:n]
		}
	}
	f.left, f.damaged = nil, true
	return make([]byte, max(size, 0))
}

// decodeCompiled returns the modules, with bytes of their own, which wazero keeps,
// and the code, which is part of data.
func decodeCompiled(data []byte, maxPages uint32) ([]rewritten, map[[32]byte][]byte, error) {
	f := &fields{left: data}
	pages := binary.LittleEndian.Uint32(f.next(4))
	var parts []rewritten
	for range f.next(1)[0] {
		p := rewritten{name: string(f.next(-1))}
		if names := string(f.next(-1)); names != "" {
			p.globals = strings.Split(names, "\n")
		}
		flags := f.next(2)
		p.start, p.anew, p.code = flags[0] == 1, flags[1] == 1, bytes.Clone(f.next(-1))
		parts = append(parts, p)
	}
	code := map[[32]byte][]byte{}
	for len(f.left) > 0 {
		key := [32]byte(f.next(32))
		code[key] = f.next(-1)
	}
	if f.damaged || len(parts) == 0 || pages != maxPages {
		return nil, nil, errCompiled
	}
	return parts, code, nil
}
