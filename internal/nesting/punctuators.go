package nesting

import "fmt"

// punctuator reads everything that is not a name, a literal or a bracket.
func (s *scanner) punctuator(c byte) {
	switch c {
	case ',':
		s.pos++
		s.comma()
	case ';':
		s.pos++
		s.after(';', operand)
		s.endStatement()
	case ':':
		s.pos++
		s.colon()
	case '?':
		s.question()
	case '.':
		s.dot()
	case '=':
		s.equals()
	case '<', '>':
		s.angle(c)
	case '!':
		s.not()
	case '+', '-':
		s.plusMinus(c)
	case '*', '&', '|', '^', '%':
		s.pos++
		if s.at(0) == c {
			s.pos++
		}
		if s.at(0) == '=' {
			s.pos++
		}
		member := s.member && c == '*'
		s.link(1)
		s.after(c, operand)
		s.member = member
	case '~', '@':
		s.pos++
		s.mark(c)
	default:
		s.pos++ // no token at all
	}
}

// mark reads the complement, or what starts a decorator.
func (s *scanner) mark(c byte) {
	s.beginOperand()
	s.link(1)
	s.after(c, operand)
	if c != '@' {
		return
	}
	if s.decorators++; s.decorators > maxDecorated {
		s.what = "too many decorators"
	}
}

func (s *scanner) comma() {
	s.endChain()
	f := &s.frames[s.top]
	if f.enum {
		s.endMember()
	}
	if f.kind == statements && !f.declares || f.group {
		if f.commas++; f.commas > maxCommas {
			s.what = "too many operands of the comma operator"
		}
	}
	s.after(',', operand)
	s.member = f.kind == object || f.enum
}

func (s *scanner) colon() {
	f := &s.frames[s.top]
	f.guess = f.guess || f.choice && s.prev == ')'
	s.link(1)
	s.after(':', operand)
	if f.kind == statements || f.kind == anything {
		s.place = unknown
	}
}

func (s *scanner) question() {
	s.pos++
	switch {
	case s.at(0) == '.' && !isDigit(s.at(1)):
		s.pos++
		s.link(1)
		s.after('.', operand)
		s.name = true
		if c := s.at(0); c == '(' || c == '[' || c == '`' {
			s.expect = operator
		}
	case s.at(0) == '?':
		s.pos++
		if s.at(0) == '=' {
			s.pos++
		}
		s.link(1)
		s.after('?', operand)
	default:
		s.link(1)
		s.after('?', operand)
		s.frames[s.top].choice = true
	}
}

func (s *scanner) dot() {
	s.pos++
	s.link(1)
	if s.has("..") {
		s.pos += 2
		s.after('.', operand)
		return
	}
	if s.dotted > 0 {
		s.dotted++
	}
	s.after('.', operand)
	s.name = true
}

func (s *scanner) equals() {
	s.pos++
	if s.at(0) == '>' {
		s.pos++
		s.arrow()
		return
	}
	for s.at(0) == '=' {
		s.pos++
	}
	s.link(1)
	s.after('=', operand)
}

// arrow reads =>. goja reads the parameters of an arrow function twice, and
// esbuild the body of one that may be the middle of a choice in TypeScript:
// one in the other takes exponential time.
func (s *scanner) arrow() {
	f := &s.frames[s.top]
	f.arrows++
	if s.arrows++; s.arrows > maxArrows {
		s.what = fmt.Sprintf("arrow functions are nested more than %d deep", maxArrows)
	}
	if s.prev == ')' {
		if f.params = max(f.params, f.last+1); f.params > maxParams {
			s.what = "too many arrow functions inside the parameters of arrow functions"
		}
	}
	if f.guess {
		f.guesses++
		if s.guesses++; s.guesses > maxGuesses {
			s.what = "too many arrow functions with a return type inside of each other"
		}
	}
	s.after(anArrow, operand)
}

// angle reads comparisons, shifts and the brackets of types.
func (s *scanner) angle(c byte) {
	if s.has("<!--") {
		s.what = "comments of HTML are not supported"
		return
	}
	f := &s.frames[s.top]
	var n int32
	for s.at(0) == c {
		s.pos++
		n++
	}
	s.link(n)
	next := operand
	switch {
	case s.at(0) == '=' && s.at(1) != '>':
		s.pos++
	case c == '>':
		f.angles = max(f.angles-n, 0)
		next = either
	default:
		if f.angles += n; f.angles > maxAngles {
			s.what = "too many angle brackets in one statement"
		}
	}
	s.after(c, next)
	s.sticky = next == either
}

// not reads the prefix, the inequalities, and TypeScript's suffix.
func (s *scanner) not() {
	s.pos++
	if s.at(0) == '=' {
		for s.at(0) == '=' {
			s.pos++
		}
		s.link(1)
		s.after('=', operand)
		return
	}
	s.prefixOrSuffix('!')
}

// plusMinus reads the operators, the prefixes and the suffixes of both.
func (s *scanner) plusMinus(c byte) {
	if (s.newline || s.token == 0) && s.has("-->") {
		s.what = "comments of HTML are not supported"
		return
	}
	s.pos++
	if s.at(0) == c {
		s.pos++
		s.prefixOrSuffix(c)
		return
	}
	if s.at(0) == '=' {
		s.pos++
	}
	s.link(1)
	s.after(c, operand)
}

// prefixOrSuffix reads what is a suffix of an operand on the same line, and else
// a prefix.
func (s *scanner) prefixOrSuffix(c byte) {
	next := s.expect
	if next == operator && s.newline {
		s.beginOperand()
		next = operand
	}
	s.link(1)
	s.after(c, next)
}
