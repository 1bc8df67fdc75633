package check

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

// surface is the api object as one side has it.
type surface struct {
	methods map[string]bool // "storage.get", "fetch"
	spaces  map[string]bool // "storage"
	others  map[string]bool // members that are no methods and need nothing
	fetch   string          // the method whose first argument is an address
	closed  bool            // what is not listed does not exist
}

// call is one use of a method.
type call struct {
	method string
	at     file.Idx
	args   []ast.Expression
	first  set // what the first argument may be
}

// analysis follows the api object through one bundle. It looks at every
// statement whatever the order of execution, joins what a variable may ever be,
// and joins properties of all objects by their name: so it may take something
// for the api that is not, and misses it only where it says so.
type analysis struct {
	api    *surface
	scopes map[ast.Node]*scope
	funcs  map[ast.Node]*function
	fields map[string]set // by the name of the property
	within *function      // whose body is being looked at
	supers []set          // of the classes around it

	changed bool
	calls   map[file.Idx]call
	unknown map[file.Idx]string // members that do not exist
	remarks map[file.Idx]string
}

// scope is the variables of one function.
type scope struct {
	parent *scope
	vars   map[string]set
}

func (s *scope) lookup(name string) set {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v
		}
	}
	return nil
}

// function is a function of the author.
type function struct {
	args   []set
	result set
}

func (f *function) arg(i int) set {
	for len(f.args) <= i {
		f.args = append(f.args, set{})
	}
	return f.args[i]
}

// maxPasses bounds the search for a state that does not change any more. What
// is found by then is what is told.
const maxPasses = 60

// analyse looks at a bundle. The api is argument number arg of its handler.
func analyse(code string, api *surface, arg int) (*analysis, *file.File, error) {
	program, err := parser.ParseFile(nil, "bundle.js", code, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, nil, err
	}
	a := &analysis{
		api: api, scopes: map[ast.Node]*scope{}, funcs: map[ast.Node]*function{}, fields: map[string]set{},
		calls: map[file.Idx]call{}, unknown: map[file.Idx]string{}, remarks: map[file.Idx]string{},
	}
	top := &scope{vars: map[string]set{}}
	for range maxPasses {
		a.changed = false
		for _, s := range program.Body {
			a.eval(s, top)
		}
		for _, name := range []string{"exports", "default", "handler"} {
			for v := range a.fields[name] {
				if v.kind == isFunc && v.fn.arg(arg).add(one(atom{kind: isAPI})) {
					a.changed = true
				}
			}
		}
		if !a.changed {
			break
		}
	}
	return a, program.File, nil
}

// hasHandler reports whether a handler was found.
func (a *analysis) hasHandler() bool {
	return slices.ContainsFunc([]string{"exports", "default", "handler"}, func(name string) bool {
		for v := range a.fields[name] {
			if v.kind == isFunc {
				return true
			}
		}
		return false
	})
}

// grow puts values where they may be read from.
func (a *analysis) grow(into set, values set) {
	if into.add(values) {
		a.changed = true
	}
}

func (a *analysis) field(name string) set {
	if a.fields[name] == nil {
		a.fields[name] = set{}
	}
	return a.fields[name]
}

func (a *analysis) declare(sc *scope, name string, values set) {
	if sc.vars[name] == nil {
		sc.vars[name] = set{}
		a.changed = true
	}
	a.grow(sc.vars[name], values)
}

func (a *analysis) remark(at file.Idx, what string) { a.remarks[at] = what }

// member is what the property of a value may be.
func (a *analysis) member(left set, name string, at file.Idx) set {
	found := set{}
	for v := range left {
		switch v.kind {
		case isAPI:
			switch {
			case a.api.spaces[name]:
				found.add(one(atom{kind: isSpace, name: name}))
			case a.api.methods[name]:
				found.add(one(atom{kind: isMethod, name: name}))
			case a.api.closed && !a.api.others[name]:
				a.unknown[at] = "api." + name
			}
		case isSpace:
			full := v.name + "." + name
			if a.api.methods[full] {
				found.add(one(atom{kind: isMethod, name: full}))
			} else if a.api.closed {
				a.unknown[at] = "api." + full
			}
		case isText, isPrefix:
			if name == "href" || name == "toString" {
				found.add(one(v))
			}
		}
	}
	return union(found, a.fields[name])
}

// call is what a call returns. Arguments go to the parameters of what may be
// called; the api in the hands of what is not known is remarked.
func (a *analysis) call(callee set, args []ast.Expression, values []set, at file.Idx) set {
	result, known := set{}, false
	for v := range callee {
		switch v.kind {
		case isFunc:
			known = true
			for i, value := range values {
				a.grow(v.fn.arg(i), value)
			}
			result.add(v.fn.result)
		case isMethod:
			known = true
			c := call{method: v.name, at: at, args: args}
			if len(values) > 0 {
				c.first = values[0].texts()
			}
			a.calls[at] = c
		case isText, isPrefix:
			result.add(one(v)) // of toString
		}
	}
	if known {
		return result
	}
	for _, value := range values {
		if value.touchesAPI() {
			a.remark(at, "api is given to code that cannot be followed")
		}
	}
	return result
}
