package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// says is a server that reads a request and sends these bytes.
func says(t testing.TB, answer string) netip.AddrPort {
	return serveRaw(t, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, answer)
		}
	})
}

func TestAnswersThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		rule   string
		answer string
		want   string
	}{
		{"101 gives the connection away", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw", "status 101"},
		{"101 without a header", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "status 101"},
		{"a status below 100", "HTTP/1.1 099 Odd\r\n\r\n", "status 99"},
		{"no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "not valid HTTP"},
		{"nothing", "", "not valid HTTP"},
		{"half a header", "HTTP/1.1 200 OK\r\nX: y", "not valid HTTP"},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not valid HTTP"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "not valid HTTP"},
		{"less than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "closed the connection"},
		{"chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed the connection"},
		{"a chunk that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "closed the connection"},
		{"a control character in a field", "HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n", ""},
		{"NUL in a field", "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n", ""},
		{"a space in a name", "HTTP/1.1 200 OK\r\nX y: a\r\nContent-Length: 0\r\n\r\n", ""},
	} {
		g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": says(t, c.answer)}))
		_, err := get(t, g, "http://a.com/")
		if e := wantKind(t, err, Unavailable); !strings.Contains(e.Message, c.want) {
			t.Errorf("%s: got %q, want it to hold %q", c.rule, e.Message, c.want)
		}
	}
}

func TestFloodsEnd(t *testing.T) {
	flood := func(first, piece string) netip.AddrPort {
		return serveRaw(t, func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
				return
			}
			io.WriteString(c, first)
			for range 1 << 16 { // at least 1 MiB: what is taken ends it long before
				if _, err := io.WriteString(c, piece); err != nil {
					return
				}
			}
			io.Copy(io.Discard, c)
		})
	}
	for _, c := range []struct{ rule, first, piece string }{
		{"early hints", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
		{"continue", "", "HTTP/1.1 100 Continue\r\n\r\n"},
		{"made-up interim answers", "", "HTTP/1.1 199 Odd\r\nX: y\r\n\r\n"},
		{"fields", "HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789\r\n"},
		{"one field", "HTTP/1.1 200 OK\r\nX-Flood: ", "0123456789abcdef"},
		{"a status line", "HTTP/1.1 200 ", "0123456789abcdef"},
		{"continued lines", "HTTP/1.1 200 OK\r\nX: y\r\n", "\tmore and more\r\n"},
	} {
		g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": flood(c.first, c.piece)}))
		_, err := get(t, g, "http://a.com/")
		if e := wantKind(t, err, Unavailable); e == nil {
			t.Errorf("%s: got no error", c.rule)
		}
	}
}

func TestAHeaderOverTheLimitInHTTP2(t *testing.T) {
	at, roots := serveTLS(t, true, func(w http.ResponseWriter, r *http.Request) {
		for i := range 100 {
			w.Header().Set(fmt.Sprintf("X-Flood-%d", i), strings.Repeat("x", 1024))
		}
	})
	g := newGateway(t, Policy{AllowCIDR: loopback, RootCAs: roots, Resolve: map[string]netip.AddrPort{"example.com": at}})
	_, err := get(t, g, "https://example.com/")
	wantKind(t, err, Unavailable)
}

func TestASilentServerEndsAtTheDeadline(t *testing.T) {
	for _, c := range []struct{ rule, answer string }{
		{"nothing", ""},
		{"half a status line", "HTTP/1.1 2"},
		{"half a header", "HTTP/1.1 200 OK\r\nX: y\r\n"},
		{"an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
		{"half a redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10\r\n\r\nhalf"},
	} {
		at := serveRaw(t, func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				io.WriteString(conn, c.answer)
				io.Copy(io.Discard, conn)
			}
		})
		g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
		start := time.Now()
		_, err := g.Client("o").Fetch(t.Context(), Request{URL: "http://a.com/"}, all, Limits{Timeout: 200 * time.Millisecond})
		if wantKind(t, err, Timeout); time.Since(start) > 10*time.Second {
			t.Errorf("%s: ended after %s, want about 200 ms", c.rule, time.Since(start))
		}
	}
}

func TestHeaderOfAnAnswer(t *testing.T) {
	at := says(t, "HTTP/1.1 203 Na\xefve\r\n"+
		"X-Two: a\r\nSet-Cookie: a=1; Path=/\r\nX-ONE: caf\xe9\r\nx-two: b\r\nSet-Cookie: b=2\r\n"+
		"Connection: close, X-Hop\r\nKeep-Alive: 5\r\nProxy-Authenticate: Basic\r\nTE: x\r\nUpgrade: h2c\r\n"+
		"Content-Length: 2\r\n\r\nok")
	resp, err := get(t, newGateway(t, reach(map[string]netip.AddrPort{"a.com": at})), "http://a.com/")
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]string{
		{"content-length", "2"},
		{"set-cookie", "a=1; Path=/"},
		{"set-cookie", "b=2"},
		{"x-one", "café"},
		{"x-two", "a, b"},
	}
	if !slices.Equal(resp.Header, want) {
		t.Errorf("got %q, want %q", resp.Header, want)
	}
	if resp.Status != 203 || resp.StatusText != "Naïve" {
		t.Errorf("got %d %q, want 203 Naïve", resp.Status, resp.StatusText)
	}
}

// TestFieldsThatCannotBeHandedOver does not go through net/http, which refuses
// most of them itself.
func TestFieldsThatCannotBeHandedOver(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"X", "a\x00b"}, {"X", "a\r\nb"}, {"X", "a\x7fb"}, {"X Y", "a"}, {"", "a"}, {"X:", "a"},
	} {
		if fields, bad := answerHeader(http.Header{c.name: {c.value}}, false); bad != c.name || fields != nil {
			t.Errorf("%q: %q: got fields %q and %q, want the name alone", c.name, c.value, fields, bad)
		}
	}
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": says(t, "HTTP/1.1 200 a\x01b\r\nContent-Length: 0\r\n\r\n")}))
	if resp := mustFetch(t, g, Request{URL: "http://a.com/"}); resp.StatusText != "" {
		t.Errorf("a control character in a status text: got %q, want none", resp.StatusText)
	}
}

// TestCookiesAreNotKept: nothing of an answer is sent with the next request.
func TestCookiesAreNotKept(t *testing.T) {
	var got []string
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie")+r.Header.Get("Referer")+r.Header.Get("Authorization"))
		http.SetCookie(w, &http.Cookie{Name: "id", Value: "1"})
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	mustFetch(t, g, Request{URL: "http://a.com/"})
	mustFetch(t, g, Request{URL: "http://a.com/"})
	if want := []string{"", "", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
