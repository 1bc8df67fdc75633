package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
)

func TestURLsThatAreAskedFor(t *testing.T) {
	g := newGateway(t, Policy{Ports: []int{80, 443, 8443}})
	for _, c := range []struct {
		raw, host, sent, rule string
	}{
		{"https://good.com", "good.com", "https://good.com/", "an empty path is the root"},
		{"HTTPS://GOOD.com./x", "good.com", "https://good.com/x", "lower case, one trailing dot removed"},
		{"https://good.com:443/", "good.com", "https://good.com/", "the standard port is left out"},
		{"http://good.com:443/", "good.com", "http://good.com:443/", "another open port is kept"},
		{"https://good.com:8443/", "good.com", "https://good.com:8443/", "a port of the operator"},
		{"https://good.com:/", "good.com", "https://good.com/", "an empty port is none"},
		{"https://good。com/", "good.com", "https://good.com/", "ideographic dot"},
		{"https://good.com\u200b/", "good.com", "https://good.com/", "zero-width space"},
		{"https://go\u00adod.com/", "good.com", "https://good.com/", "soft hyphen"},
		{"https://ｇｏｏｄ.com/", "good.com", "https://good.com/", "full width"},
		{"https://g%C3%B6od.com/", "xn--god-sna.com", "https://xn--god-sna.com/", "percent-encoded name"},
		{"https://gооd.com/", "xn--gd-fmca.com", "https://xn--gd-fmca.com/", "Cyrillic о is another name"},
		{"https://good.com/a%2Fb/../c?x=%zz#f", "good.com", "https://good.com/a%2Fb/../c?x=%zz", "path and query as written, no fragment"},
		{"https://good.com/a b?c d\"<>é", "good.com", "https://good.com/a%20b?c%20d%22%3C%3E%C3%A9", "what would end the request line is escaped"},
		{"https://good.com//evil.com/", "good.com", "https://good.com//evil.com/", "a path that looks like a host stays a path"},
		{"https://good.com?", "good.com", "https://good.com/?", "an empty query is kept"},
	} {
		got, err := g.parseTarget(c.raw)
		if err != nil {
			t.Errorf("%q: got error %v, want none (%s)", c.raw, err, c.rule)
			continue
		}
		if got.host != c.host || got.url.String() != c.sent {
			t.Errorf("%q: got %s and %s, want %s and %s (%s)", c.raw, got.host, got.url, c.host, c.sent, c.rule)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	g := newGateway(t, Policy{})
	for _, c := range []struct {
		raw  string
		kind Kind
		want string
		rule string
	}{
		{"", Invalid, "has no scheme", "empty"},
		{"/relative", Invalid, "has no scheme", "relative"},
		{"//good.com/", Invalid, "has no scheme", "without a scheme"},
		{"good.com/x", Invalid, "has no scheme", "without a scheme"},
		{"ftp://good.com/", Invalid, `scheme "ftp" is not supported`, "other schemes"},
		{"file:///etc/passwd", Invalid, `scheme "file"`, "files"},
		{"gopher://good.com/", Invalid, `scheme "gopher"`, "other schemes"},
		{"data:text/plain,x", Invalid, `scheme "data"`, "data"},
		{"unix:///var/run/docker.sock", Invalid, `scheme "unix"`, "sockets"},
		{"javascript:alert(1)", Invalid, `scheme "javascript"`, "other schemes"},
		{"https:good.com", Invalid, "has no host", "opaque"},
		{"https:/good.com", Invalid, "has no host", "one slash"},
		{"https://", Invalid, "has no host", "no host"},
		{"https:///path", Invalid, "has no host", "no host"},
		{"https://:443/", Invalid, "is empty", "only a port"},
		{"https://./", Invalid, "is not a host name", "only a dot"},

		{"https://user@good.com/", Invalid, "user name or a password", "user information"},
		{"https://user:pw@good.com/", Invalid, "user name or a password", "user information"},
		{"https://good.com@evil.com/", Invalid, "user name or a password", "a host that is no host"},
		{"https://@good.com/", Invalid, "user name or a password", "empty user information"},

		{"https://good.com:8080/", Denied, "port 8080 of good.com is not open to extensions (open: 80, 443)", "ports"},
		{"https://good.com:22/", Denied, "port 22", "ports"},
		{"https://good.com:080/", Invalid, `port "080"`, "leading zero"},
		{"https://good.com:0/", Invalid, `port "0"`, "port 0"},
		{"https://good.com:99999/", Invalid, `port "99999"`, "too large"},
		{"https://good.com:80a/", Invalid, "cannot be parsed", "not a number"},
		{"https://good.com:-1/", Invalid, "cannot be parsed", "negative"},

		{"http://127.0.0.1/", Denied, "is an address", "IPv4"},
		{"http://127.0.0.1./", Denied, "is an address", "IPv4 with a dot"},
		{"http://127.1/", Denied, "is an address", "short"},
		{"http://2130706433/", Denied, "is an address", "decimal"},
		{"http://0x7f000001/", Denied, "is an address", "hexadecimal"},
		{"http://0177.0.0.1/", Denied, "is an address", "octal"},
		{"http://0/", Denied, "is an address", "zero"},
		{"http://1.2.3.4.5/", Denied, "is an address", "ends in a number"},
		{"http://①②⑦.⓪.⓪.①/", Denied, "is an address", "circled digits"},
		{"http://１２７.0.0.1/", Denied, "is an address", "full width"},
		{"http://127。0。0。1/", Denied, "is an address", "ideographic dots"},
		{"http://[::1]/", Denied, "is an address", "IPv6"},
		{"http://[::ffff:127.0.0.1]/", Denied, "is an address", "mapped"},
		{"http://[::1%25lo]/", Denied, "is an address", "zone"},
		{"http://[::]/", Denied, "is an address", "unspecified"},
		{"http://8.8.8.8/", Denied, "is an address", "public addresses, too"},

		{`https://good.com\@evil.com/`, Invalid, "cannot be parsed", "backslash"},
		{`https:\\good.com/`, Invalid, "has no", "backslash"},
		{"https://good%2ecom/", Invalid, "cannot be parsed", "encoded dot"},
		{"https://good.com%00.evil.com/", Invalid, "cannot be parsed", "NUL"},
		{"https://good.com\r\nHost: evil.com/", Invalid, "cannot be parsed", "line break"},
		{"https://good.com/\tx", Invalid, "cannot be parsed", "tab"},
		{"https://good.com/\x00", Invalid, "cannot be parsed", "NUL"},
		{"https://good.com/%zz", Invalid, "cannot be parsed", "broken escape"},
		{" https://good.com/", Invalid, "cannot be parsed", "leading space"},
		{"https://good_host.com/", Invalid, "is not a host name", "not letters, digits, hyphens"},
		{"https://-good.com/", Invalid, "is not a host name", "leading hyphen"},
		{"https://good..com/", Invalid, "is not a host name", "empty label"},
		{"https://good.com../", Invalid, "is not a host name", "two trailing dots"},
		{"https://good.com,evil.com/", Invalid, "is not a host name", "comma"},
		{"https://*.good.com/", Invalid, "is not a host name", "wildcard"},
		{"https://xn--a/", Invalid, "is not a host name", "broken punycode"},
		{"https://\xff\xfe.com/", Invalid, "does not keep its form", "not text"},
		{"https://" + strings.Repeat("a", 64) + ".com/", Invalid, "is not a host name", "label too long"},
		{"https://" + strings.Repeat("a.", 127) + "com/", Invalid, "is not a host name", "name too long"},
		{"https://good.com/" + strings.Repeat("a", maxURL), Invalid, "at most 16384", "too long"},
	} {
		_, err := g.parseTarget(c.raw)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got error %v, want an *Error (%s)", c.raw, err, c.rule)
			continue
		}
		if e.Kind != c.kind || !strings.Contains(e.Message, c.want) {
			t.Errorf("%q: got %s: %s; want %s with %q (%s)", c.raw, e.Kind, e.Message, c.kind, c.want, c.rule)
		}
	}
}

// TestNothingOfARefusedURLIsRepeated: a URL that does not parse can hold a token.
func TestNothingOfARefusedURLIsRepeated(t *testing.T) {
	g := newGateway(t, Policy{})
	for _, raw := range []string{
		"https://user:hunter2@good.com/",
		"https://good.com/%zz?token=hunter2",
		"https://hunter2\\@good.com/",
		"https://good.com:hunter2/",
	} {
		_, err := g.parseTarget(raw)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error without hunter2", raw, err)
		}
	}
}

func TestRedacted(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"https://good.com/a?token=1#f", "https://good.com/a"},
		{"https://u:p@good.com/a", "https://good.com/a"},
		{"https://good.com:8443/a%2Fb?", "https://good.com:8443/a%2Fb"},
		{"https://good.com/%zz?token=1", "(not a URL)"},
		{"token", "(not a URL)"},
		{"mailto:a@b.c", "(not a URL)"},
	} {
		if got := Redacted(c.raw); got != c.want {
			t.Errorf("Redacted(%q): got %q, want %q", c.raw, got, c.want)
		}
	}
}

// FuzzTarget proves that a URL that passes has one reading: the name that is
// granted is a plain ASCII name, the one that net/http dials, and the one that
// is sent in Host; and that its text means the same when it is read again.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		"https://good.com/", "http://GOOD.com.:80/a%2Fb?c d#e", "https://①②⑦.⓪.⓪.①/", "http://[::1%25lo]/",
		"https://good。com/", "https://good.com\\@evil.com/", "https://a@b/", "https://xn--gd-fmca.com:443?",
		"http://0x7f.1/", "https://good.com:443:80/", "https://g%C3%B6od.com//x", "https:good.com", "https://a/?\" <>\x7f",
	} {
		f.Add(seed)
	}
	g, err := New(Policy{})
	if err != nil {
		f.Fatal(err)
	}
	var dialled string
	transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = address
		return nil, errFenced
	}}
	f.Fuzz(func(t *testing.T, raw string) {
		to, err := g.parseTarget(raw)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("%q: error %v is not an *Error with a message", raw, err)
			}
			return
		}
		if strings.Trim(to.host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || to.host == "" || len(to.host) > 253 {
			t.Fatalf("%q: host %q is not a plain name", raw, to.host)
		}
		if again, err := permissions.NormalizeHost(to.host); err != nil || again != to.host {
			t.Fatalf("%q: host %q becomes %q, %v", raw, to.host, again, err)
		}
		text := to.url.String()
		again, err := url.Parse(text)
		if err != nil || again.Hostname() != to.host || again.User != nil || again.Opaque != "" {
			t.Fatalf("%q: %q reads as %+v, %v", raw, text, again, err)
		}
		twice, err := g.target(again)
		if err != nil || twice.host != to.host || twice.url.String() != text {
			t.Fatalf("%q: %q read twice is %v, %v", raw, text, twice, err)
		}
		line := to.url.RequestURI()
		if !strings.HasPrefix(line, "/") || strings.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("%q: request target %q", raw, line)
		}
		dialled = ""
		_, err = transport.RoundTrip(&http.Request{Method: "GET", URL: to.url, Header: http.Header{}})
		port := map[string]string{"http": "80", "https": "443"}[to.url.Scheme]
		if p := to.url.Port(); p != "" {
			port = p
		}
		if want := net.JoinHostPort(to.host, port); !errors.Is(err, errFenced) || dialled != want {
			t.Fatalf("%q: dialled %q, want %q (%v)", raw, dialled, want, err)
		}
	})
}
