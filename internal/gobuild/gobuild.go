// Package gobuild makes the WebAssembly modules of extensions that are written
// in Go: a handler server/hello.wasm is built from the package in server/hello,
// when the directory of the extension has a go.mod.
package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/annexhost/annex/internal/atomicfile"
	"github.com/annexhost/annex/runtime/manifest"
)

// Module is one module of an extension.
type Module struct {
	File string // server/hello.wasm, as the manifest names it
	Dir  string // server/hello, the Go package
}

// Built is a module that was made anew.
type Built struct {
	Module
	Bytes int
	Took  time.Duration
}

// ErrNoGo says that there is no Go toolchain. The modules that are there already
// may do.
var ErrNoGo = errors.New("there is no go command on the PATH: https://go.dev/dl has it")

// Find returns the modules of the extension in a directory. A directory that has
// no go.mod, or no manifest that can be read, has none.
func Find(dir string) []Module {
	if info, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(dir, manifest.File))
	if err != nil {
		return nil
	}
	var m struct {
		Contributes struct {
			APIRoutes []struct {
				Handler string `json:"handler"`
			} `json:"apiRoutes"`
		} `json:"contributes"`
	}
	if json.Unmarshal(data, &m) != nil {
		return nil // whoever opens the package says what is wrong
	}
	var found []Module
	for _, route := range m.Contributes.APIRoutes {
		file, _, _ := strings.Cut(route.Handler, "#")
		file = strings.TrimPrefix(file, "./")
		source, isModule := strings.CutSuffix(file, ".wasm")
		if !isModule || manifest.CheckFile(file) != nil || !filepath.IsLocal(filepath.FromSlash(source)) {
			continue
		}
		sources, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(source), "*.go"))
		if module := (Module{file, source}); err == nil && len(sources) > 0 && !slices.Contains(found, module) {
			found = append(found, module)
		}
	}
	return found
}

// Build builds the modules of the extension in a directory, and returns those
// that are not what they were. What is wrong in the sources is a
// *bundle.Errors. The error is [ErrNoGo] when nothing could be built for want
// of a toolchain.
func Build(ctx context.Context, dir string) ([]Built, error) {
	modules := Find(dir)
	if len(modules) == 0 {
		return nil, nil
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		return nil, ErrNoGo
	}
	var built []Built
	for _, m := range modules {
		began := time.Now()
		data, err := build(ctx, compiler, dir, m)
		if err != nil {
			return built, err
		}
		target := filepath.Join(dir, filepath.FromSlash(m.File))
		if before, err := os.ReadFile(target); err == nil && bytes.Equal(before, data) {
			continue
		}
		if err := atomicfile.Write(target, data, 0o644); err != nil {
			return built, err
		}
		built = append(built, Built{m, len(data), time.Since(began)})
	}
	return built, nil
}

// build returns one module. The same sources give the same bytes.
func build(ctx context.Context, compiler, dir string, m Module) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "annex-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	out := filepath.Join(scratch, "module.wasm")
	// -race, which GOFLAGS may have, is not for this system.
	cmd := exec.CommandContext(ctx, compiler, "build", "-buildmode=c-shared", "-trimpath", "-race=false", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./"+m.Dir)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "PWD="+dir)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &failed):
		return nil, problems(m, said.String())
	case err != nil:
		return nil, err
	}
	return os.ReadFile(out)
}

// String says what was made.
func (b Built) String() string {
	return fmt.Sprintf("built %s from %s, %.1f MB, in %.1f s", b.File, b.Dir, float64(b.Bytes)/1e6, b.Took.Seconds())
}
