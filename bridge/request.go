package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

// Request is the HTTP request that a handler answers, as the host received it.
type Request struct {
	ID       string            // names the invocation
	Method   string            // upper case
	Path     string            // the part after the extension's id, without the query
	URL      string            // in full, as the caller wrote it
	RawQuery string            // without its question mark
	Params   map[string]string // what the route's parameters matched
	Header   [][2]string       // names in any case; a name may come again
	Body     []byte            // within the host's limit

	// Public says that the request came through a public route, where the
	// authorization field is the sender's own and not a credential of Annex.
	Public bool
}

// maxFormPairs is how many names a query or a form may have.
const maxFormPairs = 1000

// Input makes what a handler is given: {request, user, config}, with the bytes
// of the body as blob 0. config is a JSON object, nil for an empty one.
//
// A body is parsed by its content type: JSON; an object for a form, the last
// value of a name winning; the text itself for anything else. An empty body is
// left out. The error is a *sandbox.Error of code invalid, for a body that is not
// what it says with reason body.
func Input(r Request, u *User, config json.RawMessage) (sandbox.Payload, error) {
	query, err := parseForm(r.RawQuery)
	if err != nil {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Invalid, Message: "request: the query: " + err.Error()}
	}
	body, err := bodyValue(r)
	if err != nil {
		return sandbox.Payload{}, err
	}
	out := make([]byte, 0, 512+2*len(r.URL)+len(body))
	out = append(out, `{"request":{"id":`...)
	out = appendString(out, r.ID)
	out = appendString(append(out, `,"method":`...), r.Method)
	out = appendString(append(out, `,"path":`...), r.Path)
	out = appendString(append(out, `,"url":`...), r.URL)
	out = appendLast(append(out, `,"query":`...), query)
	out = appendAll(append(out, `,"queryAll":`...), query)
	out = appendObject(append(out, `,"params":`...), sortedPairs(r.Params))
	out = appendObject(append(out, `,"headers":`...), handlerHeaders(r.Header, r.Public))
	if body != nil {
		out = append(append(out, `,"body":`...), body...)
	}
	out = append(out, `,"rawBody":{"$blob":0}},"user":`...)
	if out, err = appendMarshal(out, u); err != nil {
		return sandbox.Payload{}, err
	}
	if config == nil {
		config = json.RawMessage("{}")
	}
	out = append(append(out, `,"config":`...), config...)
	return sandbox.Payload{JSON: append(out, '}'), Blobs: [][]byte{r.Body}}, nil
}

// badBody is the error for a body that is answered before the handler runs.
func badBody(err error) error {
	return &sandbox.Error{Code: sandbox.Invalid, Reason: sandbox.ReasonBody, Message: "request: the body: " + err.Error()}
}

// bodyValue returns the JSON of request.body, nil for an empty body.
func bodyValue(r Request) ([]byte, error) {
	if len(r.Body) == 0 {
		return nil, nil
	}
	switch kind := mediaType(r.Header); {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		text, err := checkJSON(bytes.TrimPrefix(r.Body, []byte("\ufeff")))
		if err != nil {
			return nil, badBody(err)
		}
		return text, nil
	case kind == "application/x-www-form-urlencoded":
		pairs, err := parseForm(string(r.Body))
		if err != nil {
			return nil, badBody(err)
		}
		return appendLast(nil, pairs), nil
	}
	return appendString(nil, string(r.Body)), nil
}

// mediaType returns the content type in lower case without its parameters.
func mediaType(header [][2]string) string {
	for _, f := range header {
		if strings.EqualFold(f[0], "content-type") {
			kind, _, err := mime.ParseMediaType(f[1])
			if err != nil && kind == "" {
				kind, _, _ = strings.Cut(f[1], ";")
				kind = strings.ToLower(strings.TrimSpace(kind))
			}
			return kind
		}
	}
	return ""
}

// handlerHeaders returns the fields that a handler may see, each name once, in
// lower case and in order. Several of one name are joined as HTTP says. The
// caller's credentials and what Annex says to itself are left out.
func handlerHeaders(header [][2]string, public bool) [][2]string {
	out := make([][2]string, 0, len(header))
	for _, f := range header {
		name := strings.ToLower(f[0])
		switch {
		case name == "cookie", name == "proxy-authorization", strings.HasPrefix(name, "x-annex-"):
			continue
		case name == "authorization" && !public:
			continue
		}
		out = append(out, [2]string{name, f[1]})
	}
	slices.SortStableFunc(out, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	joined := out[:0]
	for _, f := range out {
		if n := len(joined); n > 0 && joined[n-1][0] == f[0] {
			joined[n-1][1] += ", " + f[1]
			continue
		}
		joined = append(joined, f)
	}
	return joined
}

// parseForm reads a query or a form the way URLSearchParams does: what is not a
// well-formed escape stands for itself, and invalid UTF-8 becomes U+FFFD.
func parseForm(text string) ([][2]string, error) {
	var pairs [][2]string
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		if len(pairs) == maxFormPairs {
			return nil, fmt.Errorf("more than %d names", maxFormPairs)
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{formText(name), formText(value)})
	}
	return pairs, nil
}

// formText decodes one name or value of a form.
func formText(s string) string {
	if !strings.ContainsAny(s, "%+") && utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return strings.ToValidUTF8(string(out), "\ufffd")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// sortedPairs returns m in the order of its names.
func sortedPairs(m map[string]string) [][2]string {
	pairs := make([][2]string, 0, len(m))
	for name, value := range m {
		pairs = append(pairs, [2]string{name, value})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return pairs
}

// appendObject appends pairs of different names as an object of strings.
func appendObject(out []byte, pairs [][2]string) []byte {
	out = append(out, '{')
	for i, p := range pairs {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, p[0]), ':')
		out = appendString(out, p[1])
	}
	return append(out, '}')
}

// appendLast appends pairs as an object in which the last value of a name wins.
func appendLast(out []byte, pairs [][2]string) []byte {
	if len(pairs) == 0 {
		return append(out, '{', '}')
	}
	at := make(map[string]int, len(pairs))
	var last [][2]string
	for _, p := range pairs {
		if i, ok := at[p[0]]; ok {
			last[i][1] = p[1]
			continue
		}
		at[p[0]] = len(last)
		last = append(last, p)
	}
	return appendObject(out, last)
}

// appendAll appends pairs as an object of the lists of all values of a name.
func appendAll(out []byte, pairs [][2]string) []byte {
	if len(pairs) == 0 {
		return append(out, '{', '}')
	}
	values := make(map[string][]string, len(pairs))
	var names []string
	for _, p := range pairs {
		if _, ok := values[p[0]]; !ok {
			names = append(names, p[0])
		}
		values[p[0]] = append(values[p[0]], p[1])
	}
	for i, name := range names {
		out = append(out, "{,"[min(i, 1)])
		out = append(appendString(out, name), ':', '[')
		for j, v := range values[name] {
			if j > 0 {
				out = append(out, ',')
			}
			out = appendString(out, v)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

// appendMarshal appends the JSON of v.
func appendMarshal(out []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(out, text...), err
}
