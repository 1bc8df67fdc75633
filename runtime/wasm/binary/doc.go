// Package binary reads, checks, changes and writes WebAssembly modules, without
// running anything of them. It trusts no number in a module: every count is
// compared with the bytes that are left before anything is allocated, and what
// makes a compiler slow (nesting, locals, branch tables, many functions) is
// bounded before a compiler sees a byte.
//
// [Decode] understands the whole structure and refuses what it does not know, so
// that what [Module.Instrument] adds cannot be reached by indices that were
// wrong in the original. Types of instructions are left to the compiler behind it.
package binary
