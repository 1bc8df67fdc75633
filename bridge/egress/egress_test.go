package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// quiet is where servers of tests log what hostile clients do to them.
var quiet = log.New(io.Discard, "", 0)

// loopback is the exception under which tests reach their own servers.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// errFenced is what a dial ends in that would have left the machine.
var errFenced = errors.New("fence: the guard let this address pass")

// names is a resolver of its own: no query of a test reaches a DNS server.
type names struct {
	table map[string][]string

	mu    sync.Mutex
	asked []string
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, host)
	texts, ok := n.table[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var addrs []netip.Addr
	for _, t := range texts {
		addrs = append(addrs, netip.MustParseAddr(t))
	}
	return addrs, nil
}

func (n *names) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked)
}

// records is an observer that keeps what it is told.
type records struct {
	mu   sync.Mutex
	kept []Exchange
}

func (r *records) Observe(_ context.Context, e Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, e)
}

func (r *records) all() []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kept)
}

// newGateway makes a gateway behind a fence: what the guard lets pass and is not
// on this machine's loopback is not dialled, so no packet leaves if it is broken.
func newGateway(t testing.TB, p Policy) *Gateway {
	t.Helper()
	if p.Resolver == nil {
		p.Resolver = &names{}
	}
	g, err := New(p)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	g.dialer.fence = func(at netip.AddrPort) error {
		if !at.Addr().IsLoopback() {
			return fmt.Errorf("%w: %s", errFenced, at)
		}
		return nil
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// serve starts a plain HTTP server and returns its address.
func serve(t testing.TB, h http.HandlerFunc) netip.AddrPort {
	t.Helper()
	return serveConfig(t, func(s *http.Server) { s.Handler = h })
}

// serveConfig starts a plain HTTP server that f sets up.
func serveConfig(t testing.TB, f func(*http.Server)) netip.AddrPort {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = quiet
	f(s.Config)
	s.Start()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// reach is a policy that leads the given names to the given servers.
func reach(at map[string]netip.AddrPort) Policy {
	return Policy{AllowCIDR: loopback, Resolve: at}
}

func all(string) error { return nil }

// only is an allow function that grants the given hosts.
func only(hosts ...string) func(string) error {
	return func(host string) error {
		if slices.Contains(hosts, host) {
			return nil
		}
		return errNotGranted
	}
}

var errNotGranted = errors.New("not granted")

// get fetches a URL with a generous deadline.
func get(t testing.TB, g *Gateway, url string) (*Response, error) {
	t.Helper()
	return g.Client("org/ext").Fetch(t.Context(), Request{URL: url}, all, Limits{Timeout: 20 * time.Second})
}

// wantKind fails the test unless err is an *Error of the kind.
func wantKind(t testing.TB, err error, kind Kind) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want an *Error of kind %s", err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("got kind %s (%s; %s), want %s", e.Kind, e.Message, e.detail, kind)
	}
	return e
}

func TestFetchReturnsTheAnswer(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Method+" "+r.Host+" "+r.URL.RequestURI())
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("short and stout"))
	})
	g := newGateway(t, reach(map[string]netip.AddrPort{"api.example.com": at}))
	resp, err := get(t, g, "http://API.example.com./a%2Fb?q=1 2#part")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := resp.Status, 418; got != want {
		t.Errorf("status: got %d, want %d", got, want)
	}
	if got, want := resp.StatusText, "I'm a teapot"; got != want {
		t.Errorf("status text: got %q, want %q", got, want)
	}
	if got, want := string(resp.Body), "short and stout"; got != want {
		t.Errorf("body: got %q, want %q", got, want)
	}
	if got, want := resp.URL, "http://api.example.com/a%2Fb?q=1%202"; got != want {
		t.Errorf("url: got %q, want %q", got, want)
	}
	if got, want := field(resp, "x-seen"), "GET api.example.com /a%2Fb?q=1%202"; got != want {
		t.Errorf("request: got %q, want %q", got, want)
	}
	if resp.Redirected {
		t.Error("redirected: got true, want false")
	}
}

// field returns the values of a response field, joined.
func field(resp *Response, name string) string {
	for _, f := range resp.Header {
		if f[0] == name {
			return f[1]
		}
	}
	return ""
}
