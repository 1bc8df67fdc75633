package egress

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestEveryExchangeIsObserved(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/start":
			http.Redirect(w, r, "http://b.com/mid?token=2", http.StatusTemporaryRedirect)
		case "/mid":
			http.Redirect(w, r, "http://c.com/end?token=3", http.StatusTemporaryRedirect)
		case "/broken":
			w.Header().Set("Location", "http://b.com/%zz?token=4")
			w.WriteHeader(http.StatusFound)
		case "/zip":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(gzipped(make([]byte, 10000)))
		}
	})
	inside := netip.MustParseAddrPort("127.0.0.2:80")
	for _, c := range []struct {
		rule string
		req  Request
		want []Exchange
	}{
		{
			"hop by hop, the refused one too",
			Request{URL: "http://A.com/start?token=1#x", Method: "post", Body: []byte("body")},
			[]Exchange{
				{Hop: 0, Host: "a.com", Method: "POST", URL: "http://a.com/start", Status: 307, Sent: 4},
				{Hop: 1, Host: "b.com", Method: "POST", URL: "http://b.com/mid", Status: 307, Sent: 4},
				{Hop: 2, Host: "c.com", Method: "POST", URL: "http://c.com/end", Outcome: Denied, Detail: "not granted"},
			},
		},
		{
			"bytes as they came",
			Request{URL: "http://a.com/zip"},
			[]Exchange{{Host: "a.com", Method: "GET", URL: "http://a.com/zip", Status: 200, Received: int64(len(gzipped(make([]byte, 10000))))}},
		},
		{
			"a name that is not granted",
			Request{URL: "https://user.evil.com/x?token=1", Method: "get"},
			[]Exchange{{Host: "user.evil.com", Method: "get", URL: "https://user.evil.com/x", Outcome: Denied, Detail: "not granted"}},
		},
		{
			"an address inside: the operator sees which",
			Request{URL: "http://internal.com/"},
			[]Exchange{{Host: "internal.com", Method: "GET", URL: "http://internal.com/", Outcome: Denied, Detail: "address 127.0.0.2 is refused (loopback)"}},
		},
		{
			"a redirect to what is no URL",
			Request{URL: "http://a.com/broken"},
			[]Exchange{
				{Host: "a.com", Method: "GET", URL: "http://a.com/broken", Status: 302},
				{Hop: 1, Host: "a.com", Method: "GET", URL: "(not a URL)", Outcome: Unavailable, Detail: "a.com redirected to what is not a URL: invalid URL escape"},
			},
		},
		{
			"what is no URL",
			Request{URL: "http://a.com/%zz?token=1", Method: strings.Repeat("x", 1000)},
			[]Exchange{{Method: clip(strings.Repeat("x", 1000)), URL: "(not a URL)", Outcome: Invalid, Detail: "URL cannot be parsed: invalid URL escape"}},
		},
		{
			"user information",
			Request{URL: "http://u:p@a.com/x?token=1"},
			[]Exchange{{URL: "http://a.com/x", Outcome: Invalid, Detail: "URL holds a user name or a password: send them in an Authorization header"}},
		},
	} {
		seen := &records{}
		g := newGateway(t, Policy{
			AllowCIDR: loopback, Observer: seen,
			Resolve: map[string]netip.AddrPort{"a.com": at, "b.com": at, "internal.com": inside},
		})
		g.Client("org/ext").Fetch(t.Context(), c.req, only("a.com", "b.com", "internal.com"), Limits{})
		got := seen.all()
		if len(got) != len(c.want) {
			t.Errorf("%s: got %d exchanges %+v, want %d", c.rule, len(got), got, len(c.want))
			continue
		}
		for i, want := range c.want {
			if want.Status == 307 { // with a text that net/http makes
				want.Received = got[i].Received
			}
			if got[i].Duration < 0 || got[i].Owner != "org/ext" {
				t.Errorf("%s: got owner %q and duration %s", c.rule, got[i].Owner, got[i].Duration)
			}
			got[i].Duration, got[i].Owner = 0, ""
			if got[i] != want {
				t.Errorf("%s: exchange %d: got %+v, want %+v", c.rule, i, got[i], want)
			}
		}
	}
}
