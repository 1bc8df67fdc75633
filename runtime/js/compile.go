package js

import (
	"bytes"
	"context"
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/go-sourcemap/sourcemap"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/annexhost/annex/runtime/sandbox"
)

// wrapper makes the body of a CommonJS module the body of a function.
const (
	wrapperStart = "(function (exports, module) {"
	wrapperEnd   = "\n})"
)

// compile checks src and compiles it to a program whose value is the module's
// function.
func (e *Engine) compile(ctx context.Context, src sandbox.Source) (code *goja.Program, err error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	if len(src.Code) > e.config.MaxSource {
		return nil, invalidSource(src, "the source is too large: %d bytes (max %d)", len(src.Code), e.config.MaxSource)
	}
	if err := nesting.Check(src.Code, e.config.MaxNesting); err != nil {
		return nil, invalidSource(src, "%v", err)
	}
	positions, err := readSourceMap(src.SourceMap, e.config.MaxSourceMap)
	if err != nil {
		return nil, invalidSource(src, "the source map cannot be used: %v", err)
	}
	defer func() {
		if x := recover(); x != nil {
			code, err = nil, invalidSource(src, "the compiler failed on it")
		}
	}()
	start := wrapperStart
	if positions != nil {
		start += "\n" // readSourceMap has made room for this line
	}
	tree, err := parser.ParseFile(nil, fileName(src), start+string(src.Code)+wrapperEnd, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntaxError(src, positions, err)
	}
	if !isOneFunction(tree) {
		return nil, invalidSource(src, "it is not the body of a module")
	}
	if positions != nil {
		tree.File.SetSourceMap(positions)
	}
	code, err = goja.CompileAST(tree, false)
	if err != nil {
		return nil, compileError(src, err)
	}
	return code, nil
}

// fileName is what goja calls the source in stacks. With a source map it is only
// seen where nothing of the author's is, and must have no directory, because
// goja takes the names in the map as relative to it.
func fileName(src sandbox.Source) string {
	if len(src.SourceMap) > 0 {
		return "bundle.js"
	}
	return src.Name
}

// isOneFunction reports whether the wrapper is still what it was: a source
// could close its bracket and go on.
func isOneFunction(tree *ast.Program) bool {
	if len(tree.Body) != 1 {
		return false
	}
	statement, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return false
	}
	_, ok = statement.Expression.(*ast.FunctionLiteral)
	return ok
}

// syntaxError reports the first thing that the parser did not understand.
func syntaxError(src sandbox.Source, positions *sourcemap.Consumer, err error) *sandbox.Error {
	list, ok := err.(parser.ErrorList)
	if !ok || len(list) == 0 {
		return invalidSource(src, "%v", err)
	}
	at, name := list[0].Position, src.Name
	if positions == nil {
		if at.Line == 1 {
			at.Column -= len(wrapperStart)
		}
	} else if source, _, line, column, ok := positions.Source(at.Line, at.Column); ok {
		name, at.Line, at.Column = source, line, column
	}
	return invalidAt(name, at.Line, at.Column, list[0].Message)
}

// compileError reports what the compiler refuses.
func compileError(src sandbox.Source, err error) *sandbox.Error {
	e, ok := err.(*goja.CompilerSyntaxError)
	if !ok || e.File == nil {
		return invalidSource(src, "%v", err)
	}
	at := e.File.Position(e.Offset)
	if len(src.SourceMap) == 0 && at.Line == 1 {
		at.Column -= len(wrapperStart)
	}
	return invalidAt(at.Filename, at.Line, at.Column, e.Message)
}

func invalidAt(file string, line, column int, message string) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: "SyntaxError", Message: fmt.Sprintf("%s:%d:%d: %s", file, line, column, message)}
}

func invalidSource(src sandbox.Source, format string, args ...any) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: "SyntaxError", Message: src.Name + ": " + fmt.Sprintf(format, args...)}
}

// usesPromises reports whether a source is likely to: then a realm has them
// made before the request.
func usesPromises(code []byte) bool {
	return bytes.Contains(code, []byte("async")) || bytes.Contains(code, []byte("Promise"))
}
