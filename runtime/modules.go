package runtime

import (
	"context"
	"path"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// maxLinked is how many modules of a package one of its handlers is linked with.
const maxLinked = 16

// isModule reports whether a file is a WebAssembly module by its name.
func isModule(name string) bool {
	file, _, _ := strings.Cut(name, "#")
	return path.Ext(file) == ".wasm"
}

// handlerName names the handler of a route: its file, and behind # the export of
// a module, where the manifest names one.
func handlerName(r manifest.Route) string {
	if r.Export == "" {
		return r.Handler
	}
	return r.Handler + "#" + r.Export
}

// LinkedModule returns a WebAssembly handler of a package, linked with those
// modules of the package that it imports by their names: "lib" is lib.wasm
// beside it.
func LinkedModule(p *pack.Package, entry string) ([]byte, error) {
	code, err := p.Read(entry)
	if err != nil {
		return nil, err
	}
	others := map[string][]byte{}
	for queue := [][]byte{code}; len(queue) > 0 && len(others) <= maxLinked; queue = queue[1:] {
		for _, other := range binary.ImportedModules(queue[0]) {
			file := path.Join(path.Dir(entry), other+".wasm")
			if others[other] != nil || file == entry || path.Base(file) != other+".wasm" {
				continue
			}
			if code, err := p.Read(file); err == nil {
				others[other] = code
				queue = append(queue, code)
			}
		}
	}
	return binary.Link(code, others), nil
}

// moduleOne takes a WebAssembly handler as it is.
func (h *Host) moduleOne(ctx context.Context, p *pack.Package, entry, name string) (registry.Bundled, error) {
	code, err := LinkedModule(p, entry)
	if err != nil {
		return registry.Bundled{}, err
	}
	b := registry.Bundled{Path: name, Code: code}
	program, err := h.cfg.WebAssembly.Compile(ctx, source(string(p.Manifest.ID), b))
	if err != nil {
		return registry.Bundled{}, err
	}
	return b, program.Close()
}
