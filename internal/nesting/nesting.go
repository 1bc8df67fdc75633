// Package nesting refuses JavaScript and TypeScript that is nested so deeply
// that a parser or a compiler would exhaust the stack, or take exponential time,
// before any parser sees it. Go cannot recover from an exhausted stack: one line
// of brackets ends the process.
//
// [Check] reads the source once, token by token, keeps a fixed amount of memory
// and understands just enough of the grammar to tell code from strings, comments,
// templates and patterns. It is not a parser: what is not valid it leaves to one.
package nesting

import "fmt"

// The depths that callers of [Check] ask for.
const (
	// Source is the depth allowed to what people write or publish. The deepest
	// of the libraries that were measured reaches 42.
	Source = 200

	// Bundle is the depth allowed to a bundle. Lowering async generators and
	// using declarations puts try blocks round what was one level.
	Bundle = 800
)

// Limits other than the depth, for a depth of 200; they grow with it.
const (
	chainFor     = 20     // links of one chain, for each level of depth
	maxCommas    = 10_000 // operands of one comma expression, names of one declaration
	maxAngles    = 500    // open angle brackets
	maxParams    = 5      // arrow functions inside the parameters of arrow functions
	maxGuesses   = 8      // TypeScript arrow functions that a parser must try twice
	maxInferring = 10     // constraints of inferred types, which a parser must try twice
	maxPattern   = 200    // groups inside groups of a regular expression
	maxDepth     = 1000   // what Check can be asked for
)

// Error says where and how a source is nested too deeply.
type Error struct {
	What   string // what there is too much of
	Line   int    // from 1
	Column int    // from 1, in bytes
}

// Error returns a text for the author of the source.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

// Check reports what would make a recursive parser of src recurse deeper than
// depth levels, an [*Error], or nil. depth is [Source] or [Bundle], at most 1000.
//
// A level is a bracket, a substitution in a template, or an arrow function.
// Within each level the longest chain (operators, member accesses, calls, else
// if, assignments) is limited to 20 links for each level of depth, all open
// levels together.
//
// Check takes time in proportion to len(src) and allocates nothing unless it
// refuses. A source that is not valid may pass.
func Check(src []byte, depth int) error {
	depth = min(depth, maxDepth)
	s := scanner{src: src, maxDepth: depth, maxChain: depth * chainFor}
	s.frames[0] = frame{kind: statements}
	s.place = atStart
	if what := s.scan(); what != "" {
		line, column := position(src, s.token)
		return &Error{What: what, Line: line, Column: column}
	}
	return nil
}

func position(src []byte, offset int) (line, column int) {
	line, start := 1, 0
	for i := 0; i < offset && i < len(src); i++ {
		if src[i] == '\n' {
			line, start = line+1, i+1
		}
	}
	return line, offset - start + 1
}
