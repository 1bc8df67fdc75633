package standard_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/standard"
)

// network is the world that the attacks see: names of its own, a server outside,
// and one inside that nothing may ever reach.
type network struct {
	outside, inside *httptest.Server
	hits            atomic.Int64 // on the one inside
	mu              sync.Mutex
	rebinding       int // how often that name was looked up
	connections     map[string]bool
}

// LookupNetIP implements egress.Resolver. No query leaves the machine.
func (n *network) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	inside, outside := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")
	n.mu.Lock()
	defer n.mu.Unlock()
	switch strings.TrimSuffix(host, ".") {
	case "inside.test":
		return []netip.Addr{inside}, nil
	case "rebinding.test": // outside to who checks, inside to who connects
		n.rebinding++
		if n.rebinding > 1 {
			return []netip.Addr{inside}, nil
		}
		return []netip.Addr{outside}, nil
	case "metadata.test":
		return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
	case "mapped.test":
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.2")}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// answer is the server outside: each path is a way to be hostile.
func (n *network) answer(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.connections[r.RemoteAddr] = true
	n.mu.Unlock()
	to := r.URL.Query().Get("to")
	status := http.StatusFound
	_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
	zeros := make([]byte, 2<<20)
	switch r.URL.Path {
	case "/redirect":
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	case "/loop":
		http.Redirect(w, r, "/loop", status)
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(zeros)
		_ = z.Close()
	case "/deflate":
		w.Header().Set("Content-Encoding", "deflate")
		z, _ := flate.NewWriter(w, 9)
		_, _ = z.Write(zeros)
		_ = z.Close()
	case "/br", "/zstd": // nobody asked for it: it is not decoded
		w.Header().Set("Content-Encoding", r.URL.Path[1:])
		_, _ = w.Write(bytes.Repeat([]byte("\x28\xb5\x2f\xfd"), 1<<20))
	case "/drip":
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	case "/headers":
		for i := range 20_000 {
			w.Header().Set(fmt.Sprint("X-", i), "y")
		}
	case "/hints":
		for range 200_000 {
			w.WriteHeader(http.StatusEarlyHints)
			if r.Context().Err() != nil {
				return
			}
		}
	case "/early":
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	case "/cookie":
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
		_, _ = io.WriteString(w, r.Header.Get("Cookie"))
	default:
		seen, _ := json.Marshal(map[string]any{"host": r.Host, "header": r.Header, "method": r.Method, "uri": r.RequestURI})
		_, _ = w.Write(seen)
	}
}

func newNetwork(t *testing.T) *network {
	n := &network{connections: map[string]bool{}}
	start := func(addr string, h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		if addr != "" {
			l, err := net.Listen("tcp", addr)
			if err != nil {
				t.Skipf("this system has no second loopback address: %v", err)
			}
			s.Listener.Close()
			s.Listener = l
		}
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	n.outside = start("", n.answer)
	n.inside = start("127.0.0.2:0", func(w http.ResponseWriter, _ *http.Request) {
		n.hits.Add(1)
		_, _ = io.WriteString(w, "INTERNAL")
	})
	return n
}

// open opens a host on the network: names below are led to the servers, as an
// operator's --resolve does, and the one inside is not allowed.
func (n *network) open(t *testing.T) *standard.Host {
	outside := netip.MustParseAddrPort(n.outside.Listener.Addr().String())
	h, err := standard.OpenMemory(t.Context(), standard.Options{
		Limits: runtime.Limits{Rate: runtime.Unlimited, FetchTime: 3 * time.Second, FetchBody: 1 << 20},
		Egress: egress.Policy{
			Resolver:  n,
			AllowCIDR: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
			DenyHosts: []string{"closed.test"},
			Ports:     []int{80, 443, int(outside.Port())},
			Resolve: map[string]netip.AddrPort{
				"good.test": outside, "other.test": outside, "ungranted.test": outside, "closed.test": outside,
				"resolved-inside.test": netip.MustParseAddrPort(n.inside.Listener.Addr().String()),
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close(context.WithoutCancel(t.Context())) })
	return h
}

// fetching is an extension that is sent JavaScript: what it shall do with fetch.
func fetching(t *testing.T, h *standard.Host, org string, granted ...string) {
	t.Helper()
	quoted, err := json.Marshal(granted)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": fmt.Appendf(nil, `{
			"id": "annex.fetching", "name": "F", "version": "1.0.0", "publisher": "annex", "license": "MIT", "engines": {"blueplm": "^3.0.0"},
			"serverMain": "h.js", "activationEvents": ["onStartup"], "permissions": {"server": %s},
			"contributes": {"apiRoutes": [{"method": "POST", "path": "a", "handler": "h.js"}]}}`, quoted),
		"h.js": []byte(`export default async ({http, request}) => {
			const [url, options] = request.body
			try { const r = await http.fetch(url, options); return {status: r.status, url: r.url, body: r.body.slice(0, 4000), length: r.body.length} }
			catch (e) { return {code: e.code, message: e.message} }
		}`), "LICENSE": []byte("MIT"),
	}, pack.Options{Manifest: h.ManifestOptions()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Install(t.Context(), org, p, runtime.Consent{Granted: permissions.Set{Server: p.Manifest.Permissions.Server}, By: "test"}); err != nil {
		t.Fatal(err)
	}
}

// fetch has the extension of an organization call http.fetch.
func fetch(t *testing.T, h *standard.Host, org string, args ...any) string {
	t.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := h.Invoke(t.Context(), runtime.Call{
		ID: "1", Org: org, Extension: "annex.fetching", Method: "POST", Path: "a", Header: [][2]string{{"content-type", "application/json"}}, Body: body,
	})
	if err != nil {
		return err.Error()
	}
	return string(reply.Body)
}

// TestAttacksOnTheNetwork is http.fetch as a hostile handler, or a hostile
// server, uses it. Whatever happens, the server inside is never reached.
func TestAttacksOnTheNetwork(t *testing.T) {
	n := newNetwork(t)
	h := n.open(t)
	fetching(t, h, "acme", "http:domain:good.test", "http:domain:other.test", "http:domain:inside.test", "http:domain:rebinding.test",
		"http:domain:metadata.test", "http:domain:mapped.test", "http:domain:resolved-inside.test", "http:domain:closed.test")
	port := n.outside.Listener.Addr().(*net.TCPAddr).Port
	insidePort := n.inside.Listener.Addr().(*net.TCPAddr).Port
	type options = map[string]any
	header := func(fields ...string) options { return options{"headers": [][]string{fields}} }
	redirect := func(to string) string {
		return "http://good.test/redirect?to=" + strings.NewReplacer("&", "%26", "#", "%23", " ", "%20").Replace(to)
	}
	tests := []struct {
		rule string
		url  string
		with options
		want string // a pattern of what the handler sees
	}{
		{"the way that is open", "http://good.test/", nil, `"status":200`},

		{"a name that leads inside", "http://inside.test/", nil, `"code":"denied"`},
		{"a name that leads inside, by the operator's table", "http://resolved-inside.test/", nil, `"code":"denied"`},
		{"a name that leads to the metadata service", "http://metadata.test/latest/meta-data/", nil, `"code":"denied"`},
		{"a name that leads inside as IPv6", "http://mapped.test/", nil, `"code":"denied"`},
		{"a name that is denied although it is granted", "http://closed.test/", nil, `"code":"denied".*closed to all extensions`},
		{"a name under it", "http://a.closed.test/", nil, `"code":"denied"`},

		{"an address", fmt.Sprintf("http://127.0.0.2:%d/", insidePort), nil, `"code":"denied"`},
		{"a short one", "http://127.2/", nil, `"code":"denied"`},
		{"a decimal one", "http://2130706434/", nil, `"code":"denied"`},
		{"a hexadecimal one", "http://0x7f000002/", nil, `"code":"denied"`},
		{"an octal one", "http://0177.0.0.2/", nil, `"code":"denied"`},
		{"in circled digits", "http://①②⑦.⓪.⓪.②/", nil, `"code":"denied"`},
		{"with ideographic dots", "http://127。0。0。2/", nil, `"code":"denied"`},
		{"IPv6", "http://[::ffff:127.0.0.2]/", nil, `"code":"denied"`},
		{"IPv6 with a zone", "http://[fe80::1%25lo]/", nil, `"code":"(denied|invalid)"`},
		{"no address", "http://0.0.0.0/", nil, `"code":"denied"`},

		{"a name that is not granted", "http://ungranted.test/", nil, `"code":"denied".*ungranted.test not in`},
		{"Cyrillic letters", "http://gооd.test/", nil, `"code":"denied".*xn--`},
		{"a granted name before another", "http://good.test.ungranted.test/", nil, `"code":"denied"`},
		{"a granted name behind another", "http://notgood.test/", nil, `"code":"denied"`},
		{"a granted name as a user", "http://good.test@ungranted.test/", nil, `"code":"(denied|invalid)"`},
		{"a backslash", `http://ungranted.test\@good.test/`, nil, `"code":"invalid"`},
		{"a full-width name is the granted one", "http://ｇｏｏｄ.test/", nil, `"host\\":\\"good.test\\"`},
		{"a soft hyphen in a granted name", "http://go\u00adod.test/", nil, `("host\\":\\"good.test\\"|"code":"(denied|invalid)")`},

		{"another scheme", "file:///etc/passwd", nil, `"code":"invalid"`},
		{"another scheme", "gopher://good.test/", nil, `"code":"invalid"`},
		{"another port", "http://good.test:22/", nil, `"code":"denied".*port 22`},
		{"another port of the operator's", fmt.Sprintf("http://good.test:%d/", port), nil, `"status":200`},

		{"a redirect inside", redirect("http://inside.test/"), nil, `"code":"denied"`},
		{"a redirect to an address", redirect(fmt.Sprintf("http://127.0.0.2:%d/", insidePort)), nil, `"code":"denied"`},
		{"a redirect to a name that is not granted", redirect("http://ungranted.test/"), nil, `"code":"denied"`},
		{"a redirect to another port", redirect("http://good.test:22/"), nil, `"code":"denied"`},
		{"a redirect to another scheme", redirect("file:///etc/passwd"), nil, `"code":"unavailable"`},
		{"a chain that ends inside", redirect("http://other.test/redirect?to=http://inside.test/"), nil, `"code":"denied"`},
		{"a chain without end", "http://good.test/loop", nil, `"code":"exhausted"`},
		{"a chain to a denied name", redirect("http://other.test/redirect?to=http://closed.test/"), nil, `"code":"denied"`},
		{"a body that would follow to a stranger", "http://good.test/redirect?status=307&to=http://ungranted.test/", options{"method": "POST", "body": "secret"}, `"code":"denied"`},
		{"a token that would follow to another host", redirect("http://other.test/"), header("x-api-key", "s3cret"), `"status":200`},
		{"a redirect as an answer", redirect("http://inside.test/"), options{"redirect": "manual"}, `"status":302`},

		{"a line break in a field", "http://good.test/", header("x-a", "b\r\nhost: inside.test"), `"code":"invalid"`},
		{"a line break in a name", "http://good.test/", header("x-a\r\nhost", "b"), `"code":"invalid"`},
		{"NUL in a field", "http://good.test/", header("x-a", "b\x00c"), `"code":"invalid"`},
		{"another Host", "http://good.test/", header("Host", "inside.test"), `"host\\":\\"good.test\\"`},
		{"another length", "http://good.test/", header("Content-Length", "100"), `"status":200`},
		{"an upgrade", "http://good.test/", header("Upgrade", "h2c"), `"status":200`},
		{"a method with a line break", "http://good.test/", options{"method": "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"}, `"code":"invalid"`},
		{"CONNECT", "http://good.test/", options{"method": "CONNECT"}, `"code":"invalid"`},
		{"a line break in a URL", "http://good.test/ HTTP/1.1\r\nX: y", nil, `"code":"invalid"`},

		{"a bomb of gzip", "http://good.test/gzip", nil, `"code":"exhausted".*larger than 1048576`},
		{"a bomb of deflate", "http://good.test/deflate", nil, `"code":"exhausted".*larger than 1048576`},
		{"a bomb of br", "http://good.test/br", nil, `"code":"exhausted".*larger than 1048576`},
		{"a bomb of zstd", "http://good.test/zstd", nil, `"code":"exhausted".*larger than 1048576`},
		{"a body that trickles", "http://good.test/drip", nil, `"code":"timeout"`},
		{"a header without end", "http://good.test/headers", nil, `"code":"unavailable"`},
		{"interim answers without end", "http://good.test/hints", nil, `"code":"(unavailable|timeout)"`},
		{"a body that ends early", "http://good.test/early", nil, `"code":"unavailable"`},
		{"a cookie is set", "http://good.test/cookie", nil, `"length":0`},
		{"and not sent", "http://good.test/cookie", nil, `"length":0`},
	}
	for _, tt := range tests {
		began := time.Now()
		got := fetch(t, h, "acme", tt.url, tt.with)
		if !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%s: %s\n got %.600s\nwant %s", tt.rule, tt.url, got, tt.want)
		}
		if strings.Contains(got, "s3cret") || strings.Contains(got, "INTERNAL") {
			t.Errorf("%s: %.600s", tt.rule, got)
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("%s: took %v", tt.rule, took)
		}
	}
	// The first look-up of this name gives an address that may be reached, and
	// every later one the address inside: what is dialled is what was checked.
	for range 5 {
		fetch(t, h, "acme", fmt.Sprintf("http://rebinding.test:%d/", port), nil)
	}
	if hits := n.hits.Load(); hits != 0 {
		t.Errorf("the server inside was reached %d times", hits)
	}
}

// TestConnectionsBelongToOneTenant is that a connection which one organization's
// extension has opened is never used for another's, though both are idle and
// lead to the same place.
func TestConnectionsBelongToOneTenant(t *testing.T) {
	n := newNetwork(t)
	h := n.open(t)
	seen := map[string]string{} // connection to organization
	for _, org := range []string{"acme", "globex", "initech"} {
		fetching(t, h, org, "http:domain:good.test")
	}
	for range 3 {
		for _, org := range []string{"acme", "globex", "initech"} {
			n.mu.Lock()
			clear(n.connections)
			n.mu.Unlock()
			if got := fetch(t, h, org, "http://good.test/", nil); !strings.Contains(got, `"status":200`) {
				t.Fatal(got)
			}
			n.mu.Lock()
			for from := range n.connections {
				if other := seen[from]; other != "" && other != org {
					t.Errorf("the connection of %s was used for %s", other, org)
				}
				seen[from] = org
			}
			n.mu.Unlock()
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d connections for 3 tenants with 3 requests each, want one of each that is kept", len(seen))
	}
}
