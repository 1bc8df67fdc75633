package bridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	maxLeavingFields = 64       // header fields of one answer
	maxLeavingBytes  = 16 << 10 // their names and values
	maxLocation      = 8 << 10  // bytes
)

// mayLeave reports whether a handler may set a header field, by its name in
// lower case. Beside the names of the list these are names that start with x-,
// but for those that belong to the host or that servers in front of it obey.
func mayLeave(name string) bool {
	switch name {
	case "content-type", "cache-control", "etag", "last-modified", "content-language", "content-disposition", "location":
		return true
	}
	if !strings.HasPrefix(name, "x-") {
		return false
	}
	for _, taken := range []string{
		"x-annex-", "x-ratelimit-", "x-request-id", "x-extension-", // the host's answers
		"x-content-", "x-frame-", "x-xss-", // the host's decision
		"x-accel-", "x-sendfile", "x-lighttpd-", "x-litespeed-", "x-reproxy-", "x-appengine-", // orders to nginx, Apache and others: send that file
		"x-envoy-", // tells Envoy that this host is ill, and to send it nobody's requests
	} {
		if strings.HasPrefix(name, taken) {
			return false
		}
	}
	return true
}

// leaving reads the fields of a Response object into out: those that may leave,
// and the names of those that may not.
func leaving(raw json.RawMessage, out *Response) error {
	if raw == nil {
		return nil
	}
	var fields Pairs
	d := decoder{scanner: scanner{data: raw}}
	if err := d.into(&fields, 1); err != nil {
		return badResult("headers: %v", err)
	}
	size := 0
	for _, f := range fields {
		name, value := strings.ToLower(f[0]), strings.Trim(f[1], " \t")
		if !validName(name) || !validValue(value) {
			return badResult("header field %s is malformed", quoteShort([]byte(name)))
		}
		if !mayLeave(name) {
			if !slices.Contains(out.Dropped, name) {
				out.Dropped = append(out.Dropped, name)
			}
			continue
		}
		if name == "location" {
			value = escapeLocation(value)
		}
		if size += len(name) + len(value); size > maxLeavingBytes || len(out.Header) == maxLeavingFields {
			return badResult("more than %d header fields, or more than %d bytes of them", maxLeavingFields, maxLeavingBytes)
		}
		out.Header = append(out.Header, [2]string{name, value})
	}
	return nil
}

// location returns the target of a redirect, fit for a header field.
func location(raw json.RawMessage) (string, error) {
	to, err := "", error(nil)
	if raw != nil {
		if to, err = unquote(raw); err != nil {
			return "", badResult("the redirect's url must be a string")
		}
	}
	if to == "" || len(to) > maxLocation || !validValue(to) {
		return "", badResult("the redirect's url is empty, longer than %d bytes, or has control characters", maxLocation)
	}
	return escapeLocation(to), nil
}

// escapeLocation writes what a header field cannot hold as percent escapes.
func escapeLocation(to string) string {
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' }
	var out strings.Builder
	for i := range len(to) {
		if c := to[i]; plain(c) {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// validName reports whether name is a token in lower case (RFC 9110).
func validName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return name != ""
}

// validValue reports whether value has no control characters, tabs aside.
func validValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func hasField(header [][2]string, name string) bool {
	return slices.ContainsFunc(header, func(f [2]string) bool { return f[0] == name })
}
