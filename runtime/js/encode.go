package js

import (
	"strconv"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// blobKey is the only key of an object that stands for a byte string.
const blobKey = "$blob"

// errNotJSON says that a value has no form in JSON.
type errNotJSON struct{ what string }

func (e errNotJSON) Error() string { return "is not JSON: " + e.what }

// appendJSON appends the JSON text of v as JSON.stringify would write it. It
// uses the engine's own stringify, which no code of a realm can replace, but
// toJSON methods and getters of v run: call it under the deadline, and take the
// error, unless it is an errNotJSON, for a *goja.Exception.
func appendJSON(buf []byte, v goja.Value) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, errNotJSON{"undefined"}
	case *goja.Object:
		if _, ok := goja.AssertFunction(v); ok {
			return nil, errNotJSON{"a function"}
		}
		text, err := v.MarshalJSON()
		return append(buf, text...), err
	case goja.String:
		return appendString(buf, v.String()), nil
	case *goja.Symbol:
		return nil, errNotJSON{"a symbol"}
	}
	switch {
	case goja.IsUndefined(v):
		return nil, errNotJSON{"undefined"}
	case goja.IsBigInt(v):
		return nil, errNotJSON{"a BigInt"}
	case goja.IsNaN(v), goja.IsInfinity(v):
		return append(buf, "null"...), nil
	}
	return append(buf, v.String()...), nil
}

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendString(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				buf = append(append(buf, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		buf = append(buf, s[start:i]...)
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\t':
			buf = append(buf, '\\', 't')
		case '\r':
			buf = append(buf, '\\', 'r')
		default:
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(buf, s[start:]...), '"')
}

// appendBlob appends the reference to blob number index.
func appendBlob(buf []byte, index int) []byte {
	buf = append(buf, `{"`+blobKey+`":`...)
	return append(strconv.AppendInt(buf, int64(index), 10), '}')
}
