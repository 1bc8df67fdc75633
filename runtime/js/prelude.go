package js

import (
	"embed"
	"fmt"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

//go:embed prelude/*.js
var preludeFiles embed.FS

// prelude is the part of the platform that is written in JavaScript: modules
// that a realm evaluates when one of their members is first touched. Each file
// is a function that takes an object of natives and returns its members.
//
// A module is compiled when the first realm of an engine needs it: most are
// never needed, and all of them together would take longer than a worker takes
// to start.
type prelude struct {
	mu       sync.Mutex
	programs map[string]*goja.Program // by name: "url"
}

func newPrelude() *prelude { return &prelude{programs: map[string]*goja.Program{}} }

// module returns a compiled module. That it compiles is a matter of the tests.
func (p *prelude) module(name string) (*goja.Program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	program, ok := p.programs[name]
	if ok {
		return program, nil
	}
	text, err := preludeFiles.ReadFile("prelude/" + name + ".js")
	if err != nil {
		return nil, err
	}
	program, err = compileOwn(name, string(text))
	if err == nil {
		p.programs[name] = program
	}
	return program, err
}

// compileOwn compiles a source that is not the author's.
func compileOwn(name, text string) (*goja.Program, error) {
	tree, err := goja.Parse(preludeName+name, text, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", preludeName, name, err)
	}
	program, err := goja.CompileAST(tree, true)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", preludeName, name, err)
	}
	return program, nil
}

// preludeMember returns a member of a module of the prelude, loading it first.
// What fails is thrown in the realm.
func (r *realm) preludeMember(module, name string) goja.Value {
	members, ok := r.modules[module]
	if !ok {
		members = r.loadPrelude(module)
		if r.modules == nil {
			r.modules = map[string]*goja.Object{}
		}
		r.modules[module] = members
	}
	return members.Get(name)
}

func (r *realm) loadPrelude(module string) *goja.Object {
	program, err := r.program.engine.prelude.module(module)
	r.must(err)
	f, err := r.vm.RunProgram(program)
	r.must(err)
	load, _ := goja.AssertFunction(f)
	natives := r.vm.NewObject()
	// Symbols come from here: the constructor of symbols costs more than a class.
	_ = natives.Set("iterator", goja.SymIterator)
	_ = natives.Set("toStringTag", goja.SymToStringTag)
	_ = natives.Set("secret", goja.NewSymbol(module)) // between the classes of a module
	r.addNatives(module, func(name string, f func(goja.FunctionCall) goja.Value) {
		_ = natives.Set(name, r.function(name, f))
	})
	switch module {
	case "abort", "clone", "crypto":
		_ = natives.Set("DOMException", r.preludeMember("exception", "DOMException"))
	}
	members, err := load(goja.Undefined(), natives)
	r.must(err)
	return members.(*goja.Object)
}

// addNatives adds the Go functions that a module is given.
func (r *realm) addNatives(module string, add func(string, func(goja.FunctionCall) goja.Value)) {
	switch module {
	case "abort":
		add("setTimeout", r.setTimeout)
	case "clone", "inspect":
		add("kindOf", r.kindOf)
	case "crypto":
		r.addCryptoNatives(add)
	case "fetch":
		r.addFetchNatives(add)
	case "text":
		r.addTextNatives(add)
	case "url":
		r.addURLNatives(add)
	}
}

// callPrelude calls a function of the prelude.
func (r *realm) callPrelude(module, name string, args ...goja.Value) goja.Value {
	f, _ := goja.AssertFunction(r.preludeMember(module, name))
	value, err := f(goja.Undefined(), args...)
	r.must(err)
	return value
}

// throwDOM throws a DOMException.
func (r *realm) throwDOM(name, message string) {
	exception, err := r.vm.New(r.preludeMember("exception", "DOMException"), r.vm.ToValue(message), r.vm.ToValue(name))
	r.must(err)
	panic(exception)
}
