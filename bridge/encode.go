package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

// encoder turns what a method returned into what crosses the wall.
type encoder[Out any] func(Out) (sandbox.Payload, error)

// payloader is a result that knows its own form.
type payloader interface {
	payload() (sandbox.Payload, error)
}

// encoderOf chooses the encoder by type, once for each method. A type that none
// of them knows is a fault of the table, and panics.
func encoderOf[Out any]() encoder[Out] {
	var e any
	switch reflect.TypeFor[Out]() {
	case reflect.TypeFor[struct{}]():
		e = encoder[struct{}](func(struct{}) (sandbox.Payload, error) { return sandbox.Payload{}, nil })
	case rawType:
		e = encoder[json.RawMessage](func(r json.RawMessage) (sandbox.Payload, error) {
			return sandbox.Payload{JSON: r}, nil // nil is undefined
		})
	case reflect.TypeFor[bool]():
		e = encoder[bool](func(b bool) (sandbox.Payload, error) {
			return sandbox.Payload{JSON: strconv.AppendBool(nil, b)}, nil
		})
	case reflect.TypeFor[float64]():
		e = encoder[float64](func(n float64) (sandbox.Payload, error) {
			text, err := json.Marshal(n)
			return sandbox.Payload{JSON: text}, err
		})
	case reflect.TypeFor[*string]():
		e = encoder[*string](encodeText)
	case reflect.TypeFor[[]string]():
		e = encoder[[]string](encodeTexts)
	case reflect.TypeFor[[]json.RawMessage]():
		e = encoder[[]json.RawMessage](encodeValues)
	default:
		if !reflect.TypeFor[Out]().Implements(reflect.TypeFor[payloader]()) {
			panic(fmt.Sprintf("bridge: no encoder for a result of type %v", reflect.TypeFor[Out]()))
		}
		return func(out Out) (sandbox.Payload, error) { return any(out).(payloader).payload() }
	}
	return e.(encoder[Out])
}

// encodeText encodes a string, or undefined for nil.
func encodeText(s *string) (sandbox.Payload, error) {
	if s == nil {
		return sandbox.Payload{}, nil
	}
	return sandbox.Payload{JSON: appendString(nil, *s)}, nil
}

func encodeTexts(list []string) (sandbox.Payload, error) {
	out := []byte{'['}
	for i, s := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, s)
	}
	return sandbox.Payload{JSON: append(out, ']')}, nil
}

// encodeValues encodes each value as a list of one, and each nil as an empty
// list: JSON has no undefined.
func encodeValues(list []json.RawMessage) (sandbox.Payload, error) {
	out := []byte{'['}
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '[')
		out = append(out, v...)
		out = append(out, ']')
	}
	return sandbox.Payload{JSON: append(out, ']')}, nil
}

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				out = append(append(out, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			out = append(out, s[start:i]...)
			out = appendEscape(out, c)
			start = i + 1
		}
		i++
	}
	return append(append(out, s[start:]...), '"')
}

func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
