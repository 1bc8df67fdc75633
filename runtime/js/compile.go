package js

import (
	"bytes"
	"context"
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"

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
	tree, err := goja.Parse(src.Name, start+string(src.Code)+wrapperEnd, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, e.syntaxError(src, start, err)
	}
	if !isOneFunction(tree) {
		return nil, invalidSource(src, "it is not the body of a module")
	}
	if positions != nil {
		tree.File.SetSourceMap(positions)
	}
	code, err = goja.CompileAST(tree, false)
	if err != nil {
		return nil, invalidSource(src, "%v", err)
	}
	return code, nil
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
func (e *Engine) syntaxError(src sandbox.Source, start string, err error) *sandbox.Error {
	return invalidSource(src, "%v", err)
}

func invalidSource(src sandbox.Source, format string, args ...any) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Invalid, Name: "SyntaxError", Message: src.Name + ": " + fmt.Sprintf(format, args...)}
}

// usesPromises reports whether a source is likely to: then a realm has them
// made before the request.
func usesPromises(code []byte) bool {
	return bytes.Contains(code, []byte("async")) || bytes.Contains(code, []byte("Promise"))
}
