package bundle

import (
	"bytes"
	"fmt"
	"strings"
)

// firstLine is the first line of what esbuild writes, and belongs to no source:
// what a bundle needs is put there afterwards, so that the source map holds.
const firstLine = "//annex"

// symbols gives the realm the well-known symbols that goja lacks, as esbuild's
// helpers expect them.
const symbols = `for(const s of["asyncIterator","dispose","asyncDispose"])Symbol[s]||Object.defineProperty(Symbol,s,{value:Symbol.for("Symbol."+s)});`

// namedHandler is for a CommonJS handler, which may also be exports.handler.
const namedHandler = `if (typeof module.exports === "object" && module.exports && module.exports.default === void 0 && typeof module.exports.handler === "function") module.exports = module.exports.handler;
`

// commonJSBody turns the ES module that esbuild wrote into the body of a
// CommonJS module. esbuild would do that itself, with a getter for each export
// and a copy of them, at a cost in every fresh realm. The function keeps names
// such as module, which are the author's to use in an ES module, apart.
func (b *built) commonJSBody() ([]byte, error) {
	code, found := bytes.CutPrefix(b.code, []byte(firstLine))
	if !found {
		return nil, fmt.Errorf("bundle: esbuild did not start the bundle with its banner")
	}
	start := max(bytes.LastIndex(code, []byte("export{")), bytes.LastIndex(code, []byte("export default ")))
	if start < 0 {
		return nil, fmt.Errorf("bundle: esbuild wrote no export")
	}
	value, ok := handlerOf(string(code[start:]))
	if !ok {
		return nil, fmt.Errorf("bundle: cannot read the exports that esbuild wrote: %.200q", code[start:])
	}
	var out bytes.Buffer
	out.Grow(len(code) + 512)
	out.WriteString(`"use strict";`) // as ES modules are; esbuild takes it for granted
	if bytes.Contains(code, []byte("asyncIterator")) || bytes.Contains(code, []byte("ispose")) {
		out.WriteString(symbols)
	}
	if bytes.Contains(code, []byte(computedImport)) {
		out.WriteString(computed)
	}
	out.WriteString("module.exports=(()=>{")
	out.Write(code[:start])
	fmt.Fprintf(&out, "return %s})();\n", value)
	if b.commonJS {
		out.WriteString(namedHandler)
	}
	return out.Bytes(), nil
}

// handlerOf reads the export statement that ends esbuild's output and returns
// the expression of the handler.
func handlerOf(statement string) (string, bool) {
	statement, ok := strings.CutSuffix(statement, ";\n")
	if !ok {
		return "", false
	}
	if value, ok := strings.CutPrefix(statement, "export default "); ok {
		return value, true
	}
	list, ok := strings.CutPrefix(statement, "export{")
	if !ok {
		return "", false
	}
	var named string
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(",{}\n", r) }) {
		local, exported, renamed := strings.Cut(item, " as ")
		if !renamed {
			exported = local
		}
		switch exported {
		case "default":
			return local, true
		case "handler":
			named = local
		}
	}
	return named, named != ""
}
