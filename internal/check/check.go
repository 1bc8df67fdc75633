// Package check says what an author should know before anybody installs an
// extension: what would refuse it, which permissions its code uses and does not
// declare, or declares and does not use, and whether its types fit.
//
// The code is read and not run. What it does with the api object is followed
// through the bundle of each handler: variables, parameters, destructuring,
// closures, classes, modules. Where that ends, in a computed member or in code
// that cannot be followed, the report says so.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // it cannot be installed, or is denied what it needs
	Warning Severity = "warning" // it should be looked at
	Note    Severity = "note"    // what could not be checked
)

// Finding is one thing to know.
type Finding struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"` // in the package; empty when it is about the whole
	Line     int      `json:"line,omitempty"` // from 1; 0 when it is about the file
	Column   int      `json:"column,omitempty"`
	Message  string   `json:"message"`
}

// Size is what one handler comes to.
type Size struct {
	Handler string `json:"handler"`
	Bytes   int    `json:"bytes"` // bundled
}

// Report is everything that was found, the worst first.
type Report struct {
	ID          string      `json:"id,omitempty"`
	Version     string      `json:"version,omitempty"`
	Findings    []Finding   `json:"findings"`
	Handlers    []Size      `json:"handlers"`
	Packed      int         `json:"packed,omitempty"` // bytes of the archive
	Permissions Permissions `json:"permissions"`
	Types       string      `json:"types"` // who checked them, or why nobody did
}

// Count returns how many findings have a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Config says what to check.
type Config struct {
	Path     string // a directory or a .bpx file
	Manifest manifest.Options

	// Compiler finds a TypeScript compiler and may run it. Without it types are
	// not checked.
	Compiler bool
}

// The limits of the contract on what is bundled, as the host has them.
const (
	maxHandler  = 1 << 20
	maxHandlers = 5 << 20
)

// checker is one check.
type checker struct {
	c      Config
	pkg    *pack.Package
	report *Report
}

// Run checks an extension. The error says why there is nothing to check.
func Run(ctx context.Context, config Config) (*Report, error) {
	c := &checker{c: config, report: &Report{Findings: []Finding{}, Handlers: []Size{}, Types: "not checked"}}
	c.report.Permissions = Permissions{Used: []string{}, Undeclared: []string{}, Unused: []string{}, Unknown: []string{}}
	p, err := pack.Open(config.Path, pack.Options{Manifest: config.Manifest})
	var unfit *pack.PackageError
	switch {
	case errors.As(err, &unfit):
		c.unfit(unfit)
		return c.done(), ctx.Err()
	case err != nil:
		return nil, err
	}
	c.pkg = p
	c.report.ID, c.report.Version = string(p.Manifest.ID), p.Manifest.Version
	for _, w := range p.Warnings {
		c.manifestIssue(Warning, w)
	}
	if err := c.handlers(ctx); err != nil {
		return nil, err
	}
	if err := c.client(ctx); err != nil {
		return nil, err
	}
	c.size()
	if err := c.types(ctx); err != nil {
		return nil, err
	}
	return c.done(), ctx.Err()
}

// done sorts the findings and leaves out what is said twice.
func (c *checker) done() *Report {
	rank := []Severity{Error, Warning, Note}
	slices.SortStableFunc(c.report.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(rank, a.Severity), slices.Index(rank, b.Severity)),
			strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Message, b.Message),
		)
	})
	c.report.Findings = slices.Compact(c.report.Findings)
	return c.report
}

func (c *checker) find(s Severity, at place, message string) {
	c.report.Findings = append(c.report.Findings, Finding{Severity: s, File: at.File, Line: at.Line, Column: at.Column, Message: message})
}

// unfit reports why something is no package.
func (c *checker) unfit(e *pack.PackageError) {
	if len(e.Issues) == 0 {
		c.find(Error, place{}, e.Message)
	}
	for _, issue := range e.Issues {
		c.manifestIssue(Error, issue)
	}
}

// manifestIssue reports an issue with its place in extension.json.
func (c *checker) manifestIssue(s Severity, issue manifest.Issue) {
	path := issue.Path
	at := c.manifestPlace(path)
	issue.Path = ""
	message := issue.String()
	if path != "" {
		message = path + ": " + message
	}
	c.find(s, at, message)
}

// raw is the text of extension.json, also of what is no package.
func (c *checker) raw() ([]byte, error) {
	if c.pkg != nil {
		return c.pkg.Read(manifest.File)
	}
	return os.ReadFile(filepath.Join(c.c.Path, manifest.File))
}

// bundle bundles one file, and reports what is wrong with it. ok is false when
// there is no bundle.
func (c *checker) bundle(ctx context.Context, entry string, extra map[string][]byte) (out bundle.Output, ok bool, err error) {
	out, err = bundle.Build(ctx, bundle.Input{Entry: entry, MaxOutput: maxHandlers, Read: func(name string) ([]byte, bool) {
		if data, ok := extra[name]; ok {
			return data, true
		}
		data, err := c.pkg.Read(name)
		return data, err == nil
	}})
	var wrong *bundle.Errors
	if errors.As(err, &wrong) {
		if extra == nil {
			for _, m := range wrong.Messages {
				c.find(Error, place{m.File, m.Line, m.Column}, m.Text)
			}
		}
		return out, false, nil
	}
	return out, err == nil, err
}

// handlers bundles and compiles every handler, and follows what it does.
func (c *checker) handlers(ctx context.Context) error {
	engine, err := js.New(js.Config{Warm: -1})
	if err != nil {
		return err
	}
	defer engine.Close()
	u, api, total := newUsage(permissions.Server), serverSurface(), 0
	complete := true
	seen := map[string]bool{}
	for _, route := range c.pkg.Manifest.Contributes.APIRoutes {
		entry, _ := c.pkg.Resolve(route.Handler)
		if seen[entry] {
			continue
		}
		seen[entry] = true
		if strings.HasSuffix(entry, ".wasm") {
			if err := c.module(ctx, entry, u); err != nil {
				return err
			}
			continue
		}
		out, ok, err := c.bundle(ctx, entry, nil)
		if err != nil {
			return err
		}
		if !ok {
			complete = false
			continue
		}
		for _, m := range out.Warnings {
			c.find(Warning, place{m.File, m.Line, m.Column}, m.Text)
		}
		total += len(out.Code)
		c.report.Handlers = append(c.report.Handlers, Size{entry, len(out.Code)})
		if len(out.Code) > maxHandler {
			c.find(Error, place{File: entry}, fmt.Sprintf("the bundle is too large: %d bytes (max %d)", len(out.Code), maxHandler))
			continue
		}
		program, err := engine.Compile(ctx, sandbox.Source{Name: entry, Code: out.Code, SourceMap: out.SourceMap})
		if err != nil {
			c.find(Error, place{File: entry}, err.Error())
			continue
		}
		if err := errors.Join(program.Close(), u.look(entry, out.Code, out.SourceMap, api, 0)); err != nil {
			return err
		}
	}
	if total > maxHandlers {
		c.find(Error, place{}, fmt.Sprintf("all handlers together are too large: %d bytes bundled (max %d)", total, maxHandlers))
	}
	if complete {
		c.compare(u)
	}
	return nil
}

// clientEntry stands around the client entry, so that it is bundled as a handler is.
const clientEntry = "annex-check-client.js"

// client follows what the client entry does. One that cannot be bundled here is
// left to who runs it.
func (c *checker) client(ctx context.Context) error {
	main, ok := c.pkg.Resolve(c.pkg.Manifest.Main)
	if c.pkg.Manifest.Main == "" || !ok {
		return nil
	}
	wrapper := fmt.Sprintf("import * as client from %q\nexport default (context, api) => client.activate(context, api)\n", "./"+main)
	out, ok, err := c.bundle(ctx, clientEntry, map[string][]byte{clientEntry: []byte(wrapper)})
	if err != nil {
		return err
	}
	if !ok {
		c.find(Note, place{File: main}, "the client entry imports what only its host has: its permissions were not checked")
		return nil
	}
	u := newUsage(permissions.Client)
	if err := u.look(main, out.Code, out.SourceMap, clientSurface(), 1); err != nil {
		return err
	}
	c.compare(u)
	return nil
}

// size packs the extension, to see whether it fits.
func (c *checker) size() {
	files := c.pkg.Contents()
	for name := range files {
		if c.pkg.Source == pack.Directory && !pack.Ships(name) {
			delete(files, name)
		}
	}
	data, err := pack.Write(files, pack.Options{})
	if err != nil {
		c.find(Error, place{}, "it cannot be packed: "+err.Error())
		return
	}
	c.report.Packed = len(data)
}
