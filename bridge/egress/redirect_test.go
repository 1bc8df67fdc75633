package egress

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// hops is a server that redirects from /start and keeps what it was asked.
type hops struct {
	at     netip.AddrPort
	status int
	to     []string // Location fields

	mu     sync.Mutex
	seen   []string // "METHOD host/path body"
	header http.Header
}

func newHops(t testing.TB, status int, to ...string) *hops {
	h := &hops{status: status, to: to}
	h.at = serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.seen = append(h.seen, strings.TrimSpace(r.Method+" "+r.Host+r.URL.Path+" "+string(body)))
		h.header = r.Header.Clone()
		h.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/start") {
			for _, to := range h.to {
				w.Header().Add("Location", to)
			}
			w.WriteHeader(h.status)
		}
		fmt.Fprint(w, "end")
	})
	return h
}

// requests returns what was asked so far, and the fields of the last.
func (h *hops) requests() ([]string, http.Header) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen), h.header.Clone()
}

// gateway leads a.com and b.com to the server, and internal.com to the same port
// of an address that is not allowed.
func (h *hops) gateway(t testing.TB) *Gateway {
	inside := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), h.at.Port())
	return newGateway(t, reach(map[string]netip.AddrPort{"a.com": h.at, "b.com": h.at, "internal.com": inside}))
}

func TestARedirectPassesEveryCheckAgain(t *testing.T) {
	for _, c := range []struct {
		to   string
		want string // the last request, or the kind of the error
		rule string
	}{
		{"/next", "GET a.com/next", "relative to the host"},
		{"../next", "GET a.com/next", "relative to the path"},
		{"http://b.com/next", "GET b.com/next", "another granted host"},
		{"//b.com/next", "GET b.com/next", "without a scheme"},
		{"http://B.com.:80/next", "GET b.com/next", "a name in another form"},
		{"http://c.com/", "denied", "a host that is not granted"},
		{"//c.com/", "denied", "the same without a scheme"},
		{"http://a.com.c.com/", "denied", "a granted name in front of another"},
		{"http://nota.com/", "denied", "a granted name at the end of another"},
		{"http://internal.com/", "denied", "a granted name with an address inside"},
		{"http://127.0.0.1/", "denied", "an address"},
		{"http://169.254.169.254/latest/meta-data/", "denied", "the metadata service"},
		{"http://[::1]/", "denied", "an address"},
		{"http://①②⑦.⓪.⓪.①/", "denied", "an address in disguise"},
		{"http://a.com:22/", "denied", "the port is checked again"},
		{"http://u:p@b.com/", "unavailable", "user information"},
		{"file:///etc/passwd", "unavailable", "another scheme"},
		{"gopher://b.com/", "unavailable", "another scheme"},
		{"data:text/plain,x", "unavailable", "another scheme"},
		{"http:b.com", "unavailable", "opaque"},
		{"http://b.com/%zz", "unavailable", "not a URL"},
		{"http://b_c.com/", "unavailable", "not a name"},
		{"http://b.com/" + strings.Repeat("x", maxURL), "unavailable", "too long"},
	} {
		h := newHops(t, 302, c.to)
		req := Request{URL: "http://a.com/start/here"}
		resp, err := h.gateway(t).Client("o").Fetch(t.Context(), req, only("a.com", "b.com", "internal.com"), Limits{})
		seen, _ := h.requests()
		if !strings.Contains(c.want, " ") {
			if e := wantKind(t, err, Kind(c.want)); len(seen) != 1 {
				t.Errorf("%s (%s): got requests %v, want the first alone (%s)", c.to, c.rule, seen, e.Message)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s (%s): got error %v, want none", c.to, c.rule, err)
			continue
		}
		if got := seen[len(seen)-1]; got != c.want || !resp.Redirected {
			t.Errorf("%s (%s): got %q, redirected %v; want %q", c.to, c.rule, got, resp.Redirected, c.want)
		}
	}
}

func TestRedirectMethodAndBody(t *testing.T) {
	for _, c := range []struct {
		status       int
		method, body string
		want         string
	}{
		{301, "GET", "", "GET b.com/next"},
		{302, "HEAD", "", "HEAD b.com/next"},
		{303, "HEAD", "", "HEAD b.com/next"},
		{301, "POST", "data", "GET b.com/next"},
		{302, "POST", "data", "GET b.com/next"},
		{303, "POST", "data", "GET b.com/next"},
		{301, "PUT", "data", "PUT b.com/next data"},
		{302, "DELETE", "", "DELETE b.com/next"},
		{303, "PUT", "data", "GET b.com/next"},
		{303, "DELETE", "", "GET b.com/next"},
		{307, "POST", "data", "POST b.com/next data"},
		{308, "PATCH", "data", "PATCH b.com/next data"},
		{300, "GET", "", "GET a.com/start"},
		{304, "GET", "", "GET a.com/start"},
		{305, "GET", "", "GET a.com/start"},
	} {
		h := newHops(t, c.status, "http://b.com/next")
		mustFetch(t, h.gateway(t), Request{
			URL: "http://a.com/start", Method: c.method, Body: []byte(c.body),
			Header: [][2]string{{"content-type", "text/plain"}},
		})
		seen, header := h.requests()
		if got := seen[len(seen)-1]; got != c.want {
			t.Errorf("%d %s: got %q, want %q", c.status, c.method, got, c.want)
		}
		got, want := header.Get("Content-Type") != "", strings.HasPrefix(c.want, c.method)
		if got != want {
			t.Errorf("%d %s: got a content-type %v, want one where the method stays: %v", c.status, c.method, got, want)
		}
	}
}

func TestFieldsDoNotFollowToAnotherOrigin(t *testing.T) {
	secret := [][2]string{
		{"Authorization", "s"}, {"Cookie", "s"}, {"X-Api-Key", "s"}, {"X-Auth-Token", "s"}, {"Private-Token", "s"},
		{"Referer", "s"}, {"Origin", "s"}, {"If-None-Match", "s"},
	}
	plain := [][2]string{{"Accept", "p"}, {"Accept-Language", "p"}, {"User-Agent", "p"}, {"Content-Type", "p"}}
	for _, c := range []struct {
		to   string
		keep bool
		rule string
	}{
		{"/next", true, "the same origin"},
		{"http://a.com:80/next", true, "the same origin with its port"},
		{"http://b.com/next", false, "another host"},
		{"http://a.com:443/next", false, "another port"},
	} {
		h := newHops(t, 307, c.to)
		mustFetch(t, h.gateway(t), Request{
			URL: "http://a.com/start", Method: "POST", Body: []byte("x"), Header: slices.Concat(secret, plain),
		})
		_, header := h.requests()
		for _, f := range secret {
			if got := header.Get(f[0]) != ""; got != c.keep {
				t.Errorf("%s (%s): field %s: got %v, want %v", c.to, c.rule, f[0], got, c.keep)
			}
		}
		for _, f := range plain {
			if got := header.Get(f[0]); got != "p" {
				t.Errorf("%s (%s): field %s: got %q, want it kept", c.to, c.rule, f[0], got)
			}
		}
	}
}

// TestFieldsDoNotComeBack: what was dropped stays dropped when a third party
// sends the request back to where it came from.
func TestFieldsDoNotComeBack(t *testing.T) {
	var last string
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Host + r.URL.Path {
		case "a.com/":
			http.Redirect(w, r, "http://b.com/", http.StatusFound)
		case "b.com/":
			http.Redirect(w, r, "http://a.com/back", http.StatusFound)
		default:
			last = r.Host + r.URL.Path + " " + r.Header.Get("X-Api-Key")
		}
	})
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at, "b.com": at}))
	mustFetch(t, g, Request{URL: "http://a.com/", Header: [][2]string{{"X-Api-Key", "s"}}})
	if want := "a.com/back "; last != want {
		t.Errorf("got %q, want %q", last, want)
	}
}

func TestRedirectModes(t *testing.T) {
	fetch := func(mode Redirect, to ...string) (*Response, []string, error) {
		h := newHops(t, 302, to...)
		req := Request{URL: "http://a.com/start", Redirect: mode}
		resp, err := h.gateway(t).Client("o").Fetch(t.Context(), req, only("a.com"), Limits{})
		seen, _ := h.requests()
		return resp, seen, err
	}
	resp, seen, err := fetch(RedirectManual, "http://evil.com/")
	if err != nil || resp.Status != 302 || field(resp, "location") != "http://evil.com/" || resp.Redirected || len(seen) != 1 {
		t.Errorf("manual: got %+v, %v, %v; want the answer as it is", resp, seen, err)
	}
	_, seen, err = fetch(RedirectError, "/next")
	if wantKind(t, err, Invalid); len(seen) != 1 {
		t.Errorf("error: got requests %v, want one", seen)
	}
	resp, _, err = fetch(RedirectError)
	if err != nil || resp.Status != 302 {
		t.Errorf("error without a location: got %+v, %v; want the answer", resp, err)
	}
	resp, _, err = fetch(RedirectFollow)
	if err != nil || resp.Status != 302 || string(resp.Body) != "end" {
		t.Errorf("follow without a location: got %+v, %v; want the answer", resp, err)
	}
	_, seen, err = fetch("sometimes", "/next")
	if wantKind(t, err, Invalid); len(seen) != 0 {
		t.Errorf("unknown mode: got requests %v, want none", seen)
	}
	_, seen, err = fetch(RedirectFollow, "/one", "/two")
	if wantKind(t, err, Unavailable); len(seen) != 1 {
		t.Errorf("two locations: got requests %v, want one", seen)
	}
}

func TestRedirectsEnd(t *testing.T) {
	for _, c := range []struct {
		limit, want int // requests that are sent to a server that redirects to itself
	}{
		{0, 11}, // the default of ten
		{3, 4},
		{-1, 1},
	} {
		h := newHops(t, 302, "/start")
		req := Request{URL: "http://a.com/start"}
		_, err := h.gateway(t).Client("o").Fetch(t.Context(), req, all, Limits{MaxRedirects: c.limit})
		wantKind(t, err, Exhausted)
		if seen, _ := h.requests(); len(seen) != c.want {
			t.Errorf("limit %d: got %d requests, want %d", c.limit, len(seen), c.want)
		}
	}
}

// TestOneDeadlineForAllHops: each hop is quick, all of them are not.
func TestOneDeadlineForAllHops(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond)
		http.Redirect(w, r, "/", http.StatusFound)
	})
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	limits := Limits{Timeout: 350 * time.Millisecond, MaxRedirects: 1000}
	_, err := g.Client("o").Fetch(t.Context(), Request{URL: "http://a.com/"}, all, limits)
	wantKind(t, err, Timeout)
}

func TestTheRefusalOfARedirectNamesTheHost(t *testing.T) {
	h := newHops(t, 302, "http://evil.com/x?token=1")
	_, err := h.gateway(t).Client("o").Fetch(t.Context(), Request{URL: "http://a.com/start"}, only("a.com"), Limits{})
	e := wantKind(t, err, Denied)
	if e.Host != "evil.com" || e.Unwrap() != errNotGranted {
		t.Errorf("got host %q and cause %v, want evil.com and that of allow", e.Host, e.Unwrap())
	}
}
