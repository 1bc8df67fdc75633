package bridge

import (
	"bytes"
	"fmt"
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
