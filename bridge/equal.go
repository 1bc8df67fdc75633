package bridge

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// equalJSON reports whether two JSON texts mean the same to JavaScript: numbers
// as doubles, members in any order, the last of two members of one name. nil,
// which is no value, equals nil alone. Both must be valid and not nested deeper
// than maxDepth.
func equalJSON(a, b []byte) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	if bytes.Equal(a, b) {
		return true, nil
	}
	x, err := parseJSON(a)
	if err != nil {
		return false, err
	}
	y, err := parseJSON(b)
	if err != nil {
		return false, err
	}
	return equalValues(x, y), nil
}

func parseJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // a number beyond float64 is Infinity to JavaScript, no error
	err = d.Decode(&v)
	return v, err
}

func equalValues(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, x := range a {
			if y, ok := b[name]; !ok || !equalValues(x, y) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalValues(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && double(a) == double(b)
	}
	return a == b // strings, booleans, null
}

// double is the number as JavaScript reads it: infinite when it is too large.
func double(n json.Number) float64 {
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}
