package egress

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
)

// keys is an HTTPS server for example.com and below that keeps which request had
// which key, and redirects from /to/HOST to HOST.
type keys struct {
	at    netip.AddrPort
	roots *x509.CertPool

	mu   sync.Mutex
	seen []string // "HOST KEY"
}

func newKeys(t testing.TB) *keys {
	k := &keys{}
	k.at, k.roots = serveTLS(t, false, func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.seen = append(k.seen, r.Host+" "+r.Header.Get("X-Key"))
		k.mu.Unlock()
		if to, ok := strings.CutPrefix(r.URL.Path, "/to/"); ok {
			w.Header().Set("Location", "https://"+to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	return k
}

func (k *keys) requests() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.seen)
}

func TestABoundFieldGoesToItsHostsAlone(t *testing.T) {
	const a, b, c = "a.example.com", "b.example.com", "example.com"
	for _, tt := range []struct {
		rule string
		to   string
		want []string
	}{
		{"no redirect", "https://" + a + "/", []string{a + " v"}},
		{"the same host again", "https://" + a + "/to/" + a + "/", []string{a + " v", a + " v"}},
		{"another host that it is bound to", "https://" + a + "/to/" + b + "/", []string{a + " v", b + " v"}},
		{"a host that it is not bound to", "https://" + a + "/to/" + c + "/", []string{a + " v", c + " "}},
		{"through a stranger and back", "https://" + a + "/to/" + c + "/to/" + a + "/", []string{a + " v", c + " ", a + " v"}},
	} {
		k := newKeys(t)
		g := newGateway(t, Policy{AllowCIDR: loopback, RootCAs: k.roots, Resolve: map[string]netip.AddrPort{a: k.at, b: k.at, c: k.at}})
		req := Request{URL: tt.to, Bound: []BoundField{{"X-Key", "v", []string{a, b}}}}
		if _, err := g.Client("o").Fetch(t.Context(), req, all, Limits{}); err != nil {
			t.Errorf("%s: %v", tt.rule, err)
		}
		if got := k.requests(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: the server saw %q, want %q", tt.rule, got, tt.want)
		}
	}
}

func TestABoundFieldThatIsRefused(t *testing.T) {
	const secret = "s3cret-value"
	at := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	hosts := []string{"a.com"}
	for _, c := range []struct {
		rule string
		url  string
		kind Kind
		b    BoundField
		open [][2]string
	}{
		{"by http", "http://a.com/", Denied, BoundField{"X-Key", secret, hosts}, nil},
		{"to a host that it is not bound to", "https://b.com/", Denied, BoundField{"X-Key", secret, hosts}, nil},
		{"bound to no host", "https://a.com/", Denied, BoundField{"X-Key", secret, nil}, nil},
		{"a name that the host sets", "https://a.com/", Invalid, BoundField{"Host", secret, hosts}, nil},
		{"a name that is none", "https://a.com/", Invalid, BoundField{"X Key", secret, hosts}, nil},
		{"a value with a line end", "https://a.com/", Invalid, BoundField{"X-Key", secret + "\r\nX: y", hosts}, nil},
		{"a field that is there already", "https://a.com/", Invalid, BoundField{"X-Key", secret, hosts}, [][2]string{{"x-key", "open"}}},
		{"more than a header may have", "https://a.com/", Exhausted, BoundField{"X-Key", strings.Repeat(secret, 10_000), hosts}, nil},
	} {
		g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at, "b.com": at}))
		_, err := g.Client("o").Fetch(t.Context(), Request{URL: c.url, Header: c.open, Bound: []BoundField{c.b}}, all, Limits{})
		if e := wantKind(t, err, c.kind); strings.Contains(e.Message+e.detail, secret) {
			t.Errorf("%s: the error has the secret: %s", c.rule, e.Message)
		}
	}
}
