package runtime

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/admission"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// The limits of the contract on what is bundled (blueplm.md, Part A 4).
const (
	maxHandler  = 1 << 20 // bytes of one bundled handler
	maxHandlers = 5 << 20 // bytes of all of them
)

// building says how many packages are bundled and compiled at once: as many as
// there are workers for it, and one of an organization, whose package may take all
// the time that it is given.
var building = admission.SlotsConfig{Capacity: 2, PerExtension: 1, Queue: 64, Wait: 30 * time.Second}

// toolchain names what bundled a handler. Another value bundles again what an
// earlier version of Annex kept.
const toolchain = "bundle-1/esbuild-0.28.2"

// Problem is one thing that is wrong in an author's sources.
type Problem = bundle.Message

// SourceError is what is wrong in the sources of a package, all of it. It is a
// *sandbox.Error of code Invalid too.
type SourceError struct {
	Message  string    // a line for each problem
	Problems []Problem // those whose place is known
}

// Error returns the message.
func (e *SourceError) Error() string { return e.Message }

// Unwrap returns the error as it crosses the wall.
func (e *SourceError) Unwrap() error {
	return &sandbox.Error{Code: sandbox.Invalid, Message: e.Message}
}

// keep bundles the handlers of a package, compiles each once to find what is
// wrong with it, and puts everything into the registry.
func (h *Host) keep(ctx context.Context, org string, p *pack.Package) error {
	known, err := h.registry.Package(ctx, p.Digest)
	if err == nil && known.Toolchain == toolchain {
		return nil
	}
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	handlers, err := h.bundleAll(ctx, org, p)
	if err != nil {
		return err
	}
	var files []registry.Content
	for _, f := range p.Files {
		data, err := p.Read(f.Path)
		if err != nil {
			return err
		}
		files = append(files, registry.Content{Path: f.Path, Data: data})
	}
	return h.registry.Put(ctx, p.Digest, toolchain, p.RawManifest, files, handlers)
}

// includeModules makes what the handlers import from node_modules a part of
// the package and of its digest. Which files those are, bundling tells.
func (h *Host) includeModules(ctx context.Context, org string, p *pack.Package) error {
	if !p.Modules {
		return nil
	}
	if _, err := h.bundleAll(ctx, org, p); err != nil {
		return err
	}
	return p.IncludeModules()
}

// bundleAll bundles every handler that a route names for an organization, and
// collects what is wrong with all of them.
func (h *Host) bundleAll(ctx context.Context, org string, p *pack.Package) ([]registry.Bundled, error) {
	slot, err := h.building.Acquire(ctx, admission.Owner{Org: org})
	if err != nil {
		return nil, err
	}
	defer slot.Release()
	var handlers []registry.Bundled
	var problems []string
	var places []Problem
	total := 0
	seen := map[string]bool{}
	for _, route := range p.Manifest.Contributes.APIRoutes {
		name := handlerName(route)
		if seen[name] {
			continue
		}
		seen[name] = true
		b, err := h.bundleOne(ctx, p, route.Handler, name)
		if err != nil {
			var known *sandbox.Error
			if !errors.As(err, &known) {
				return nil, err
			}
			problems = append(problems, known.Message)
			var wrong *SourceError
			if errors.As(err, &wrong) {
				places = append(places, wrong.Problems...)
			}
			continue
		}
		if !isModule(b.Path) {
			total += len(b.Code)
		}
		handlers = append(handlers, b)
	}
	if total > maxHandlers {
		problems = append(problems, fmt.Sprintf("all handlers together are too large: %d bytes bundled (max %d)", total, maxHandlers))
	}
	if len(problems) > 0 {
		return nil, &SourceError{strings.Join(problems, "\n"), places}
	}
	return handlers, nil
}

func (h *Host) bundleOne(ctx context.Context, p *pack.Package, handler, name string) (registry.Bundled, error) {
	entry, ok := p.Resolve(handler)
	if !ok {
		return registry.Bundled{}, &sandbox.Error{Code: sandbox.Invalid, Message: "API route handler not found: " + handler}
	}
	engine := h.engine(entry)
	if engine == nil {
		return registry.Bundled{}, &sandbox.Error{Code: sandbox.Invalid, Message: "no engine for " + handler + ": handlers are .js, .mjs, .cjs, .ts or .wasm files"}
	}
	if isModule(entry) {
		return h.moduleOne(ctx, p, entry, name)
	}
	out, err := h.cfg.Bundle(ctx, p.Digest, bundle.Input{Entry: entry, MaxOutput: maxHandler, Read: func(name string) ([]byte, bool) {
		data, err := p.Read(name)
		return data, err == nil
	}})
	var wrong *bundle.Errors
	if errors.As(err, &wrong) {
		return registry.Bundled{}, &SourceError{wrong.Error(), wrong.Messages}
	}
	if err != nil {
		return registry.Bundled{}, err
	}
	b := registry.Bundled{Path: handler, Code: out.Code, SourceMap: out.SourceMap}
	program, err := engine.Compile(ctx, source(string(p.Manifest.ID), b))
	if err != nil {
		return registry.Bundled{}, err
	}
	return b, program.Close()
}

// engine returns the engine for a file, nil when there is none.
func (h *Host) engine(file string) sandbox.Engine {
	file, _, _ = strings.Cut(file, "#")
	switch path.Ext(file) {
	case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts":
		return h.cfg.JavaScript
	case ".wasm":
		return h.cfg.WebAssembly
	}
	return nil
}

func source(extension string, b registry.Bundled) sandbox.Source {
	file, export, _ := strings.Cut(b.Path, "#")
	return sandbox.Source{Name: extension + "/" + file, Code: b.Code, SourceMap: b.SourceMap, Export: export}
}

func keyOf(extension string, kept registry.Handler) programKey {
	return programKey{code: kept.Code.SHA256, name: extension + "/" + kept.Path}
}

// program returns the compiled handler of a route; the caller releases it.
func (h *Host) program(ctx context.Context, inst *installed, handler string) (*program, error) {
	kept, ok := inst.pkg.Handler(handler)
	if !ok {
		return nil, &sandbox.Error{Code: sandbox.Invalid, Reason: sandbox.ReasonHandler, Message: "Handler not found: " + handler}
	}
	key := keyOf(inst.Extension, kept)
	return h.programs.acquire(ctx, key, func(ctx context.Context) (sandbox.Program, error) {
		code, err := h.registry.Read(ctx, kept.Code)
		if err != nil {
			return nil, err
		}
		sourceMap, err := h.registry.Read(ctx, kept.SourceMap)
		if err != nil {
			return nil, err
		}
		src := source(inst.Extension, registry.Bundled{Path: handler, Code: code, SourceMap: sourceMap})
		src.Tried = true // or it would not have been kept
		return h.engine(handler).Compile(ctx, src)
	})
}
