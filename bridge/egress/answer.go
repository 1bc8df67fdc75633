package egress

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Response is an answer, read to its end.
type Response struct {
	// Status is what the server said, 200 to 999; StatusText its reason phrase,
	// which HTTP/2 does not have.
	Status     int
	StatusText string

	// URL is the address that answered, Redirected whether it is not the first.
	URL        string
	Redirected bool

	// Header has lower-case names in order. Fields of one name are joined with
	// ", ", except set-cookie, which has an entry for each. Bytes above 127
	// are taken for Latin-1. What describes the connection is left out, and
	// content-encoding and content-length where a coding was removed.
	Header [][2]string

	// Body is decoded: no gzip or deflate is left, other codings are.
	Body []byte
}

// answerHeader returns the fields of an answer for the caller. When one cannot be
// handed over, fields is nil and bad its name.
func answerHeader(h http.Header, decoded bool) (fields [][2]string, bad string) {
	fields = make([][2]string, 0, len(h))
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, isInvalidValue) {
			return nil, name
		}
		lower := strings.ToLower(name)
		for i, v := range values {
			values[i] = latin1(v)
		}
		switch {
		case aboutConnection(lower), decoded && (lower == "content-encoding" || lower == "content-length"):
		case lower == "set-cookie":
			for _, v := range values {
				fields = append(fields, [2]string{lower, v})
			}
		default:
			fields = append(fields, [2]string{lower, strings.Join(values, ", ")})
		}
	}
	slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return fields, ""
}

func isInvalidValue(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }

// reasonPhrase is the text after the status code, when it is one.
func reasonPhrase(resp *http.Response) string {
	_, text, _ := strings.Cut(resp.Status, " ")
	if isInvalidValue(text) {
		return ""
	}
	return latin1(text)
}

func aboutConnection(lower string) bool {
	switch lower {
	case "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return strings.HasPrefix(lower, "proxy-")
}

// latin1 makes text of a field's bytes, as fetch does.
func latin1(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			runes := make([]rune, len(s))
			for j := range runes {
				runes[j] = rune(s[j])
			}
			return string(runes)
		}
	}
	return s
}
