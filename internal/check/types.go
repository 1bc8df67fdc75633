package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"strconv"
	"strings"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/internal/exttest"
	"github.com/annexhost/annex/runtime/pack"
)

// compilerTime is how long a TypeScript compiler may take.
const compilerTime = 2 * time.Minute

// types checks the handlers and tests against the types of this version of
// Annex, by a compiler of the author's. It is run on directories alone: a
// compiler in a package of others would be their code.
func (c *checker) types(ctx context.Context) error {
	var sources []string
	for _, f := range c.pkg.Files {
		if ext := filepath.Ext(f.Path); (ext == ".ts" || ext == ".mts" || ext == ".cts") && !strings.HasSuffix(f.Path, ".d.ts") {
			sources = append(sources, filepath.Join(c.c.Path, filepath.FromSlash(f.Path)))
		}
	}
	switch {
	case len(sources) == 0:
		c.report.Types = "not checked: there is no TypeScript"
		return nil
	case c.pkg.Source != pack.Directory:
		c.report.Types = "not checked: only in a directory"
		return nil
	case !c.c.Compiler:
		c.report.Types = "not checked: not asked for"
		return nil
	}
	compiler := findCompiler(c.c.Path)
	if compiler == "" {
		c.report.Types = "not checked: there is no TypeScript compiler (tsc) on the PATH or in node_modules"
		c.find(Note, place{}, "types were "+c.report.Types)
		return nil
	}
	return c.compile(ctx, compiler, sources)
}

// findCompiler looks in node_modules of the directory and of those around it,
// then on the PATH.
func findCompiler(dir string) string {
	name := "tsc"
	if goruntime.GOOS == "windows" {
		name = "tsc.cmd"
	}
	at, err := filepath.Abs(dir)
	for err == nil {
		found := filepath.Join(at, "node_modules", ".bin", name)
		if info, err := os.Stat(found); err == nil && info.Mode().IsRegular() {
			return found
		}
		up := filepath.Dir(at)
		if up == at {
			break
		}
		at = up
	}
	found, err := exec.LookPath("tsc")
	if err != nil {
		return ""
	}
	return found
}

// compile runs the compiler with settings of our own beside the author's files.
func (c *checker) compile(ctx context.Context, compiler string, sources []string) error {
	dir, err := os.MkdirTemp("", "annex-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	typings := filepath.Join(dir, "api.d.ts")
	if err := os.WriteFile(typings, []byte(bridge.Typings()+exttest.Typings()), 0o600); err != nil {
		return err
	}
	files := []string{typings}
	for _, s := range sources {
		full, err := filepath.Abs(s)
		if err != nil {
			return err
		}
		files = append(files, full)
	}
	settings, err := json.Marshal(map[string]any{"files": files, "compilerOptions": map[string]any{
		"strict": true, "noEmit": true, "target": "ES2022", "module": "ESNext", "moduleResolution": "bundler",
		"lib": []string{"ES2022", "DOM"}, "types": []string{}, "skipLibCheck": true, "allowImportingTsExtensions": true,
	}})
	if err != nil {
		return err
	}
	project := filepath.Join(dir, "tsconfig.json")
	if err := os.WriteFile(project, settings, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, compilerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, compiler, "--pretty", "false", "-p", project)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		c.report.Types = "not checked: " + err.Error()
		c.find(Note, place{}, "types were "+c.report.Types)
		return nil
	}
	c.report.Types = "checked by " + compiler
	if !c.compilerErrors(dir, out.String()) && err != nil {
		c.report.Types = "not checked: the compiler failed: " + strings.TrimSpace(out.String())
		c.find(Note, place{}, "types were "+c.report.Types)
	}
	return nil
}

// diagnostic is a line of the compiler: "server/a.ts(3,7): error TS2322: text".
var diagnostic = regexp.MustCompile(`^(.+)\((\d+),(\d+)\): error (TS\d+: .*)$`)

// compilerErrors reports what a compiler said, and whether that was anything.
func (c *checker) compilerErrors(dir, output string) bool {
	root, err := filepath.Abs(c.c.Path)
	if err != nil {
		root = c.c.Path
	}
	any := false
	for line := range strings.Lines(output) {
		found := diagnostic.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if found == nil {
			continue
		}
		any = true
		name := found[1]
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if inside, err := filepath.Rel(resolved(root), resolved(name)); err == nil {
			name = filepath.ToSlash(inside)
		}
		at := place{File: name}
		at.Line, _ = strconv.Atoi(found[2])
		at.Column, _ = strconv.Atoi(found[3])
		c.find(Error, at, found[4])
	}
	return any
}

// resolved is a name without links, where that can be told.
func resolved(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	return name
}
