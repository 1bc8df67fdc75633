package bridge

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest in any JSON that crosses the
// bridge: arguments, stored values, request bodies, results.
const maxDepth = 128

// scanner walks one JSON text (RFC 8259) without building anything from it. It
// is stricter than encoding/json where a stranger's text could mean two things:
// invalid UTF-8 is refused, and so is anything nested deeper than maxDepth.
type scanner struct {
	data []byte
	pos  int

	// lone is set when a string held half of a surrogate pair as an escape,
	// which JSON can spell and UTF-8 cannot.
	lone bool
}

// syntaxError says where a text stops being JSON.
type syntaxError struct {
	offset int
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("malformed JSON at byte %d: %s", e.offset, e.what)
}

func (s *scanner) fail(what string) error {
	if s.pos >= len(s.data) {
		return &syntaxError{s.pos, "unexpected end"}
	}
	return &syntaxError{s.pos, what}
}

// checkJSON returns data if it is one JSON value and nothing else, with halves
// of surrogate pairs replaced by U+FFFD. It copies only if it replaces.
func checkJSON(data []byte) ([]byte, error) {
	s := scanner{data: data}
	s.space()
	if err := s.skip(0); err != nil {
		return nil, err
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if s.lone {
		return replaceLone(data), nil
	}
	return data, nil
}

// end reports an error unless only white space is left.
func (s *scanner) end() error {
	s.space()
	if s.pos < len(s.data) {
		return s.fail("unexpected text after the value")
	}
	return nil
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// accept moves past c and the white space after it, if c is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	s.space()
	return true
}

// skip moves past one value, which stands inside of depth arrays and objects.
func (s *scanner) skip(depth int) error {
	switch c := s.peek(); {
	case c == '"':
		_, _, err := s.rawString()
		return err
	case c == '{', c == '[':
		if depth >= maxDepth {
			return s.fail(fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		return s.skipList(c, depth+1)
	case c == '-', '0' <= c && c <= '9':
		return s.skipNumber()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.fail("expected a value")
}

// skipList moves past an array or an object.
func (s *scanner) skipList(open byte, depth int) error {
	closing := open + 2 // ASCII: '[' ']' and '{' '}' stand two apart
	s.pos++
	s.space()
	if s.peek() == closing {
		s.pos++
		return nil
	}
	for {
		if open == '{' {
			if _, _, err := s.name(); err != nil {
				return err
			}
		}
		if err := s.skip(depth); err != nil {
			return err
		}
		s.space()
		if s.peek() == closing {
			s.pos++
			return nil
		}
		if !s.accept(',') {
			return s.fail("expected a comma or the end of the list")
		}
	}
}

// name moves past the name of a member and its colon. The result is as of rawString.
func (s *scanner) name() (raw []byte, plain bool, err error) {
	if s.peek() != '"' {
		return nil, false, s.fail("expected a name in quotes")
	}
	if raw, plain, err = s.rawString(); err != nil {
		return nil, false, err
	}
	s.space()
	if !s.accept(':') {
		return nil, false, s.fail("expected a colon")
	}
	return raw, plain, nil
}

// rawString moves past a string and returns what stands between its quotes.
// It is plain when it has no escapes, so that it means itself.
func (s *scanner) rawString() (raw []byte, plain bool, err error) {
	start := s.pos + 1
	s.pos++
	plain = true
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], plain, nil
		case c == '\\':
			plain = false
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < ' ':
			return nil, false, s.fail("control character in a string")
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, false, s.fail("invalid UTF-8")
			}
			s.pos += n
		}
	}
	return nil, false, s.fail("")
}

// escape moves past one escape, or past two that are one surrogate pair.
func (s *scanner) escape() error {
	if s.pos+1 >= len(s.data) {
		s.pos = len(s.data)
		return s.fail("")
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		r, ok := hex4(s.data[s.pos:])
		if !ok {
			return s.fail("malformed escape")
		}
		s.pos += 6
		if !utf16.IsSurrogate(r) {
			return nil
		}
		if low, ok := hex4(s.data[s.pos:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			s.pos += 6
		} else {
			s.lone = true
		}
		return nil
	}
	return s.fail("unknown escape")
}

// hex4 reads an escape such as \u00e9 at the start of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (s *scanner) skipNumber() error {
	s.one('-')
	if !s.one('0') && !s.digits() {
		return s.fail("expected a digit")
	}
	if s.one('.') && !s.digits() {
		return s.fail("expected a digit")
	}
	if s.one('e') || s.one('E') {
		if !s.one('+') {
			s.one('-')
		}
		if !s.digits() {
			return s.fail("expected a digit")
		}
	}
	return nil
}

// one moves past c if it is next.
func (s *scanner) one(c byte) bool {
	if s.peek() == c {
		s.pos++
		return true
	}
	return false
}

// digits moves past digits and reports whether there was one.
func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(w)) {
		return s.fail("expected a value")
	}
	s.pos += len(w)
	return nil
}

// replaceLone returns a copy of a valid JSON text in which the escapes that are
// half a surrogate pair are the escape of U+FFFD.
func replaceLone(data []byte) []byte {
	out := bytes.Clone(data)
	for i := 0; i < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		r, ok := hex4(out[i:])
		if !ok {
			i++ // a short escape
			continue
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hex4(out[i+6:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				i += 11
				continue
			}
			copy(out[i:], `\ufffd`)
		}
		i += 5
	}
	return out
}

// unescape returns the string that raw, valid and between quotes, spells.
// Halves of surrogate pairs become U+FFFD.
func unescape(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		if r, ok := hex4(raw[i:]); ok {
			i += 5
			if utf16.IsSurrogate(r) {
				low, ok := hex4(raw[i+1:])
				pair := utf16.DecodeRune(r, low)
				if ok && pair != utf8.RuneError {
					i += 6
				}
				r = pair
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		i++
		out = append(out, shortEscape(raw[i]))
	}
	return string(out)
}

func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // a quote, a slash or a backslash
}
