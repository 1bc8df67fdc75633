// Package bundle turns the source of one handler, with everything that it
// imports, into a single script that the JavaScript engine runs: TypeScript is
// stripped, modules are joined, and the syntax that goja does not know is
// lowered. It is the only importer of esbuild.
//
// The files come from the caller, by name. Nothing is read from the file system
// of the host, whatever a source says in its imports or in its comments, and
// nothing of the author's code is run.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/annexhost/annex/internal/nesting"
)

// Limits of what is bundled.
const (
	MaxFile          = 1 << 20 // bytes in one source file
	MaxTotal         = 8 << 20 // bytes in all files that one handler imports
	MaxFiles         = 1000    // files that one handler imports
	DefaultMaxOutput = 1 << 20 // bytes in the bundle, when Input.MaxOutput is 0
)

// Input says what to bundle.
type Input struct {
	// Read returns the file of that name. Names are relative to the root of the
	// package and cleaned: "server/sync.ts", "node_modules/x/index.js". The
	// bytes are not changed. Read is never called twice at the same time, nor
	// after Build has returned.
	Read func(name string) ([]byte, bool)

	// Entry is the file whose default export is the handler.
	Entry string

	// MaxOutput limits the bytes of Output.Code. 0 means DefaultMaxOutput.
	MaxOutput int
}

// Output is a bundle. The same input always gives the same bytes.
type Output struct {
	// Code is the body of a CommonJS module for goja. It refers to module and
	// exports. Its module.exports is the handler or has it as "default".
	Code []byte

	// SourceMap maps Code to the author's files (source map version 3, JSON).
	// It names them relative to the package and contains their text.
	SourceMap []byte

	// Warnings are about what will probably not work, in the order of the files.
	Warnings []Message

	// Inputs names the files that were used, sorted.
	Inputs []string
}

// Build bundles one handler. What is wrong with the sources is returned all at
// once as an [*Errors]; any other error is the context's.
func Build(ctx context.Context, in Input) (Output, error) {
	if in.Read == nil {
		return Output{}, errors.New("bundle: no function to read files with")
	}
	if in.MaxOutput == 0 {
		in.MaxOutput = DefaultMaxOutput
	}
	entry := path.Clean(in.Entry)
	if in.Entry == "" || path.IsAbs(entry) || entry == ".." || strings.HasPrefix(entry, "../") {
		return Output{}, refuse(in.Entry, "the handler's file must be named relative to the package")
	}
	in.Entry = entry

	l := newLoader(in.Read, entry)
	defer l.files.close()
	if !l.files.exists(entry) {
		return Output{}, refuse(entry, "the handler's file does not exist")
	}
	b, err := runWithHandler(ctx, l)
	if err != nil {
		return Output{}, err
	}
	return finish(in, l.files, b)
}

const noHandler = "there is no handler: export a function as default (export default async function handler(api) { … })"

// runWithHandler bundles the entry. One that exports no handler may have a plain
// function of that name, which is exported for it.
func runWithHandler(ctx context.Context, l *loader) (built, error) {
	b, err := run(ctx, l)
	if err != nil || b.commonJS || slices.Contains(b.exports, "default") || slices.Contains(b.exports, "handler") {
		return b, err
	}
	l.appended = "\nexport { handler as default };"
	b, err = run(ctx, l)
	var refused *Errors
	if errors.As(err, &refused) || err == nil && !slices.Contains(b.exports, "default") {
		return built{}, refuse(l.entry, noHandler)
	}
	return b, err
}

func finish(in Input, f *files, b built) (Output, error) {
	code, err := b.commonJSBody()
	if err != nil {
		return Output{}, err
	}
	if len(code) > in.MaxOutput {
		return Output{}, refuse(in.Entry, fmt.Sprintf("the bundle is too large: %d bytes (max %d)", len(code), in.MaxOutput))
	}
	if err := nesting.Check(code, nesting.Bundle); err != nil {
		return Output{}, refuse(in.Entry, fmt.Sprintf("the bundle is nested too deeply: %v", err))
	}
	sourceMap, err := authorsMap(f, b.sourceMap)
	if err != nil {
		return Output{}, err
	}
	return Output{Code: code, SourceMap: sourceMap, Warnings: messages(f, b.warnings), Inputs: f.inputs()}, nil
}
