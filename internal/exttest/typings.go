package exttest

import _ "embed"

//go:embed test.d.ts
var typings string

// Typings are the types of what test files are given, in TypeScript. They refer
// to those of handlers, which stand in the same file.
func Typings() string { return typings }
