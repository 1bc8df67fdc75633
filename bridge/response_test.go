package bridge

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// show writes an answer as one line.
func show(r Response) string {
	text := fmt.Sprintf("%d %v %s", r.Status, r.Header, r.Body)
	if r.Body == nil {
		text = fmt.Sprintf("%d %v -", r.Status, r.Header)
	}
	if r.Dropped != nil {
		text += fmt.Sprintf(" without %v", r.Dropped)
	}
	return text
}

func TestParseResult(t *testing.T) {
	const (
		asJSON = "[[content-type application/json]]"
		asText = "[[content-type text/plain; charset=utf-8]]"
		asBlob = "[[content-type application/octet-stream]]"
	)
	for _, c := range []struct{ rule, result, want string }{
		{"undefined is 204", ``, "204 [] -"},
		{"null is 204", ` null`, "204 [] -"},
		{"a string is text", `"a\n\u00e9"`, "200 " + asText + " a\né"},
		{"an empty string is an empty text", `""`, "200 " + asText + " "},
		{"a number is JSON", `1.5`, "200 " + asJSON + " 1.5"},
		{"a boolean is JSON", `false`, "200 " + asJSON + " false"},
		{"a list is JSON", `[1]`, "200 " + asJSON + " [1]"},
		{"an object is JSON", `{"a":1}`, "200 " + asJSON + ` {"a":1}`},
		{"an empty object is JSON", `{}`, "200 " + asJSON + ` {}`},
		{"an object of another type is data", `{"type":"user","status":5}`, "200 " + asJSON + ` {"type":"user","status":5}`},
		{"a type that is no string is data", `{"type":1,"data":2}`, "200 " + asJSON + ` {"type":1,"data":2}`},
		{"names count exactly", `{"Type":"json","data":1}`, "200 " + asJSON + ` {"Type":"json","data":1}`},
		{"halves of surrogate pairs become U+FFFD", `{"a":"\ud800"}`, "200 " + asJSON + ` {"a":"\ufffd"}`},

		{"json sends its data", `{"type":"json","data":{"a":1},"status":201}`, "201 " + asJSON + ` {"a":1}`},
		{"json without a status is 200", `{"type":"json","data":1}`, "200 " + asJSON + ` 1`},
		{"a status of 0 is none", `{"type":"json","data":1,"status":0}`, "200 " + asJSON + ` 1`},
		{"a status of null is none", `{"type":"json","data":1,"status":null}`, "200 " + asJSON + ` 1`},
		{"json of undefined is null", `{"type":"json","status":200}`, "200 " + asJSON + ` null`},
		{"a status that has no body has none", `{"type":"json","data":1,"status":204}`, "204 " + asJSON + ` -`},
		{"an error has its message", `{"type":"error","message":"no \"x\"","status":400}`, "400 " + asJSON + ` {"error":"no \"x\""}`},
		{"an error without a status is 500", `{"type":"error","message":"m"}`, "500 " + asJSON + ` {"error":"m"}`},
		{"an error without a message has one", `{"type":"error"}`, "500 " + asJSON + ` {"error":"Error"}`},
		{"a redirect has a location and no body", `{"type":"redirect","url":"https://a.b/c?d=e#f","status":303}`, "303 [[location https://a.b/c?d=e#f]] -"},
		{"a redirect without a status is 302", `{"type":"redirect","url":"blueplm://x/y"}`, "302 [[location blueplm://x/y]] -"},
		{"what a location cannot hold is escaped", `{"type":"redirect","url":"/a b/é\"<>\\"}`, "302 [[location /a%20b/%C3%A9%22%3C%3E%5C]] -"},
		{"the last of a name wins", `{"type":"x","type":"json","data":1,"data":2}`, "200 " + asJSON + ` 2`},

		{"a Response has text", `{"type":"annex.response","status":201,"headers":[],"body":"hi"}`, "201 " + asText + " hi"},
		{"a Response has bytes", `{"type":"annex.response","status":200,"headers":[],"body":{"$blob":1}}`, "200 " + asBlob + " \x01\xff"},
		{"a Response has no body", `{"type":"annex.response","status":200,"headers":[]}`, "200 [] -"},
		{"a null body is none", `{"type":"annex.response","body":null}`, "200 [] -"},
		{"its content type stays", `{"type":"annex.response","headers":[["Content-Type","text/html"]],"body":"<p>"}`, "200 [[content-type text/html]] <p>"},
		{
			"fields that may leave do, the others are dropped",
			`{"type":"annex.response","headers":[["ETag","\"1\""],["Cache-Control"," no-store "],["Last-Modified","x"],["content-language","de"],["Content-Disposition","inline"],` +
				`["X-Mine","1"],["x-mine","2"],["Set-Cookie","a=b"],["set-cookie","c=d"],["Location","/a b"]]}`,
			`200 [[etag "1"] [cache-control no-store] [last-modified x] [content-language de] [content-disposition inline] [x-mine 1] [x-mine 2] [location /a%20b]] - without [set-cookie]`,
		},
		{
			"what belongs to the host or commands a server in front of it is dropped",
			`{"type":"annex.response","headers":[["X-Annex-Org","1"],["X-RateLimit-Limit","1"],["X-Request-Id","1"],["X-Extension-Execution-Time","1"],` +
				`["X-Content-Type-Options","1"],["X-Frame-Options","1"],["X-Accel-Redirect","/etc/passwd"],["X-Sendfile","1"],["X-LIGHTTPD-send-file","1"],` +
				`["X-Envoy-Immediate-Health-Check-Fail","1"],["X-Reproxy-File","/etc/passwd"],["X-AppEngine-BlobKey","1"],` +
				`["Content-Security-Policy","1"],["Access-Control-Allow-Origin","*"],["Content-Length","1"],["Transfer-Encoding","chunked"],["Connection","close"],["Server","x"],["Refresh","0"]]}`,
			"200 [] - without [x-annex-org x-ratelimit-limit x-request-id x-extension-execution-time x-content-type-options x-frame-options x-accel-redirect x-sendfile " +
				"x-lighttpd-send-file x-envoy-immediate-health-check-fail x-reproxy-file x-appengine-blobkey content-security-policy access-control-allow-origin content-length transfer-encoding connection server refresh]",
		},
	} {
		got, err := ParseResult(sandbox.Payload{JSON: []byte(c.result), Blobs: [][]byte{{9}, {1, 0xff}}}, sandbox.Unlimited)
		if err != nil || show(got) != c.want {
			t.Errorf("%s: %s\n got %s, %v\nwant %s", c.rule, c.result, show(got), err, c.want)
		}
	}
}

func TestParseResultRefusesWhatCannotBeSent(t *testing.T) {
	long := strings.Repeat("x", 9000)
	for _, c := range []struct{ rule, result, text string }{
		{"a status below 200", `{"type":"json","status":199}`, "status must be an integer from 200 to 599, got \"199\""},
		{"a status above 599", `{"type":"error","status":600}`, "got \"600\""},
		{"a status with a fraction", `{"type":"json","status":200.5}`, "got \"200.5\""},
		{"a status that is a string", `{"type":"json","status":"200"}`, `got "\"200\""`},
		{"a status that is no number at all", `{"type":"json","status":[200]}`, "status must be"},
		{"a negative status", `{"type":"annex.response","status":-1}`, "status must be"},
		{"a redirect to nowhere", `{"type":"redirect"}`, "url is empty"},
		{"a redirect to an empty url", `{"type":"redirect","url":""}`, "url is empty"},
		{"a redirect to a number", `{"type":"redirect","url":1}`, "url must be a string"},
		{"a redirect with a line break", `{"type":"redirect","url":"/a\r\nset-cookie: b=c"}`, "control characters"},
		{"a redirect with a line feed", `{"type":"redirect","url":"/a\n"}`, "control characters"},
		{"a redirect with a NUL", `{"type":"redirect","url":"/a\u0000"}`, "control characters"},
		{"a redirect that is too long", `{"type":"redirect","url":"` + long + `"}`, "longer than"},
		{"a field with a line break", `{"type":"annex.response","headers":[["x-a","b\r\nset-cookie: c=d"]]}`, `header field "x-a" is malformed`},
		{"a location with a line break", `{"type":"annex.response","headers":[["location","/\n"]]}`, `header field "location" is malformed`},
		{"a name with a line break", `{"type":"annex.response","headers":[["x-a\r\nset-cookie","b"]]}`, "is malformed"},
		{"a name with a space", `{"type":"annex.response","headers":[["x a","b"]]}`, "is malformed"},
		{"an empty name", `{"type":"annex.response","headers":[["","b"]]}`, "is malformed"},
		{"a field that is no pair", `{"type":"annex.response","headers":[["a"]]}`, "headers: want [name, value], got less"},
		{"headers that are no list", `{"type":"annex.response","headers":{"a":"b"}}`, "headers: want an array"},
		{"too many fields", `{"type":"annex.response","headers":[` + strings.TrimSuffix(strings.Repeat(`["x-a","b"],`, 65), ",") + `]}`, "more than 64 header fields"},
		{"fields that are too long", `{"type":"annex.response","headers":[["x-a","` + long + `"],["x-b","` + long + `"]]}`, "bytes of them"},
		{"a body that is a number", `{"type":"annex.response","body":1}`, "body: want a string or bytes, got a number"},
		{"a body that is an object", `{"type":"annex.response","body":{"a":0}}`, "body: want a string or bytes"},
		{"a body of bytes that do not exist", `{"type":"annex.response","body":{"$blob":7}}`, "body: malformed reference"},
		{"a body of bytes before the first", `{"type":"annex.response","body":{"$blob":-1}}`, "body: malformed reference"},
		{"what is no JSON", `{"a":`, "unexpected end"},
		{"what nests too deep", strings.Repeat("[", 200), "nested deeper"},
	} {
		got, err := ParseResult(sandbox.Payload{JSON: []byte(c.result)}, sandbox.Unlimited)
		e := sandbox.AsError(err)
		if e == nil || e.Code != sandbox.Thrown || !strings.Contains(e.Message, c.text) {
			t.Errorf("%s: got %s, %+v\nwant thrown with %q", c.rule, show(got), e, c.text)
		}
	}
}

func TestParseResultBoundsTheBody(t *testing.T) {
	p := sandbox.Payload{JSON: []byte(`{"type":"annex.response","body":{"$blob":0}}`), Blobs: [][]byte{make([]byte, 11)}}
	_, err := ParseResult(p, 10)
	e := sandbox.AsError(err)
	if e == nil || e.Code != sandbox.Exhausted || e.Reason != sandbox.ReasonOutput || e.Message != "response body too large: 11 bytes (max 10 bytes)" {
		t.Errorf("11 bytes of 10: got %+v", e)
	}
	if _, err := ParseResult(p, 11); err != nil {
		t.Errorf("11 bytes of 11: %v", err)
	}
}

// FuzzParseResult: whatever a sandbox returns, what leaves is an answer that HTTP
// can carry, with fields from the list.
func FuzzParseResult(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `"x"`, `{"type":"json","data":{"a":[1]},"status":201}`, `{"type":"error","message":"m"}`,
		`{"type":"redirect","url":"/a b\u00e9","status":307}`,
		`{"type":"annex.response","status":200,"headers":[["x-a","b"],["location","/"],["set-cookie","c"]],"body":{"$blob":0}}`,
		`{"type":"redirect","url":"/\r\n"}`, `{"type":"json","status":1e400}`,
	} {
		f.Add([]byte(seed), []byte("blob"))
	}
	f.Fuzz(func(t *testing.T, text, blob []byte) {
		got, err := ParseResult(sandbox.Payload{JSON: text, Blobs: [][]byte{blob}}, 1000)
		if err != nil {
			if c := sandbox.AsError(err).Code; c != sandbox.Thrown && c != sandbox.Exhausted {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if got.Status < 200 || got.Status > 599 || len(got.Body) > 1000 {
			t.Fatalf("%q: %s", text, show(got))
		}
		for _, h := range got.Header {
			name, value := h[0], h[1]
			if strings.ContainsAny(value, "\r\n\x00") || !mayLeave(name) || http.CanonicalHeaderKey(name) == name {
				t.Fatalf("%q: field %q: %q", text, name, value)
			}
		}
	})
}
