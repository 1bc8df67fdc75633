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

// The depths that callers of [Check] ask for. The deepest of 31,000 files of
// popular libraries has 89 levels.
const (
	Source = 200 // for what people write or publish
	Bundle = 800 // for a bundle: lowering puts try blocks round what was one level
)

// The other limits, with the most that the same files have.
const (
	maxDepth     = 1000   // what Check can be asked for
	maxArrows    = 50     // arrow functions inside of arrow functions (11)
	maxChain     = 4000   // links of chains, in all open levels together (939)
	maxNested    = 1000   // statements inside of statements, without braces (54)
	loopWeight   = 20     // of a for loop in these, for the scope that it makes
	maxCommas    = 2000   // operands of one comma operator (396)
	maxAngles    = 100    // open angle brackets (24)
	maxParams    = 5      // arrow functions inside the parameters of arrow functions (3)
	maxGuesses   = 5      // TypeScript arrow functions that a parser must try twice (3)
	maxInferring = 10     // constraints of inferred types, which a parser tries twice (3)
	maxPattern   = 200    // groups inside groups of a regular expression (7)
	maxDigits    = 10_000 // of a number
	maxCases     = 5000   // cases of one switch (190)
	maxSpaces    = 50     // namespaces of TypeScript in namespaces, also as A.B.C
	maxDecorated = 1000   // decorators in one file
	maxGuessed   = 8e6    // bytes that are looked through to tell patterns from divisions
	maxEnumText  = 256    // characters that a member of an enum of TypeScript stands for
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
// A level is a bracket or a substitution in a template. The
// chains in them (operators, member accesses, calls, else if, assignments) are
// limited to 4000 links, in all open levels together. So is what would take a
// parser exponential time, or make it write a multiple of what it read.
//
// Check takes time in proportion to len(src) and allocates nothing unless it
// refuses. A source that is not valid may pass.
func Check(src []byte, depth int) error {
	s := scanner{src: src, maxDepth: min(depth, maxDepth), place: atStart}
	if what := s.scan(); what != "" {
		return newError(src, s.token, what)
	}
	return nil
}

// Places are called for what [Find] finds, with where it starts and ends.
type Places struct {
	Pattern func(start, end int) // a regular expression with its flags
	Field   func(start, end int) // the name of a field of a class: get, set or async
}

// Find reads src as [Check] does, without refusing anything but what it cannot
// read, and reports places that an engine may need to have rewritten.
func Find(src []byte, p Places) {
	s := scanner{src: src, maxDepth: maxDepth, place: atStart, places: p}
	s.scan()
}

// JSON does what [Check] does for a JSON text, whose arrays and objects may be long.
func JSON(src []byte, depth int) error {
	open, quoted := 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case quoted:
		case c == '[' || c == '{':
			if open++; open > depth {
				return newError(src, i, fmt.Sprintf("arrays and objects are nested more than %d deep", depth))
			}
		case c == ']' || c == '}':
			open--
		}
	}
	return nil
}

func newError(src []byte, offset int, what string) error {
	line, start := 1, 0
	for i := range min(offset, len(src)) {
		if src[i] == '\n' {
			line, start = line+1, i+1
		}
	}
	return &Error{What: what, Line: line, Column: offset - start + 1}
}
