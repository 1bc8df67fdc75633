package nesting

import "fmt"

// kind is what stands inside of a bracket.
type kind uint8

const (
	statements kind = iota
	expression      // parentheses, arrays, substitutions
	object          // an object literal or a pattern
	members         // the body of a class
	anything        // braces that cannot be told apart: types, enums, cases
)

// body is a function or a class whose body is still to come.
type body uint8

const (
	noBody body = iota
	declaredFunction
	functionExpression
	someFunction // cannot be told which
	declaredClass
	classExpression
	someClass
)

// frame is an open bracket, and the statement that is being read inside of it.
type frame struct {
	open  byte   // ( [ { or $; 0 for the file
	kind  kind   // what is inside
	next  expect // after the closing bracket
	ends  bool   // the closing bracket ends a statement
	heads bool   // the parentheses of if, for, while and the like
	group bool   // parentheses round an expression
	enum  bool   // the body of an enum

	declares bool // the statement declares variables

	body     body  // the next brace is its body
	choice   bool  // a question mark was seen
	guess    bool  // the colon after it and a parenthesis, too
	params   uint8 // arrow functions inside the parameters of arrow functions, here
	last     uint8 // the same, in the last parentheses closed here
	guesses  uint8 // arrow functions that TypeScript's parser must try twice
	spaces   int32 // namespaces that the brace opens
	inferred uint8 // constraints of inferred types
	links    int32 // operators, accesses, calls, prefixes
	arrows   int32
	nested   int32 // if, else, for, while, do, labels: statements in statements
	before   int32 // nested, of the statement that has just ended
	commas   int32
	cases    int32
	angles   int32
}

// push opens a bracket.
func (s *scanner) push(f frame) {
	if s.depth++; s.depth > s.maxDepth || s.top+1 >= len(s.frames) {
		s.tooDeep()
		return
	}
	s.top++
	s.frames[s.top] = f
}

func (s *scanner) tooDeep() {
	s.what = fmt.Sprintf("brackets and functions are nested more than %d deep", s.maxDepth)
}

// link counts n links of the chain that is being read.
func (s *scanner) link(n int32) {
	s.frames[s.top].links += n
	s.grow(int(n))
}

func (s *scanner) grow(n int) {
	if s.chain += n; s.chain > maxChain {
		s.what = fmt.Sprintf("an expression or a chain of statements is longer than %d links", maxChain)
	}
}

// endChain forgets the expression that has ended at a comma.
func (s *scanner) endChain() {
	f := &s.frames[s.top]
	s.chain -= int(f.links)
	s.arrows -= int(f.arrows)
	s.guesses -= int(f.guesses)
	f.links, f.arrows, f.guesses = 0, 0, 0
	f.choice, f.guess = false, false
}

// endStatement forgets the statement that has ended.
func (s *scanner) endStatement() {
	s.endChain()
	f := &s.frames[s.top]
	s.chain -= int(f.nested)
	f.before, f.nested = f.nested, 0
	s.inferred -= int(f.inferred)
	f.commas, f.angles, f.inferred = 0, 0, 0
	f.body, f.declares = noBody, false
	s.startStatement()
}

// startStatement says that a statement, or a member of a class, would start now.
func (s *scanner) startStatement() {
	s.expect = operand
	switch s.frames[s.top].kind {
	case statements:
		s.place = atStart
	case members:
		s.member = true
		s.place = inExpression
	case anything:
		s.place = unknown
	default:
		s.place = inExpression
	}
}

// pop closes the innermost bracket.
func (s *scanner) pop() frame {
	s.endChain()
	f := s.frames[s.top]
	s.chain -= int(f.nested)
	s.inferred -= int(f.inferred)
	s.spaces -= int(f.spaces)
	s.depth--
	s.top--
	outer := &s.frames[s.top]
	outer.params = max(outer.params, f.params)
	outer.last = f.params
	return f
}

// open reads an opening bracket.
func (s *scanner) open(c byte) {
	if c == '{' {
		s.openBrace()
		return
	}
	f := frame{open: c, kind: expression, next: operator}
	if c == '(' && s.header {
		f.heads = true
	} else if s.expect == operand {
		f.group = c == '('
	} else {
		s.link(1) // a call or an index, also where a line starts with it
	}
	s.push(f)
	s.after(c, operand)
}

// openBrace reads a brace, whose meaning depends on where it stands.
func (s *scanner) openBrace() {
	f := frame{open: '{', kind: anything, next: either}
	outer := &s.frames[s.top]
	switch {
	case outer.body != noBody && s.prev != ':' && (s.expect != operand || s.prev == '>' || s.prev == 'c'):
		f.kind, f.next, f.ends = outer.body.inside()
		outer.body = noBody
	case s.prev == anArrow:
		f.kind, f.next = statements, operator
	case s.prev == aDefault || s.prev == anExport:
		f.kind = object
	case s.enum.ahead:
		f.enum = true
	case s.expect == operand && s.place == atStart:
		f.kind, f.next, f.ends = statements, operand, true
	case s.expect == operand && s.place == inExpression && !s.member:
		f.kind, f.next = object, operator
	case outer.kind == members:
		f.kind, f.next, f.ends = statements, operand, true
	case outer.kind == object && s.prev == ')':
		f.kind, f.next = statements, operator
	}
	f.spaces = int32(s.dotted)
	if s.spaces += s.dotted; s.spaces > maxSpaces {
		s.what = "namespaces are nested too deeply"
	}
	s.push(f)
	s.after('{', operand)
	s.startStatement()
	if f.enum {
		s.enum.open()
	}
	s.member = f.kind == object || f.kind == members || f.enum
}

// inside says what the braces of a body contain, and what comes after them.
func (b body) inside() (k kind, next expect, ends bool) {
	k = statements
	if b >= declaredClass {
		k = members
	}
	switch b {
	case declaredFunction, declaredClass:
		return k, operand, true
	case functionExpression, classExpression:
		return k, operator, false
	default:
		return k, either, false
	}
}

// close reads a closing bracket. One that does not fit closes what is open
// inside of the bracket that it does fit, as a parser that goes on would do.
func (s *scanner) close(c byte) {
	at := s.top
	for at > 0 && !fits(s.frames[at].open, c) {
		at--
	}
	if at == 0 {
		return
	}
	for s.top > at {
		s.pop()
	}
	f := s.pop()
	s.after(c, f.next)
	if f.enum {
		s.endMember()
		s.enum.level--
	}
	switch {
	case f.heads:
		s.startStatement()
	case f.open == '$':
		s.prev = aLiteral
		s.templateText()
	case f.ends:
		s.endStatement()
	}
}

func fits(open, closing byte) bool {
	switch closing {
	case ')':
		return open == '('
	case ']':
		return open == '['
	default:
		return open == '{' || open == '$'
	}
}
