package nesting

import "fmt"

// word reads a name or a keyword.
func (s *scanner) word() {
	begin, escaped := s.pos, false
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\\':
			escaped = true
			s.escape()
			continue
		case c == '#' && s.pos == begin, isWordByte(c) && (c < 0x80 || blankRune(s.src, s.pos) == 0):
			s.pos++
			continue
		}
		break
	}
	text := s.src[begin:s.pos]
	switch {
	case s.name: // of a property, after a dot
		s.after(aWord, operator)
	case s.member:
		s.memberName(text)
	case escaped || !s.keyword(text):
		s.identifier()
	}
}

// escape moves over \u0041 or \u{41} in a name.
func (s *scanner) escape() {
	s.pos++
	if s.at(0) == 'u' && s.at(1) == '{' {
		for s.pos < len(s.src) && s.src[s.pos] != '}' && s.src[s.pos] != '\n' {
			s.pos++
		}
		s.pos = min(s.pos+1, len(s.src))
	}
}

func (s *scanner) identifier() {
	s.beginOperand()
	s.enum.reference()
	s.after(aWord, operator)
}

// memberName is the name of a member of an object or a class, whatever keyword
// it looks like, or one of the words that stand before a name.
func (s *scanner) memberName(text []byte) {
	s.after(aWord, operator)
	if s.places.Field != nil && s.frames[s.top].kind == members {
		s.field(text)
	}
	switch string(text) {
	case "get", "set", "static", "async", "public", "private", "protected", "readonly", "override", "abstract", "declare", "accessor":
		s.member = true
	}
}

// field reports a name that could stand before another one, but is a field's.
func (s *scanner) field(text []byte) {
	end, newline := s.pos, s.newline
	s.skipBlank()
	next, broken := s.at(0), s.newline
	s.pos, s.newline = end, newline
	switch string(text) {
	case "get", "set", "async":
		if next == '=' || next == ';' || next == '}' || next == ':' || next == '?' || next == '!' || broken && text[0] == 'a' {
			s.places.Field(end-len(text), end)
		}
	}
}

// keyword accounts for a word that means something, and reports whether it does.
func (s *scanner) keyword(text []byte) bool {
	if len(text) > 10 || text[0] < 'a' || text[0] > 'z' {
		return false
	}
	start := s.place == atStart
	switch string(text) {
	case "if", "for", "while", "with", "switch", "catch":
		s.statementHead(text)
	case "else", "do", "try", "finally":
		s.statementWord(string(text) == "else", text[0] == 'd')
	case "case", "default":
		s.label(text[0] == 'd')
	case "function", "class":
		s.bodyAhead(text[0] == 'f')
	case "return", "throw", "var", "const":
		s.beginOperand()
		s.frames[s.top].declares = text[0] == 'v' || text[0] == 'c'
		s.after(aWord, operand)
	case "namespace", "module":
		s.identifier()
		s.dotted = 1
	case "enum":
		s.identifier()
		s.enum.ahead = true
	case "break", "continue", "debugger":
		s.beginOperand()
		s.after(aWord, operand)
		s.startStatement()
	case "typeof", "void", "delete", "new":
		s.beginOperand()
		s.link(1)
		s.after(aWord, operand)
	case "in", "instanceof", "extends":
		s.link(1)
		s.after(aWord, operand)
		if text[0] == 'e' {
			s.inferring()
		}
	case "yield", "await":
		s.beginOperand()
		header := s.header // for await (
		s.link(1)
		s.after(aWord, either)
		s.sticky = true
		s.header = header
	case "of", "as", "satisfies":
		return s.wordOperator()
	case "export", "async", "declare", "abstract":
		s.modifier(start, text[0] == 'e')
	case "let", "using":
		s.declare()
	case "infer":
		s.identifier()
		s.inferToken = s.tokens
	default:
		return false
	}
	return true
}

// statementHead reads if, for and the like: parentheses and a statement follow.
func (s *scanner) statementHead(text []byte) {
	s.beginOperand()
	switch text[0] {
	case 's', 'c': // their braces count
	case 'f':
		s.nest(loopWeight)
	default:
		s.nest(1)
	}
	s.after(aWord, operand)
	s.startStatement() // catch { has no parentheses
	s.header = true
}

// statementWord reads a word that a statement follows.
func (s *scanner) statementWord(isElse, isDo bool) {
	s.beginOperand()
	f := &s.frames[s.top]
	switch {
	case isElse: // goes on where the statement before had ended
		s.nest(max(f.before, f.nested) + 1 - f.nested)
	case isDo:
		s.nest(1)
	}
	s.after(aWord, operand)
	s.startStatement()
}

// nest counts n statements inside of the statement that is being read.
func (s *scanner) nest(n int32) {
	f := &s.frames[s.top]
	if f.nested += n; f.nested > maxNested {
		s.what = fmt.Sprintf("statements are nested more than %d deep", maxNested)
	}
	s.grow(int(n))
}

// label reads case and default, also that of export default.
func (s *scanner) label(isDefault bool) {
	exported := s.place == atStart && s.prev == anExport
	s.endStatement()
	f := &s.frames[s.top]
	if f.cases++; f.cases > maxCases {
		s.what = "too many cases in one switch"
	}
	if !isDefault {
		s.after(aWord, operand)
		return
	}
	s.after(aDefault, operand)
	if exported {
		s.startStatement()
	}
}

// bodyAhead reads function or class.
func (s *scanner) bodyAhead(function bool) {
	s.beginOperand()
	b := classExpression
	if function {
		b = functionExpression
	}
	switch s.place {
	case atStart:
		b-- // declared
	case unknown:
		b++ // some
	}
	s.link(1)
	s.frames[s.top].body = b
	s.after('c', operand)
}

// wordOperator reads a word that is an operator between operands and else a name.
func (s *scanner) wordOperator() bool {
	f := &s.frames[s.top]
	bracket := f.open == '(' || f.open == '['
	if s.expect == operand || s.newline && !bracket {
		return false
	}
	s.link(1)
	s.after(aWord, operand)
	return true
}

// modifier reads a word that may stand before a declaration.
func (s *scanner) modifier(start, export bool) {
	s.beginOperand()
	start = start || s.place == atStart
	if export {
		s.after(anExport, operand)
	} else {
		s.after(aWord, operator)
	}
	if start {
		s.place = atStart
	}
}

// declare reads let and using, which are names as well.
func (s *scanner) declare() {
	s.beginOperand()
	s.after(aWord, operator)
	s.frames[s.top].declares = true
	s.skipBlank()
	if c := s.at(0); c == '{' || c == '[' || isWordByte(c) || c == '\\' {
		s.expect = operand
	}
}

// inferring counts constraints of infer, which a parser tries twice each.
func (s *scanner) inferring() {
	if s.inferToken == 0 || s.tokens != s.inferToken+2 {
		return
	}
	s.frames[s.top].inferred++
	if s.inferred++; s.inferred > maxInferring {
		s.what = "too many constraints of inferred types in one type"
	}
}
