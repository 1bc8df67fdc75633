package bridge

import _ "embed"

//go:embed api.d.ts
var typings string

// Typings is the API in TypeScript, for authors of handlers: api.d.ts, which is
// generated from the table.
func Typings() string { return typings }
