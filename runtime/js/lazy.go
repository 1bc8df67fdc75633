package js

import (
	"slices"

	"github.com/dop251/goja"
)

// lazyObject is an object whose members are made when they are first touched: a
// native function costs a realm about a microsecond, and most handlers touch
// three of sixty. To the author it is an object like any other, except that it
// cannot be frozen.
type lazyObject struct {
	names  []string // in the order of enumeration; shared, never changed
	hidden string   // another member, which is not listed
	make   func(name string) goja.Value

	// values are the members made or assigned so far; nil marks a deleted one.
	values map[string]goja.Value
	added  []string // names that the author assigned
}

// newLazyObject returns an object with these members. make is called at most
// once for each name.
func newLazyObject(vm *goja.Runtime, names []string, make func(string) goja.Value) *goja.Object {
	return vm.NewDynamicObject(&lazyObject{names: names, make: make})
}

func (o *lazyObject) Get(name string) goja.Value {
	if v, ok := o.values[name]; ok {
		return v
	}
	if !o.Has(name) {
		return nil
	}
	v := o.make(name)
	o.store(name, v)
	return v
}

func (o *lazyObject) Set(name string, v goja.Value) bool {
	if !o.Has(name) {
		o.added = append(o.added, name)
	}
	o.store(name, v)
	return true
}

func (o *lazyObject) store(name string, v goja.Value) {
	if o.values == nil {
		o.values = map[string]goja.Value{}
	}
	o.values[name] = v
}

func (o *lazyObject) Has(name string) bool {
	if v, ok := o.values[name]; ok {
		return v != nil
	}
	return slices.Contains(o.names, name) || o.hidden != "" && name == o.hidden
}

func (o *lazyObject) Delete(name string) bool {
	if o.Has(name) {
		o.added = slices.DeleteFunc(o.added, func(n string) bool { return n == name })
		o.store(name, nil)
	}
	return true
}

func (o *lazyObject) Keys() []string {
	keys := make([]string, 0, len(o.names)+len(o.added))
	for _, name := range o.names {
		if o.Has(name) && !slices.Contains(o.added, name) {
			keys = append(keys, name)
		}
	}
	return append(keys, o.added...)
}
