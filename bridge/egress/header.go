package egress

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

const (
	maxFields        = 100 // header fields of a request
	defaultUserAgent = "Annex"
)

// methods are those that can be sent, written in any case.
var methods = []string{
	http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
	http.MethodPatch, http.MethodPost, http.MethodPut,
}

// cleanMethod returns the method in upper case; an empty one is GET. The error
// is an *Error.
func cleanMethod(method string, hasBody bool) (string, error) {
	if method == "" {
		method = http.MethodGet
	}
	upper := strings.ToUpper(method)
	if !slices.Contains(methods, upper) {
		return "", fail(Invalid, "", nil, "method %q is not supported: use one of %s", clip(method), strings.Join(methods, ", "))
	}
	if hasBody && (upper == http.MethodGet || upper == http.MethodHead) {
		return "", fail(Invalid, "", nil, "a %s request cannot have a body", upper)
	}
	return upper, nil
}

// clip keeps a stranger's text short in a message.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// belongsToHost reports whether the host alone sets a field: those about the
// connection, the length and coding of the body, and who is asked. They are
// left out without an error, as fetch does in browsers, because code written
// for other runtimes sets them out of habit.
func belongsToHost(lower string) bool {
	switch lower {
	case "host", "content-length", "accept-encoding",
		"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
		"expect", "date", "via":
		return true
	}
	return strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "sec-")
}

// cleanHeader checks the fields of a request and returns those that are sent.
// The error is an *Error.
func cleanHeader(fields [][2]string, maxBytes int) (http.Header, error) {
	if len(fields) > maxFields {
		return nil, fail(Exhausted, "", nil, "request has %d header fields, at most %d are sent", len(fields), maxFields)
	}
	header := make(http.Header, len(fields)+2)
	size := 0
	for _, f := range fields {
		name, value := f[0], strings.Trim(f[1], " \t\r\n")
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, fail(Invalid, "", nil, "header name %q is not valid", clip(name))
		}
		if !httpguts.ValidHeaderFieldValue(value) {
			return nil, fail(Invalid, "", nil, "value of header %s holds a control character", clip(name))
		}
		if size += len(name) + len(value); size > maxBytes {
			return nil, fail(Exhausted, "", nil, "request header is larger than %d bytes", maxBytes)
		}
		if !belongsToHost(strings.ToLower(name)) {
			header.Add(name, value)
		}
	}
	return header, nil
}

// prepare adds what the host sets for every hop.
func prepare(header http.Header) {
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", defaultUserAgent)
	}
	coding := "gzip, deflate"
	if header.Get("Range") != "" { // a part of a coded body cannot be decoded
		coding = "identity"
	}
	header.Set("Accept-Encoding", coding)
}

// keepForStranger drops what was meant for the origin that redirected: all but
// fields that describe what is wanted and what is sent.
func keepForStranger(header http.Header) {
	for name := range header {
		switch name {
		case "Accept", "Accept-Language", "Content-Type", "User-Agent":
		default:
			delete(header, name)
		}
	}
}

// dropBody drops the fields that describe a body.
func dropBody(header http.Header) {
	for _, name := range []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"} {
		header.Del(name)
	}
}
