package js

import (
	"strings"

	"github.com/dop251/goja"
)

// headerName returns the name of a header field in lower case, or throws.
func (r *realm) headerName(fc goja.FunctionCall) goja.Value {
	name := fc.Argument(0).String()
	if !isToken(name) {
		panic(r.vm.NewTypeError(`"%s" is not a header name`, name))
	}
	return r.vm.ToValue(strings.ToLower(name))
}

// isToken reports whether s is a token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		isLetter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !isLetter && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// headerValue returns the value of a header field without white space at its
// ends, or throws.
func (r *realm) headerValue(fc goja.FunctionCall) goja.Value {
	value := strings.Trim(fc.Argument(0).String(), "\t\n\r ")
	for _, c := range value {
		switch {
		case c > 255:
			panic(r.vm.NewTypeError("a header value must not contain characters beyond U+00FF"))
		case c == 0 || c == '\r' || c == '\n':
			panic(r.vm.NewTypeError("a header value must not contain line breaks"))
		}
	}
	return r.vm.ToValue(value)
}

// isStatusText reports whether s can stand in a status line.
func isStatusText(s string) bool {
	for _, c := range s {
		if c != '\t' && (c < ' ' || c == 0x7f || c > 255) {
			return false
		}
	}
	return true
}
