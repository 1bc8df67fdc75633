package js

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// maxDepth is how deep arrays and objects may nest in a JSON text that enters a
// realm.
const maxDepth = 512

// decoder makes values of a realm from a JSON text. goja's JSON.parse is about
// ten times slower, and building it makes a fresh realm dearer; the values are
// the same ordinary objects and arrays.
type decoder struct {
	vm          *goja.Runtime
	objectProto *goja.Object
	data        []byte
	pos         int
	depth       int
	blobs       func(index int) goja.Value // nil: {"$blob": n} is an ordinary object
	made        func(*goja.Object)         // nil: nobody is told of the objects that were made
}

var errUnexpectedEnd = errors.New("unexpected end of JSON")

// decode returns the value of a whole text.
func (d *decoder) decode() (goja.Value, error) {
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.space(); d.pos != len(d.data) {
		return nil, d.unexpected()
	}
	return v, nil
}

func (d *decoder) value() (goja.Value, error) {
	d.space()
	if d.pos >= len(d.data) {
		return nil, errUnexpectedEnd
	}
	switch c := d.data[d.pos]; c {
	case '{':
		return d.nested(d.object)
	case '[':
		return d.nested(d.array)
	case '"':
		return d.str()
	case 't':
		return d.word("true", d.vm.ToValue(true))
	case 'f':
		return d.word("false", d.vm.ToValue(false))
	case 'n':
		return d.word("null", goja.Null())
	default:
		return d.number()
	}
}

func (d *decoder) nested(f func() (goja.Value, error)) (goja.Value, error) {
	if d.depth++; d.depth > maxDepth {
		return nil, fmt.Errorf("JSON nests deeper than %d", maxDepth)
	}
	v, err := f()
	d.depth--
	return v, err
}

// object makes the object without a prototype first, so that no setter of a
// changed Object.prototype runs and "__proto__" is a name like any other.
func (d *decoder) object() (goja.Value, error) {
	object := d.vm.CreateObject(nil)
	d.pos++
	for first := true; ; first = false {
		more, err := d.next('}', first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		key, value, err := d.member()
		if err != nil {
			return nil, err
		}
		if key == blobKey && d.blobs != nil && first && goja.IsNumber(value) && d.peek() == '}' {
			d.pos++
			return d.blobs(int(value.ToInteger())), nil
		}
		if err := object.Set(key, value); err != nil {
			return nil, err
		}
	}
	err := object.SetPrototype(d.objectProto)
	if d.made != nil {
		d.made(object)
	}
	return object, err
}

// member reads a name, a colon and a value.
func (d *decoder) member() (string, goja.Value, error) {
	if d.peek() != '"' {
		return "", nil, d.unexpected()
	}
	key, _, err := d.text()
	if err != nil {
		return "", nil, err
	}
	if d.peek() != ':' {
		return "", nil, d.unexpected()
	}
	d.pos++
	value, err := d.value()
	return key, value, err
}

func (d *decoder) array() (goja.Value, error) {
	var items []any
	d.pos++
	for first := true; ; first = false {
		more, err := d.next(']', first)
		if err != nil {
			return nil, err
		}
		if !more {
			array := d.vm.NewArray(items...)
			if d.made != nil {
				d.made(array)
			}
			return array, nil
		}
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
}

// next steps over what is between two elements, and reports whether there is
// another one before end.
func (d *decoder) next(end byte, first bool) (bool, error) {
	switch c := d.peek(); {
	case c == end:
		d.pos++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		d.pos++
		return true, nil
	default:
		return false, d.unexpected()
	}
}

func (d *decoder) word(word string, v goja.Value) (goja.Value, error) {
	if end := d.pos + len(word); end <= len(d.data) && string(d.data[d.pos:end]) == word {
		d.pos = end
		return v, nil
	}
	return nil, d.unexpected()
}

// number reads more than the grammar of JSON allows only where it does not
// matter: what the host writes is JSON already.
func (d *decoder) number() (goja.Value, error) {
	start, integer := d.pos, true
	for ; d.pos < len(d.data); d.pos++ {
		switch c := d.data[d.pos]; {
		case '0' <= c && c <= '9' || c == '-':
			continue
		case c == '.' || c == 'e' || c == 'E' || c == '+':
			integer = false
			continue
		}
		break
	}
	text := string(d.data[start:d.pos])
	if integer && len(text) < 16 && text != "-0" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return d.vm.ToValue(n), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		d.pos = start
		return nil, d.unexpected()
	}
	return d.vm.ToValue(f), nil
}

func (d *decoder) str() (goja.Value, error) {
	s, units, err := d.text()
	if units != nil {
		return goja.StringFromUTF16(units), err
	}
	return d.vm.ToValue(s), err
}

// text reads a string. A string with halves of surrogate pairs, which UTF-8
// cannot hold, is returned in UTF-16 too.
func (d *decoder) text() (s string, units []uint16, err error) {
	start, escapes := d.pos+1, false
	for i := start; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case c == '"':
			d.pos = i + 1
			if escapes {
				return unescape(d.data[start:i])
			}
			return strings.ToValidUTF8(string(d.data[start:i]), "\uFFFD"), nil, nil
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			d.pos = i
			return "", nil, d.unexpected()
		}
	}
	return "", nil, errUnexpectedEnd
}

// unescape resolves the escapes of a JSON string without its quotes.
func unescape(raw []byte) (s string, units []uint16, err error) {
	out := make([]byte, 0, len(raw))
	alone := false
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if c := raw[i]; c != 'u' {
			at := strings.IndexByte(escapeLetters, c)
			if at < 0 {
				return "", nil, fmt.Errorf("unknown escape \\%c in JSON", c)
			}
			out = append(out, escapeMeanings[at])
			continue
		}
		r, ok := hex4(raw, i+1)
		if !ok {
			return "", nil, errors.New("malformed \\u escape in JSON")
		}
		i += 4
		if utf16.IsSurrogate(r) {
			low, _ := hex4(raw, i+3)
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError && raw[i+1] == '\\' && raw[i+2] == 'u' {
				r = pair
				i += 6
			} else {
				alone = true
			}
		}
		if alone {
			units = append(units, utf16.Encode([]rune(string(out)))...)
			units = append(units, uint16(r))
			out, alone = out[:0], false
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	s = strings.ToValidUTF8(string(out), "\uFFFD")
	if units != nil {
		units = append(units, utf16.Encode([]rune(s))...)
		s = string(utf16.Decode(units))
	}
	return s, units, nil
}

const (
	escapeLetters  = `"\/bfnrt`
	escapeMeanings = "\"\\/\b\f\n\r\t"
)

// hex4 reads four hexadecimal digits of raw at i.
func hex4(raw []byte, i int) (rune, bool) {
	if i+4 > len(raw) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[i:i+4]), 16, 16)
	return rune(n), err == nil
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that is not white space, or 0 at the end.
func (d *decoder) peek() byte {
	if d.space(); d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *decoder) unexpected() error {
	if d.pos >= len(d.data) {
		return errUnexpectedEnd
	}
	return fmt.Errorf("unexpected %q in JSON at byte %d", d.data[d.pos], d.pos)
}
