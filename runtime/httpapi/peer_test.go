package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
)

func TestPeer(t *testing.T) {
	const proxy, inner, stranger = "10.0.0.1:4000", "10.0.0.2:4000", "203.0.113.9:4000"
	h := newTestHandler(t, demoHost, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	})
	tests := []struct {
		rule   string
		remote string
		header http.Header
		want   peer
	}{
		{"a stranger is not believed", stranger, http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}},
			peer{host: "example.com"}},
		{"a proxy is", proxy, http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"}},
			peer{netip.MustParseAddr("1.1.1.1"), true, "a.example"}},
		{"what stands before the last stranger is his invention", proxy, http.Header{"X-Forwarded-For": {"9.9.9.9, 1.1.1.1"}},
			peer{netip.MustParseAddr("1.1.1.1"), false, "example.com"}},
		{"proxies behind proxies", proxy, http.Header{"X-Forwarded-For": {"9.9.9.9, 1.1.1.1, 10.0.0.2"}},
			peer{netip.MustParseAddr("1.1.1.1"), false, "example.com"}},
		{"several fields are one list", inner, http.Header{"X-Forwarded-For": {"9.9.9.9", "1.1.1.1:443", "10.0.0.1"}},
			peer{netip.MustParseAddr("1.1.1.1"), false, "example.com"}},
		{"nonsense ends the list", proxy, http.Header{"X-Forwarded-For": {"1.1.1.1, unknown"}},
			peer{netip.MustParseAddr("10.0.0.1"), false, "example.com"}},
		{"no field", proxy, nil, peer{netip.MustParseAddr("10.0.0.1"), false, "example.com"}},
		{"IPv6", "[fd00::1]:4000", http.Header{"X-Forwarded-For": {"2001:db8::7"}}, peer{netip.MustParseAddr("2001:db8::7"), false, "example.com"}},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:4000", http.Header{"X-Forwarded-For": {"::ffff:1.1.1.1"}}, peer{netip.MustParseAddr("1.1.1.1"), false, "example.com"}},
		{"the last proxy's word counts", proxy, http.Header{"X-Forwarded-Proto": {"https, http"}, "X-Forwarded-Host": {"evil.example, a.example"}},
			peer{netip.MustParseAddr("10.0.0.1"), false, "a.example"}},
		{"a host that is none", proxy, http.Header{"X-Forwarded-Host": {"a.example/x?"}}, peer{netip.MustParseAddr("10.0.0.1"), false, "example.com"}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = tt.remote, tt.header
		if got := h.peer(r); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.rule, got, tt.want)
		}
	}
}

// echoed is what demoHost's route echo says of the call that it got.
type echoed struct {
	Org    string   `json:"org"`
	URL    string   `json:"url"`
	Public bool     `json:"public"`
	Header []string `json:"header"`
}

func echo(t *testing.T, h http.Handler, r *http.Request) echoed {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var got echoed
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("status %d, body %s", w.Code, w.Body)
	}
	return got
}

// What anyone can write about where a request came from does not reach handlers.
func TestForwardedFieldsAreDropped(t *testing.T) {
	for _, trust := range []bool{false, true} {
		h := newTestHandler(t, demoHost, func(c *Config) {
			if trust {
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // that of httptest
			}
		})
		r := httptest.NewRequest("GET", "/extensions/acme.demo/echo", nil)
		r.Header = http.Header{
			"Authorization": {"Bearer " + testToken}, "X-Forwarded-For": {"9.9.9.9, 1.1.1.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a.example"},
			"X-Forwarded-User": {"root"}, "Forwarded": {"for=9.9.9.9"}, "X-Real-Ip": {"9.9.9.9"},
		}
		got := echo(t, h, r)
		want, url := []string{"Host: example.com"}, "http://example.com/extensions/acme.demo/echo"
		if trust {
			want, url = []string{"Host: a.example", "X-Forwarded-For: 1.1.1.1"}, "https://a.example/extensions/acme.demo/echo"
		}
		if !slices.Equal(got.Header, want) || got.URL != url {
			t.Errorf("trusted %v: header %q, url %s; want %q, %s", trust, got.Header, got.URL, want, url)
		}
	}
}

// The name of the host says whose public routes an anonymous caller gets, when
// the operator gave it to an organization, and never anything else.
func TestHostsOfOrganizations(t *testing.T) {
	h := newTestHandler(t, publicHost, func(c *Config) {
		c.Hosts = map[string]string{"hooks.demo.example": "demo"}
		c.BaseURL = "https://apps.example.com"
	})
	single := newTestHandler(t, publicHost, func(c *Config) { c.SingleOrg = "demo" })
	none := newTestHandler(t, publicHost, nil)
	tests := []struct {
		rule    string
		handler http.Handler
		host    string
		path    string
		bearer  string
		want    int
	}{
		{"by id", h, "hooks.demo.example", "/public/acme.demo/open", "", 200},
		{"in any case, with a port and a dot", h, "HOOKS.demo.example.:8443", "/public/acme.demo/open", "", 200},
		{"where BluePLM has it", h, "hooks.demo.example", "/extensions/acme.demo/open", "", 200},
		{"a route that is not public", h, "hooks.demo.example", "/public/acme.demo/shut", "", 404},
		{"a route that is not public, where callers may sign in", h, "hooks.demo.example", "/extensions/acme.demo/shut", "", 401},
		{"an extension that is not there", h, "hooks.demo.example", "/extensions/acme.other/open", "", 401},
		{"signed in", h, "hooks.demo.example", "/extensions/acme.demo/shut", testToken, 200},
		{"a wrong token is no anonymous caller", h, "hooks.demo.example", "/extensions/acme.demo/open", "wrong", 401},
		{"another host name", h, "hooks.other.example", "/public/acme.demo/open", "", 404},
		{"another host name, where callers may sign in", h, "hooks.other.example", "/extensions/acme.demo/open", "", 401},
		{"a name that ends alike", h, "xhooks.demo.example", "/public/acme.demo/open", "", 404},
		{"no host name is given to anybody", none, "hooks.demo.example", "/public/acme.demo/open", "", 404},
		{"one organization", single, "anything.example", "/public/acme.demo/open", "", 200},
		{"one organization, where callers may sign in", single, "anything.example", "/extensions/acme.demo/open", "", 200},
		{"one organization, not public", single, "anything.example", "/public/acme.demo/shut", "", 404},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", tt.path, nil)
		r.Host = tt.host
		r.Header.Set("X-Forwarded-Host", "hooks.demo.example")
		if tt.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+tt.bearer)
		}
		w := httptest.NewRecorder()
		tt.handler.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.rule, w.Code, w.Body, tt.want)
		}
	}
	r := httptest.NewRequest("GET", "/public/acme.demo/open", nil)
	r.Host = "hooks.demo.example"
	if got := echo(t, h, r); got.URL != "http://hooks.demo.example/public/acme.demo/open" || !got.Public || got.Org != "demo" {
		t.Errorf("the host is told %+v; want the name that the caller used", got)
	}
	shut, absent := ask(h, "/extensions/acme.demo/shut", ""), ask(h, "/extensions/acme.other/x", "")
	if shut.Body.String() != absent.Body.String() {
		t.Errorf("what exists is answered\n%s\nwhat does not\n%s", shut.Body, absent.Body)
	}
}
