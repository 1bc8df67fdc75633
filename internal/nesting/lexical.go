package nesting

// skipBlank moves over white space and comments and notes line breaks.
func (s *scanner) skipBlank() {
	s.newline = false
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\n' || c == '\r':
			s.newline = true
			s.pos++
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.pos++
		case c == '/' && s.at(1) == '/':
			s.skipLine()
		case c == '/' && s.at(1) == '*':
			s.skipComment()
		case c >= 0x80:
			n := blankRune(s.src, s.pos)
			if n == 0 {
				return
			}
			s.newline = s.newline || lineSeparator(s.src, s.pos)
			s.pos += n
		default:
			return
		}
	}
}

func (s *scanner) skipLine() {
	for s.pos < len(s.src) && s.src[s.pos] != '\n' && s.src[s.pos] != '\r' && !lineSeparator(s.src, s.pos) {
		s.pos++
	}
}

func (s *scanner) skipComment() {
	s.pos += 2
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '*' && s.at(1) == '/':
			s.pos += 2
			return
		case c == '\n' || c == '\r' || lineSeparator(s.src, s.pos):
			s.newline = true
		}
		s.pos++
	}
}

// stringLiteral reads a string, or up to the end of the line where it has none.
func (s *scanner) stringLiteral(quote byte) {
	s.pos++
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case quote:
			s.pos++
			return
		case '\\':
			if s.pos++; s.has("\r\n") {
				s.pos++
			}
		case '\n', '\r':
			return
		}
		s.pos++
	}
	s.pos = len(s.src) // it may have ended in a backslash
}

// template reads a template from its start.
func (s *scanner) template() {
	if s.expect != operand {
		s.link(1) // tagged
	}
	s.after(aLiteral, operator)
	s.pos++
	s.templateText()
}

// templateText reads the text of a template up to its end, or up to the next
// substitution, which becomes a frame.
func (s *scanner) templateText() {
	begin := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '`':
			s.pos++
			s.enum.text(s.pos - begin)
			return
		case c == '\\':
			s.pos++
		case c == '$' && s.at(1) == '{':
			s.pos += 2
			s.enum.text(s.pos - begin)
			s.push(frame{open: '$', kind: expression, next: operator})
			s.after('{', operand)
			return
		}
		s.pos++
	}
	s.pos = len(s.src)
}

// number reads a numeric literal, and no member access that follows it.
func (s *scanner) number() {
	begin := s.pos
	s.numberText()
	if s.pos-begin > maxDigits {
		s.what = "a number is too long"
	}
}

func (s *scanner) numberText() {
	if s.at(0) == '0' && s.at(1) != '.' && isWordByte(s.at(1)) && s.at(1)|0x20 != 'e' {
		for isWordByte(s.at(0)) {
			s.pos++
		}
		return
	}
	s.digits()
	if s.at(0) == '.' {
		s.pos++
		s.digits()
	}
	if s.at(0)|0x20 == 'e' {
		s.pos++
		if s.at(0) == '+' || s.at(0) == '-' {
			s.pos++
		}
	}
	for isWordByte(s.at(0)) {
		s.pos++
	}
}

func (s *scanner) digits() {
	for isDigit(s.at(0)) || s.at(0) == '_' {
		s.pos++
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWordByte reports whether c can be part of a name. All bytes of characters
// beyond ASCII count, white space apart.
func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '$' || c >= 0x80
}

// lineSeparator reports whether U+2028 or U+2029 starts at i.
func lineSeparator(src []byte, i int) bool {
	return src[i] == 0xE2 && i+2 < len(src) && src[i+1] == 0x80 && (src[i+2] == 0xA8 || src[i+2] == 0xA9)
}

// blankRune returns the length of the white space beyond ASCII that starts at i,
// 0 when there is none.
func blankRune(src []byte, i int) int {
	if i+1 < len(src) && src[i] == 0xC2 && src[i+1] == 0xA0 {
		return 2
	}
	if i+2 >= len(src) {
		return 0
	}
	switch b, c := src[i+1], src[i+2]; src[i] {
	case 0xE1: // U+1680
		if b == 0x9A && c == 0x80 {
			return 3
		}
	case 0xE2: // U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F
		if b == 0x80 && (c >= 0x80 && c <= 0x8A || c == 0xA8 || c == 0xA9 || c == 0xAF) || b == 0x81 && c == 0x9F {
			return 3
		}
	case 0xE3: // U+3000
		if b == 0x80 && c == 0x80 {
			return 3
		}
	case 0xEF: // U+FEFF
		if b == 0xBB && c == 0xBF {
			return 3
		}
	}
	return 0
}
