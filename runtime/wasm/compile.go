package wasm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// DefaultExport is the handler of a source that names none.
const DefaultExport = "handler"

// maxLinked is how many modules may be linked with one.
const maxLinked = 16

// part is one module of a program while it is compiled.
type part struct {
	name    string // that others import it by; empty for the main one
	module  *binary.Module
	imports []string // linked modules that it imports
}

// Compile implements [sandbox.Engine]. Everything that is wrong with a module is
// in one message.
func (e *Engine) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	key := sha256.Sum256(src.Code)
	m := e.shared(key)
	if m == nil {
		made, err := e.modulesOf(ctx, src)
		if err != nil {
			return nil, err
		}
		m = e.share(key, made)
	}
	if problem := m.refuses(exportOf(src)); problem != "" {
		e.letGo(m)
		return nil, invalid(src, []string{problem})
	}
	src.Code, src.Compiled = nil, nil
	p := &program{engine: e, source: src, export: exportOf(src), modules: m, idle: make(chan *instance, max(e.config.Idle, 0))}
	p.users.Store(1)
	e.users.Add(1)
	return p, nil
}

// exportOf is the name of the handler.
func exportOf(src sandbox.Source) string {
	if src.Export == "" {
		return DefaultExport
	}
	return src.Export
}

// read decodes and checks all modules of a source, and returns them in the order
// in which they are instantiated: the main one last.
func (e *Engine) read(src sandbox.Source) (parts []part, problems []string) {
	if size := e.config.Bounds.Size; size > 0 && len(src.Code) > size {
		return nil, []string{fmt.Sprintf("it has %d bytes (max %d)", len(src.Code), size)}
	}
	main, err := binary.Decode(src.Code)
	if err != nil {
		return nil, []string{err.Error()}
	}
	parts = []part{{module: main}}
	for _, c := range main.Customs {
		if name, ok := strings.CutPrefix(c.Name, binary.Linked); ok {
			m, err := binary.Decode(c.Data)
			if err != nil {
				problems = append(problems, where(name)+err.Error())
				continue
			}
			parts = append(parts, part{name: name, module: m})
		}
	}
	if len(parts) > maxLinked+1 {
		return nil, []string{fmt.Sprintf("it is linked with %d modules (max %d)", len(parts)-1, maxLinked)}
	}
	problems = append(problems, e.check(parts, src)...)
	if len(problems) > 0 {
		return nil, problems
	}
	parts, ok := inOrder(parts)
	if !ok {
		return nil, []string{"its modules import one another in a circle"}
	}
	return parts, nil
}

// rewrite makes of modules what is compiled in their place.
func (e *Engine) rewrite(parts []part) (all []rewritten, problems []string) {
	for _, p := range parts {
		r := rewritten{name: p.name, start: p.module.Start != nil, anew: p.module.ChangesTables()}
		var err error
		r.globals, err = p.module.Instrument(binary.Options{MaxPages: e.maxPages(), MaxElements: 100_000})
		if err != nil {
			return nil, []string{where(p.name) + err.Error()}
		}
		r.code = p.module.Encode()
		all = append(all, r)
	}
	return all, nil
}

// check returns what is wrong with the modules.
func (e *Engine) check(parts []part, src sandbox.Source) (problems []string) {
	names := map[string]*binary.Module{}
	for _, p := range parts[1:] {
		if p.name == "" || names[p.name] != nil || e.hostModule(p.name) != nil || p.name == kernelModule || p.name == binary.HostModule {
			problems = append(problems, fmt.Sprintf("the name of a linked module is taken: %q", p.name))
		}
		names[p.name] = p.module
	}
	for i := range parts {
		p := &parts[i]
		for _, text := range p.module.Check(e.config.Bounds) {
			problems = append(problems, where(p.name)+text)
		}
		imports, missing := e.checkImports(p.module, names)
		p.imports = imports
		for _, text := range missing {
			problems = append(problems, where(p.name)+text)
		}
	}
	sig, ok := parts[0].module.ExportedFunc(exportOf(src))
	if text := refused(exportOf(src), sig, ok); text != "" {
		problems = append(problems, text)
	}
	return problems
}

// refused says what is wrong with an export as a handler; empty for nothing.
func refused(name string, sig binary.FuncType, ok bool) string {
	switch {
	case !ok:
		return fmt.Sprintf("unknown function: it does not export %q", name)
	case len(sig.Params) > 0 || len(sig.Results) > 1 || len(sig.Results) == 1 && sig.Results[0] != binary.I32:
		return fmt.Sprintf("the handler %q has type %s: want () -> i32, or no result", name, sig)
	}
	return ""
}

// checkImports returns the linked modules that a module imports, and what it
// imports that does not exist.
func (e *Engine) checkImports(m *binary.Module, names map[string]*binary.Module) (imports, problems []string) {
	for _, i := range m.Imports {
		if i.Kind == binary.KindMemory {
			continue // refused by Check
		}
		var have binary.FuncType
		var ok bool
		other := names[i.Module]
		switch {
		case other != nil:
			if !slices.Contains(imports, i.Module) {
				imports = append(imports, i.Module)
			}
			if i.Kind != binary.KindFunc {
				continue // wazero compares them
			}
			have, ok = other.ExportedFunc(i.Name)
		case i.Kind == binary.KindFunc:
			have, ok = e.hostType(i.Module, i.Name)
		}
		want := m.Types
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("unknown import %s.%s", i.Module, i.Name))
		case !have.Equal(want[i.Type]):
			problems = append(problems, fmt.Sprintf("the import %s.%s has type %s: want %s", i.Module, i.Name, want[i.Type], have))
		}
	}
	return imports, problems
}

// hostModule returns the functions of a module of the host, nil if there is none.
func (e *Engine) hostModule(name string) map[string]hostFunction {
	switch name {
	case wasiModule:
		return wasiByName
	case userModule:
		if more := e.config.host[name]; more != nil {
			return more
		}
		return e.user
	}
	return e.config.host[name]
}

// hostType is the type of a function of the host.
func (e *Engine) hostType(module, name string) (binary.FuncType, bool) {
	if module == kernelModule {
		sig, ok := kernelTypes()[name]
		return sig, ok
	}
	if module == userModule {
		if f, ok := e.user[name]; ok {
			return f.sig, true
		}
	}
	f, ok := e.hostModule(module)[name]
	return f.sig, ok
}

// inOrder sorts modules so that each comes behind those that it imports.
func inOrder(parts []part) (sorted []part, ok bool) {
	done := map[string]bool{}
	for len(sorted) < len(parts) {
		before := len(sorted)
		for _, p := range parts {
			ready := !slices.ContainsFunc(p.imports, func(name string) bool { return !done[name] })
			if p.name == "" && len(sorted) < len(parts)-1 {
				ready = false // the main one is the last
			}
			if ready && !slices.ContainsFunc(sorted, func(s part) bool { return s.name == p.name }) {
				sorted = append(sorted, p)
				done[p.name] = p.name != ""
			}
		}
		if len(sorted) == before {
			return nil, false
		}
	}
	return sorted, true
}

func where(name string) string {
	if name == "" {
		return ""
	}
	return "module " + name + ": "
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// invalid is the error of a source with problems.
func invalid(src sandbox.Source, problems []string) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: "CompileError", Message: src.Name + ": " + strings.Join(problems, "; ")}
}
