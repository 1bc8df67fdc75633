package egress

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// echo answers with what it was sent: the request line and the fields as text.
func echo(t testing.TB) netip.AddrPort {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Method", r.Method)
		w.Header().Set("X-Host", r.Host)
		if err := r.Header.Write(w); err != nil {
			t.Error(err)
		}
	})
}

func TestMethods(t *testing.T) {
	at := echo(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	for _, c := range []struct {
		method string
		body   string
		want   string // empty: refused
	}{
		{"", "", "GET"},
		{"get", "", "GET"},
		{"HEAD", "", "HEAD"},
		{"post", "x", "POST"},
		{"POST", "", "POST"},
		{"PUT", "x", "PUT"},
		{"patch", "x", "PATCH"},
		{"DELETE", "x", "DELETE"},
		{"OPTIONS", "", "OPTIONS"},
		{"CONNECT", "", ""},
		{"connect", "", ""},
		{"TRACE", "", ""},
		{"TRACK", "", ""},
		{"PROPFIND", "", ""},
		{"MADEUP", "", ""},
		{"GET /x HTTP/1.1\r\nHost: evil.com\r\n\r\nGET", "", ""},
		{"GET\x00", "", ""},
		{" GET", "", ""},
		{"GET", "x", ""},
		{"HEAD", "x", ""},
	} {
		req := Request{URL: "http://a.com/", Method: c.method, Body: []byte(c.body)}
		resp, err := g.Client("o").Fetch(t.Context(), req, all, Limits{Timeout: 20 * time.Second})
		switch {
		case c.want == "":
			wantKind(t, err, Invalid)
		case err != nil:
			t.Errorf("method %q: got error %v, want none", c.method, err)
		case field(resp, "x-method") != c.want:
			t.Errorf("method %q: got %q, want %q", c.method, field(resp, "x-method"), c.want)
		}
	}
}

func TestFieldsThatAreSent(t *testing.T) {
	at := echo(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	for _, c := range []struct {
		name, value string
		want        string // a line that is sent
		rule        string
	}{
		{"Authorization", "Bearer x", "Authorization: Bearer x", "credentials are the author's to send"},
		{"cookie", "a=b", "Cookie: a=b", "cookies too: there is no jar that could hold others"},
		{"X-Api-Key", " x\t", "X-Api-Key: x", "blanks around a value are removed"},
		{"x-empty", "", "X-Empty: ", "an empty value is one"},
		{"x-utf8", "naïve", "X-Utf8: naïve", "bytes above 127 are left"},
		{"user-agent", "mine", "User-Agent: mine", "the author's user agent"},
		{"x-none", "", "User-Agent: Annex", "or that of the host"},
		{"range", "bytes=0-1", "Accept-Encoding: identity", "a part of a coded body cannot be decoded"},
		{"accept", "*/*", "Accept-Encoding: gzip, deflate", "the host's codings"},
	} {
		resp := mustFetch(t, g, Request{URL: "http://a.com/", Header: [][2]string{{c.name, c.value}}})
		if !strings.Contains(string(resp.Body), c.want+"\r\n") {
			t.Errorf("%s: %q: got\n%swant %q (%s)", c.name, c.value, resp.Body, c.want, c.rule)
		}
	}
}

func TestFieldsOfTheHostAreLeftOut(t *testing.T) {
	at := echo(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	var fields [][2]string
	names := []string{
		"Host", "host", "Content-Length", "Accept-Encoding", "Connection", "Keep-Alive", "TE", "Trailer",
		"Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect", "Date", "Via",
		"Proxy-Authorization", "proxy-connection", "Proxy-Anything", "Sec-Fetch-Site", "sec-websocket-key",
	}
	for _, name := range names {
		fields = append(fields, [2]string{name, "evil.example"})
	}
	resp := mustFetch(t, g, Request{URL: "http://a.com/", Method: "POST", Body: []byte("body"), Header: fields})
	if strings.Contains(string(resp.Body), "evil.example") {
		t.Errorf("got fields\n%swant none of %v", resp.Body, names)
	}
	if got, want := field(resp, "x-host"), "a.com"; got != want {
		t.Errorf("host: got %q, want %q", got, want)
	}
	if !strings.Contains(string(resp.Body), "Content-Length: 4\r\n") {
		t.Errorf("got fields\n%swant the real length", resp.Body)
	}
}

func TestFieldsThatAreRefused(t *testing.T) {
	many := make([][2]string, maxFields+1)
	for i := range many {
		many[i] = [2]string{"x", "y"}
	}
	for _, c := range []struct {
		fields [][2]string
		kind   Kind
		rule   string
	}{
		{[][2]string{{"", "x"}}, Invalid, "no name"},
		{[][2]string{{"a b", "x"}}, Invalid, "space in a name"},
		{[][2]string{{":path", "/evil"}}, Invalid, "pseudo field of HTTP/2"},
		{[][2]string{{"a:", "x"}}, Invalid, "colon in a name"},
		{[][2]string{{"a\r\nHost", "x"}}, Invalid, "line break in a name"},
		{[][2]string{{"ä", "x"}}, Invalid, "name that is not ASCII"},
		{[][2]string{{"a", "x\r\nHost: evil.com"}}, Invalid, "line break in a value"},
		{[][2]string{{"a", "x\ny"}}, Invalid, "bare line feed in a value"},
		{[][2]string{{"a", "x\x00y"}}, Invalid, "NUL in a value"},
		{[][2]string{{"host", "x\r\ny"}}, Invalid, "in a field that is left out, too"},
		{many, Exhausted, "too many"},
		{[][2]string{{"a", strings.Repeat("x", 65<<10)}}, Exhausted, "too large"},
	} {
		_, err := cleanHeader(c.fields, 64<<10)
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.kind {
			t.Errorf("%s: got error %v, want kind %s", c.rule, err, c.kind)
		}
	}
}

// mustFetch fetches as the owner "o" and fails the test on an error.
func mustFetch(t testing.TB, g *Gateway, req Request) *Response {
	t.Helper()
	resp, err := g.Client("o").Fetch(t.Context(), req, all, Limits{Timeout: 20 * time.Second})
	if err != nil {
		t.Fatalf("%s: %v", req.URL, err)
	}
	return resp
}
