package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveTLS starts an HTTPS server for example.com and what is below it.
func serveTLS(t testing.TB, http2 bool, h http.HandlerFunc) (netip.AddrPort, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return netip.MustParseAddrPort(s.Listener.Addr().String()), roots
}

// serveRaw starts a TCP server whose connections are handled by f.
func serveRaw(t testing.TB, f func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func TestTLSVerifiesTheNameThatIsDialled(t *testing.T) {
	sni := make(chan string, 10)
	at, roots := serveTLS(t, true, func(w http.ResponseWriter, r *http.Request) {
		sni <- r.TLS.ServerName
		fmt.Fprint(w, r.Proto)
	})
	table := map[string]netip.AddrPort{"example.com": at, "other.com": at}
	p := Policy{AllowCIDR: loopback, Resolve: table, RootCAs: roots}
	g := newGateway(t, p)

	resp, err := get(t, g, "https://EXAMPLE.com./")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(resp.Body), "HTTP/2.0"; got != want {
		t.Errorf("protocol: got %s, want %s", got, want)
	}
	if got, want := <-sni, "example.com"; got != want {
		t.Errorf("server name: got %q, want %q", got, want)
	}

	_, err = get(t, g, "https://other.com/")
	if e := wantKind(t, err, Unavailable); !strings.Contains(e.Message, "it is for another name") {
		t.Errorf("another name: got %q", e.Message)
	}
	p.RootCAs = x509.NewCertPool()
	_, err = get(t, newGateway(t, p), "https://example.com/")
	if e := wantKind(t, err, Unavailable); !strings.Contains(e.Message, "its issuer is not known") {
		t.Errorf("unknown issuer: got %q", e.Message)
	}
}

func TestTLSToAServerWithout(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	_, err := get(t, newGateway(t, reach(map[string]netip.AddrPort{"example.com": at})), "https://example.com/")
	if e := wantKind(t, err, Unavailable); e.Message != "TLS handshake with example.com failed" {
		t.Errorf("got %q", e.Message)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	g := newGateway(t, Policy{AllowCIDR: loopback, Resolve: map[string]netip.AddrPort{"example.com": at}, RootCAs: roots})
	_, err := get(t, g, "https://example.com/")
	wantKind(t, err, Unavailable)
}

func TestHTTPSIsNotLeftByARedirect(t *testing.T) {
	var plain atomic.Int32
	to := serve(t, func(http.ResponseWriter, *http.Request) { plain.Add(1) })
	at, roots := serveTLS(t, true, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://plain.com/", http.StatusFound)
	})
	g := newGateway(t, Policy{
		AllowCIDR: loopback, RootCAs: roots,
		Resolve: map[string]netip.AddrPort{"example.com": at, "plain.com": to},
	})
	_, err := get(t, g, "https://example.com/")
	if wantKind(t, err, Denied); plain.Load() != 0 {
		t.Errorf("got %d plain requests, want none", plain.Load())
	}
}

// TestNothingIsLookedUpForADeniedName: a query would carry the name out.
func TestNothingIsLookedUpForADeniedName(t *testing.T) {
	resolver := &names{table: map[string][]string{"good.com.": {"127.0.0.1"}}}
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://stolen-data.evil.com/", http.StatusFound)
	})
	g := newGateway(t, Policy{AllowCIDR: loopback, Resolver: resolver, Ports: []int{int(at.Port())}})
	c := g.Client("o")
	for _, url := range []string{
		fmt.Sprintf("http://stolen-data.evil.com:%d/", at.Port()),
		fmt.Sprintf("http://stolen-data.evil.com.good.com.evil.com:%d/", at.Port()),
		fmt.Sprintf("http://good.com:%d/", at.Port()), // redirects to it
		"http://good.com:1/",
		"ftp://good.com/",
	} {
		_, err := c.Fetch(t.Context(), Request{URL: url}, only("good.com"), Limits{})
		if err == nil {
			t.Errorf("%s: got no error", url)
		}
	}
	for _, req := range []Request{{Method: "TRACE"}, {Header: [][2]string{{"a b", ""}}}, {Redirect: "x"}} {
		req.URL = fmt.Sprintf("http://good.com:%d/", at.Port())
		if _, err := c.Fetch(t.Context(), req, only("good.com"), Limits{}); err == nil {
			t.Errorf("%+v: got no error", req)
		}
	}
	if got, want := resolver.questions(), []string{"good.com."}; !slices.Equal(got, want) {
		t.Errorf("looked up %q, want %q", got, want)
	}
}

// TestRebinding: a name that pointed to an open address points inside when it is
// looked up again. Whatever the second look-up says is what is checked.
func TestRebinding(t *testing.T) {
	var hits atomic.Int32
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		w.Header().Set("Connection", "close")
	})
	resolver := &names{table: map[string][]string{"good.com.": {"127.0.0.1"}}}
	g := newGateway(t, Policy{AllowCIDR: loopback, Resolver: resolver, Ports: []int{int(at.Port())}})
	url := fmt.Sprintf("http://good.com:%d/", at.Port())
	if _, err := get(t, g, url); err != nil {
		t.Fatal(err)
	}
	for _, inside := range [][]string{{"127.0.0.2"}, {"10.0.0.1"}, {"::ffff:169.254.169.254"}, {"::1"}, {"fd00::1", "192.168.0.1"}} {
		resolver.table["good.com."] = inside
		_, err := get(t, g, url)
		wantKind(t, err, Denied)
	}
	resolver.table["good.com."] = []string{"10.0.0.1", "127.0.0.1"}
	if _, err := get(t, g, url); err != nil {
		t.Errorf("one address of two is open: got %v, want no error", err)
	}
	if got, want := hits.Load(), int32(2); got != want {
		t.Errorf("requests: got %d, want %d", got, want)
	}
}

// TestControlIsTheLastWord: a dialer whose own check after the look-up finds
// nothing still does not connect.
func TestControlIsTheLastWord(t *testing.T) {
	var hits atomic.Int32
	at := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	g := newGateway(t, Policy{Resolve: map[string]netip.AddrPort{"good.com": at}})
	_, err := get(t, g, "http://good.com/")
	if wantKind(t, err, Denied); hits.Load() != 0 {
		t.Errorf("got %d requests, want none", hits.Load())
	}
	conn, err := g.dialer.race(t.Context(), []netip.AddrPort{at})
	var refused *addressError
	if !errors.As(err, &refused) {
		t.Errorf("got connection %v and error %v, want a refusal", conn, err)
	}
}

// TestInsideNamesAreNotTold: a name that exists inside gets the answer of one
// that does not exist.
func TestInsideNamesAreNotTold(t *testing.T) {
	g := newGateway(t, Policy{Resolver: &names{table: map[string][]string{
		"vault.internal.": {"10.1.2.3"}, "localhost.": {"127.0.0.1", "::1"}, "nothing.internal.": {},
	}}})
	for _, host := range []string{"vault.internal", "localhost", "nothing.internal", "absent.internal"} {
		_, err := get(t, g, "https://"+host+"/")
		e := wantKind(t, err, Denied)
		if want := "no address that extensions may reach was found for " + host; e.Message != want {
			t.Errorf("%s: got %q, want %q", host, e.Message, want)
		}
	}
}

type failingResolver struct{ err error }

func (r failingResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, r.err
}

func TestFailuresToConnectTellNoAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(l.Addr().String())
	l.Close()
	broken := failingResolver{&net.DNSError{Err: "server misbehaving", Name: "b.com.", Server: "10.0.0.53:53", IsTemporary: true}}
	g := newGateway(t, Policy{AllowCIDR: loopback, Resolve: map[string]netip.AddrPort{"a.com": closed}, Resolver: broken})
	for host, want := range map[string]string{
		"a.com": "could not connect to a.com",
		"b.com": "could not look up b.com",
	} {
		_, err := get(t, g, "http://"+host+"/")
		if e := wantKind(t, err, Unavailable); e.Message != want || e.detail == "" {
			t.Errorf("%s: got %q with detail %q, want %q with a detail", host, e.Message, e.detail, want)
		}
	}
}

func TestTheNextAddressIsTried(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") })
	nobody := "127.0.0.9" // the server listens on 127.0.0.1 alone
	release := make(chan struct{})
	defer close(release)
	for _, c := range []struct {
		rule  string
		addrs []string
		hangs string
	}{
		{"after one that refuses", []string{nobody, "127.0.0.1"}, ""},
		{"beside one that hangs", []string{nobody, "127.0.0.1"}, nobody},
		{"after more refused ones than are tried", append(slices.Repeat([]string{"10.0.0.1"}, 2*maxAddresses), "127.0.0.1"), ""},
		{"beside several", []string{nobody, "127.0.0.8", nobody, "127.0.0.1"}, nobody},
	} {
		g := newGateway(t, Policy{
			AllowCIDR: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			Ports:     []int{int(at.Port())},
			Resolver:  &names{table: map[string][]string{"a.com.": c.addrs}},
		})
		g.dialer.fence = func(a netip.AddrPort) error {
			if a.Addr().String() == c.hangs {
				<-release
			}
			return nil
		}
		resp, err := get(t, g, fmt.Sprintf("http://a.com:%d/", at.Port()))
		if err != nil || string(resp.Body) != "here" {
			t.Errorf("%s: got %v, want an answer", c.rule, err)
		}
	}
}

// TestADialEndsWithItsFetch: the transport would let it go on without a reader.
func TestADialEndsWithItsFetch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	g := newGateway(t, Policy{Resolver: resolverFunc(func(dial context.Context) error {
		cancel()
		<-dial.Done()
		close(ended)
		return dial.Err()
	})})
	_, err := g.Client("o").Fetch(ctx, Request{URL: "http://a.com/"}, all, Limits{})
	wantKind(t, err, Canceled)
	waitFor(t, ended, "the look-up to end with its fetch")
}

type resolverFunc func(context.Context) error

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return nil, f(ctx)
}

// TestAHandshakeEndsWithItsFetch: a server that accepts and says nothing holds
// no connection longer than the request for it.
func TestAHandshakeEndsWithItsFetch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var lasted time.Duration
	ended := make(chan struct{})
	at := serveRaw(t, func(c net.Conn) {
		c.Read(make([]byte, 1)) // the greeting of TLS
		start := time.Now()
		cancel()
		io.Copy(io.Discard, c)
		lasted = time.Since(start)
		close(ended)
	})
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	_, err := g.Client("o").Fetch(ctx, Request{URL: "https://a.com/"}, all, Limits{})
	wantKind(t, err, Canceled)
	waitFor(t, ended, "the connection to be closed")
	if lasted > handshakeTimeout*3/4 {
		t.Errorf("the connection was open for %s after its fetch had ended", lasted)
	}
}

func TestTheDefaultResolverIsGos(t *testing.T) {
	g, err := New(Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := g.dialer.resolver.(*net.Resolver); !ok || !r.PreferGo {
		t.Errorf("got %+v, want Go's resolver: libc takes 0x7f000001 for an address", g.dialer.resolver)
	}
}

// TestNoProxy: with a proxy, Control would see the proxy's address alone. The
// field is looked at because the environment is read once for a process.
func TestNoProxy(t *testing.T) {
	if l := newLane("o", &dialer{}); l.transport.Proxy != nil {
		t.Error("the transport has a proxy function")
	}
}
