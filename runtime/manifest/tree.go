package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object with its keys in the order of the text.
type object struct {
	keys   []string
	fields map[string]any
}

// MarshalJSON writes the keys in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o.fields[k])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// decode reads one JSON text into *object, []any, string, json.Number, bool and
// nil. Keys that appear twice, which parsers read differently, and keys that
// reach a prototype in JavaScript are reported; of a key that appears twice the
// first counts. ok is false when there is no tree to go on with.
func decode(data []byte, report func(Issue)) (tree any, ok bool) {
	data = TrimBOM(data)
	if len(data) > MaxBytes {
		report(Issue{
			Message:  "Too large",
			Expected: fmt.Sprintf("at most %d bytes", MaxBytes),
			Received: fmt.Sprintf("%d bytes", len(data)),
		})
		return nil, false
	}
	if reason := syntaxError(data); reason != "" {
		report(Issue{Message: "Invalid JSON: " + reason})
		return nil, false
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(data)), report: report}
	w.dec.UseNumber()
	tree, err := w.value("", 1)
	if err != nil {
		report(Issue{Message: "Invalid JSON: " + err.Error()})
		return nil, false
	}
	return tree, true
}

// TrimBOM returns data without the byte order mark that some editors write.
func TrimBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\ufeff")) }

// syntaxError says what keeps data from being one JSON text, and where.
func syntaxError(data []byte) string {
	if !utf8.Valid(data) {
		bad := 0
		for rest := data; ; {
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 {
				break
			}
			rest, bad = rest[n:], bad+n
		}
		return "invalid UTF-8" + position(data, bad)
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return syntax.Error() + position(data, max(0, int(syntax.Offset)-1))
	case err != nil:
		return err.Error()
	}
	return ""
}

// position is " (line 3, column 5)" for an offset in bytes.
func position(data []byte, offset int) string {
	before := data[:min(offset, len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf(" (line %d, column %d)", line, column)
}

// walker builds the tree of a text whose syntax was checked.
type walker struct {
	dec    *json.Decoder
	report func(Issue)
}

func (w *walker) value(path string, depth int) (any, error) {
	tok, err := w.dec.Token()
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	if depth > MaxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", MaxDepth)
	}
	if delim == '{' {
		return w.object(path, depth)
	}
	list := []any{}
	for w.dec.More() {
		v, err := w.value(join(path, strconv.Itoa(len(list))), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err = w.dec.Token()
	return list, unexpectedEnd(err)
}

func (w *walker) object(path string, depth int) (any, error) {
	o := &object{fields: map[string]any{}}
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		key, ok := tok.(string)
		if !ok {
			return nil, errors.New("a key that is not a string")
		}
		at := join(path, key)
		v, err := w.value(at, depth+1)
		if err != nil {
			return nil, err
		}
		_, twice := o.fields[key]
		switch {
		case isPrototypeKey(key):
			w.report(Issue{Path: at, Message: "This key is not allowed", Expected: "any other key", Received: quote(key)})
		case twice:
			w.report(Issue{Path: at, Message: "Duplicate key", Expected: "each key once", Received: quote(key) + " again"})
		default:
			o.keys = append(o.keys, key)
			o.fields[key] = v
		}
	}
	_, err := w.dec.Token()
	return o, unexpectedEnd(err)
}

// isPrototypeKey reports whether a key reaches an object's prototype in
// JavaScript.
func isPrototypeKey(key string) bool {
	return key == "__proto__" || key == "constructor" || key == "prototype"
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// join makes the path of a field. A path is shown to people, whatever keys a
// stranger wrote.
func join(path, key string) string {
	key = shorten(key)
	if !isPlain(key, false) {
		key = strings.Trim(strconv.Quote(key), `"`)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
