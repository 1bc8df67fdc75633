package check

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// module is what a WebAssembly module tells of itself. What it does cannot be
// followed; but a method that it calls is one of its imports, or its name stands
// somewhere in the module.
type module struct {
	file  string
	code  []byte
	names []string // methods that it names
}

// module compiles a module for each handler in it, as a host does, and looks for
// what it names.
func (c *checker) module(ctx context.Context, entry string, u *usage) error {
	code, err := runtime.LinkedModule(c.pkg, entry)
	if err != nil {
		return err
	}
	c.report.Handlers = append(c.report.Handlers, Size{entry, len(code)})
	cache := wasm.NewCache()
	defer cache.Close()
	engine, err := wasm.New(wasm.Config{API: bridge.API(), Idle: -1, Cache: cache})
	if err != nil {
		return err
	}
	defer engine.Close()
	fits := true
	for _, route := range c.pkg.Manifest.Contributes.APIRoutes {
		if file, _ := c.pkg.Resolve(route.Handler); file != entry {
			continue
		}
		program, err := engine.Compile(ctx, sandbox.Source{Name: entry, Code: code, Export: route.Export})
		if err != nil {
			c.find(Error, place{File: entry}, strings.TrimPrefix(err.Error(), entry+": "))
			fits = false
			continue
		}
		defer program.Close() // until all are compiled: they share what it is compiled to
	}
	if fits {
		u.modules = append(u.modules, module{entry, code, methodsIn(code)})
	}
	return ctx.Err()
}

// methodsIn returns the methods that a module may call, by their names.
func methodsIn(code []byte) []string {
	imported := map[string]bool{}
	if m, err := binary.Decode(code); err == nil {
		for _, i := range m.Imports {
			imported[i.Name] = true
		}
	}
	var found []string
	for _, m := range bridge.Methods() {
		if imported[strings.ReplaceAll(m.Name, ".", "_")] || imported["annex_call"] && hasText(code, m.Name) {
			found = append(found, m.Name)
		}
	}
	return found
}

// hasText reports whether a module has a text, in UTF-8 or, as AssemblyScript
// keeps it, in UTF-16.
func hasText(code []byte, text string) bool {
	wide := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	return bytes.Contains(code, []byte(text)) || bytes.Contains(code, wide)
}

// compareModules adds what modules name to what is used. A name is no call: what
// is named and not declared is a warning.
func (c *checker) compareModules(u *usage, grants *permissions.Grants, used map[permissions.Permission]bool) {
	need := needs(permissions.Server)
	for _, m := range u.modules {
		told := map[permissions.Permission]bool{}
		for _, method := range m.names {
			p := need[method]
			switch {
			case p == permissions.None:
				continue
			case p == permissions.HTTPDomain:
				c.moduleHosts(m, used)
				continue
			}
			used[p] = true
			if grants.Check(permissions.Server, p) != nil && !told[p] {
				told[p] = true
				if r := &c.report.Permissions; !slices.Contains(r.Undeclared, string(p)) {
					r.Undeclared = append(r.Undeclared, string(p))
				}
				c.find(Warning, place{File: m.file}, fmt.Sprintf("it names %s, which needs the server permission %s: the manifest does not declare that", method, p))
			}
		}
	}
}

// moduleHosts looks for the hosts that are declared in a module that makes requests.
func (c *checker) moduleHosts(m module, used map[permissions.Permission]bool) {
	declared := map[permissions.Permission]string{}
	for _, p := range c.pkg.Manifest.Permissions.Server {
		if host, ok := p.Host(); ok {
			declared[p] = host
		} else if isHost(p) || p == permissions.SecretsUse {
			used[p] = true // for any host, or in whatever header
		}
	}
	for _, p := range slices.Sorted(maps.Keys(declared)) {
		used[p] = used[p] || hasText(m.code, strings.TrimPrefix(declared[p], "*."))
	}
	c.find(Note, place{File: m.file}, "it makes requests: whether all of their hosts are declared cannot be known")
}
