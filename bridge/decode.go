package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is an argument or a result that crosses the wall as a blob:
// a Uint8Array in JavaScript.
type Bytes []byte

// Text is an argument that is either a string or bytes.
type Text []byte

// Member is one member of an object argument, in the order of its text.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members is an argument that is an object with names of the caller's choice.
type Members []Member

// Pairs is an argument that is a list of [name, value].
type Pairs [][2]string

// maxItems is how many items a list among the arguments may have.
const maxItems = 1000

// decoder reads the arguments of one call. Its errors are *argumentError.
type decoder struct {
	scanner
	blobs [][]byte
	used  int // blobs that an argument took
}

// argumentError is what is wrong with one argument.
type argumentError struct {
	at   []string // its name; for a member of an argument, the names of both
	text string
}

func (e *argumentError) Error() string {
	if len(e.at) == 0 {
		return e.text
	}
	return strings.Join(e.at, ".") + ": " + e.text
}

// arguments reads the whole payload into f.
func (d *decoder) arguments(f *frame) error {
	d.space()
	if len(d.data) > 0 {
		if err := d.object(f, 1); err != nil {
			return err
		}
		if err := d.end(); err != nil {
			return err
		}
	} else if name := f.params.missing(0); name != "" {
		return invalid("missing argument %s", name)
	}
	if d.used != len(d.blobs) {
		return invalid("bytes are not accepted here; encode them as a string, such as base64")
	}
	return nil
}

// object reads one object whose members are the fields of f.
func (d *decoder) object(f *frame, depth int) error {
	if !d.accept('{') {
		return d.wrongType("an object")
	}
	var seen uint64
	for more := !d.accept('}'); more; {
		raw, plain, err := d.name()
		if err != nil {
			return err
		}
		i := f.params.index(raw, plain)
		if i < 0 {
			return invalid("unknown argument %s (want %s)", quoteShort(raw), f.params.names())
		}
		if seen&(1<<i) != 0 {
			return invalid("argument %s is given twice", f.params[i].Name)
		}
		seen |= 1 << i
		if err := d.field(f, i, depth); err != nil {
			return err
		}
		d.space()
		if more = d.accept(','); !more && !d.accept('}') {
			return d.fail("expected a comma or the end of the arguments")
		}
	}
	if name := f.params.missing(seen); name != "" {
		return invalid("missing argument %s", name)
	}
	return nil
}

// field reads the value of field i. null for optional options or for an optional
// body means absent, as it does for fetch; for anything else it is a value.
func (d *decoder) field(f *frame, i, depth int) error {
	p := &f.params[i]
	var err error
	if p.Optional && (p.Fields != nil || p.Type == textType) && d.peek() == 'n' {
		err = d.word("null")
	} else {
		err = d.into(f.dst[i], depth)
	}
	if err == nil {
		return nil
	}
	var inner *argumentError
	if !errors.As(err, &inner) {
		inner = &argumentError{text: err.Error()}
	}
	return &argumentError{at: append([]string{p.Name}, inner.at...), text: inner.text}
}

// into reads one value into what dst points to.
func (d *decoder) into(dst any, depth int) (err error) {
	switch dst := dst.(type) {
	case *string:
		*dst, err = d.text()
	case *json.RawMessage:
		*dst, err = d.raw(depth)
	case *float64:
		*dst, err = d.number()
	case **float64:
		*dst = new(float64)
		**dst, err = d.number()
	case **int64:
		*dst = new(int64)
		**dst, err = d.integer()
	case *[]string:
		err = d.list(func() error {
			item, err := d.text()
			*dst = append(*dst, item)
			return err
		})
	case *Members:
		*dst, err = d.members(depth)
	case *Pairs:
		err = d.list(func() error {
			pair, err := d.pair()
			*dst = append(*dst, pair)
			return err
		})
	case *Text:
		*dst, err = d.textOrBlob()
	case *frame:
		err = d.object(dst, depth+1)
	default:
		err = fmt.Errorf("bridge: no decoder for %T", dst) // the plan refuses such fields
	}
	return err
}

// raw reads any value and keeps its text.
func (d *decoder) raw(depth int) (json.RawMessage, error) {
	start := d.pos
	d.lone = false
	if err := d.skip(depth); err != nil {
		return nil, err
	}
	text := d.data[start:d.pos]
	if d.lone {
		text = replaceLone(text)
	}
	return text, nil
}

func (d *decoder) text() (string, error) {
	if d.peek() != '"' {
		return "", d.wrongType("a string")
	}
	raw, plain, err := d.rawString()
	if err != nil {
		return "", err
	}
	if plain {
		return string(raw), nil
	}
	return unescape(raw), nil
}

func (d *decoder) number() (float64, error) {
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		return 0, d.wrongType("a number")
	}
	start := d.pos
	if err := d.skipNumber(); err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(string(d.data[start:d.pos]), 64)
	if err != nil {
		return 0, invalid("number out of range")
	}
	return n, nil
}

// integer reads a whole number that JavaScript can hold exactly.
func (d *decoder) integer() (int64, error) {
	n, err := d.number()
	if err != nil {
		return 0, err
	}
	if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, invalid("want a whole number, got %v", n)
	}
	return int64(n), nil
}

// wrongType is the error for a value that is not what it should be.
func (d *decoder) wrongType(want string) error {
	got := "nothing"
	switch c := d.peek(); c {
	case '"':
		got = "a string"
	case '{':
		got = "an object"
	case '[':
		got = "an array"
	case 't', 'f':
		got = "a boolean"
	case 'n':
		got = "null"
	case 0:
	default:
		got = "a number"
	}
	return invalid("want %s, got %s", want, got)
}

func invalid(format string, args ...any) error {
	return &argumentError{text: fmt.Sprintf(format, args...)}
}

// quoteShort quotes a stranger's text for a message.
func quoteShort(text []byte) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	return strconv.Quote(string(text))
}
