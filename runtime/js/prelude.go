package js

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

//go:embed prelude/*.js
var preludeFiles embed.FS

// prelude is the part of the platform that is written in JavaScript: modules
// that a realm evaluates when one of their members is first touched. Each file
// is a function of its natives that returns its members.
type prelude struct {
	programs map[string]*goja.Program // by name: "url"
}

// newPrelude compiles the modules, once for each engine.
func newPrelude() (*prelude, error) {
	p := &prelude{programs: map[string]*goja.Program{}}
	files, err := preludeFiles.ReadDir("prelude")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".js")
		text, err := preludeFiles.ReadFile(path.Join("prelude", file.Name()))
		if err != nil {
			return nil, err
		}
		tree, err := goja.Parse(preludeName+name, string(text), parser.WithDisableSourceMaps)
		if err != nil {
			return nil, fmt.Errorf("prelude %s: %w", name, err)
		}
		if p.programs[name], err = goja.CompileAST(tree, true); err != nil {
			return nil, fmt.Errorf("prelude %s: %w", name, err)
		}
	}
	return p, nil
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
	f, err := r.vm.RunProgram(r.program.engine.prelude.programs[module])
	r.must(err)
	load, _ := goja.AssertFunction(f)
	members, err := load(goja.Undefined(), r.natives(module))
	r.must(err)
	return members.(*goja.Object)
}

// callPrelude calls a function of the prelude.
func (r *realm) callPrelude(module, name string, args ...goja.Value) goja.Value {
	f, _ := goja.AssertFunction(r.preludeMember(module, name))
	value, err := f(goja.Undefined(), args...)
	r.must(err)
	return value
}

// natives are the Go functions of a module.
func (r *realm) natives(module string) goja.Value {
	return goja.Undefined()
}
