package bridge

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

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
