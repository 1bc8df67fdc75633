package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
)

// converse sends raw and returns the status of every answer until the server
// closes the connection.
func converse(t *testing.T, address, raw string) []int {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	go func() {
		io.WriteString(conn, raw) // the server may hang up before the end
		conn.(*net.TCPConn).CloseWrite()
	}()
	statuses := []int{}
	for r := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Errorf("answer %d was cut off: %v", len(statuses), err)
		}
		statuses = append(statuses, resp.StatusCode)
	}
}

func TestHostileRequests(t *testing.T) {
	const (
		auth     = "Host: x\r\nAuthorization: Bearer " + testToken + "\r\n"
		get      = "GET /extensions/acme.demo/hello HTTP/1.1\r\n" + auth
		post     = "POST /extensions/acme.demo/echo HTTP/1.1\r\n" + auth
		smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
		chunked  = post + "Transfer-Encoding: chunked\r\n\r\n"
	)
	tests := []struct {
		rule string
		raw  string
		want []int
	}{
		{"two requests on one connection", get + "\r\n" + get + "\r\n", []int{200, 200}},
		{"a body in chunks; the connection ends with it", chunked + "5\r\nhello\r\n0\r\n\r\n" + smuggled, []int{200}},
		{"a length and chunks: what follows the chunks is no request", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, []int{200}},
		{"chunks and a length: nor in this order", post + "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n" + smuggled, []int{200}},
		{"chunks before there were chunks", "POST /extensions/acme.demo/echo HTTP/1.0\r\n" + auth + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + smuggled, []int{200}},
		{"two transfer codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled, []int{501}},
		{"a list of them", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled, []int{501}},
		{"a coding that is none", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, []int{501}},
		{"a space before the colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled, []int{400}},
		{"a folded field", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled, []int{200}},
		{"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" + smuggled, []int{400}},
		{"a list of lengths", post + "Content-Length: 5, 5\r\n\r\nhello" + smuggled, []int{400}},
		{"a length with a sign", post + "Content-Length: +5\r\n\r\nhello" + smuggled, []int{400}},
		{"a negative length", post + "Content-Length: -5\r\n\r\nhello" + smuggled, []int{400}},
		{"a hexadecimal length", post + "Content-Length: 0x5\r\n\r\nhello" + smuggled, []int{400}},
		{"a length past all numbers", post + "Content-Length: 99999999999999999999\r\n\r\nhello" + smuggled, []int{400}},

		{"a chunk size past all numbers", chunked + "FFFFFFFFFFFFFFFFF\r\nhello" + smuggled, []int{400}},
		{"a negative chunk size", chunked + "-1\r\nhello\r\n0\r\n\r\n" + smuggled, []int{400}},
		{"a chunk size that is none", chunked + "zz\r\nhello\r\n0\r\n\r\n" + smuggled, []int{400}},
		{"a chunk that is longer than it says", chunked + "3\r\nhello\r\n0\r\n\r\n" + smuggled, []int{400}},
		{"chunks that do not end", chunked + "5\r\nhello\r\n", []int{400}},
		{"a body that is shorter than it says", post + "Content-Length: 50\r\n\r\nhello", []int{400}},
		{"lines of chunks that end in other ways", chunked + "5;x\nhello\r\n0\r\n\r\n" + smuggled, []int{400}},

		{"no host", "GET /healthz HTTP/1.1\r\n\r\n" + smuggled, []int{400}},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, []int{400}},
		{"a NUL in a field", get + "X-A: a\x00b\r\n\r\n" + smuggled, []int{400}},
		{"a bare carriage return in a field", get + "X-A: a\rX-B: b\r\n\r\n" + smuggled, []int{400}},
		{"a field without a name", get + ": a\r\n\r\n" + smuggled, []int{400}},
		{"a field name with a space", get + "X A: a\r\n\r\n" + smuggled, []int{400}},
		{"one huge field", get + "X-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", []int{431}},
		{"very many fields", get + strings.Repeat("X-A: a\r\n", 10_000) + "\r\n", []int{431}},
		{"a huge path", "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431}},
		{"a long path", "GET /" + strings.Repeat("a", 3000) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},

		{"another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
		{"another version", "GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n", []int{505}},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled, []int{400}},
		{"a request for a proxy", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", []int{400}},
		{"an upgrade is not one", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", []int{200}},
		{"an expectation that is unknown", get + "Expect: magic\r\n\r\n", []int{417}},
		{"a method in lower case is another method", strings.Replace(get, "GET", "get", 1) + "\r\n", []int{405}},

		{"a body that nobody asked for ends the connection", "POST /extensions/acme.demo/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\n" + smuggled + smuggled, []int{401}},
		{"so does one for /healthz", "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + smuggled, []int{200}},
		{"a content coding", post + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello" + smuggled, []int{415}},
		{"the content coding that is none", post + "Content-Encoding: Identity\r\nContent-Length: 5\r\n\r\nhello" + get + "\r\n", []int{200, 200}},
	}
	address := serve(t, newTestHandler(t, demoHost, nil), nil)
	for _, tt := range tests {
		if got := converse(t, address, tt.raw); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got answers %v, want %v", tt.rule, got, tt.want)
		}
	}
}

// The server ends the connection whoever answers, as those beside a Handler do.
func TestNoHandlerOfAServerIsSmuggledThrough(t *testing.T) {
	const smuggled = "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
	address := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), nil)
	for raw, want := range map[string][]int{
		"GET /a HTTP/1.1\r\nHost: x\r\n\r\n": {200, 200},
		"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": {200},
		"GET /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n":                {200},
	} {
		if got := converse(t, address, raw+smuggled); !slices.Equal(got, want) {
			t.Errorf("%q: got answers %v, want %v", raw, got, want)
		}
	}
}

// endless is a body that counts what was taken of it.
type endless struct {
	size  int64
	taken atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	left := e.size - e.taken.Load()
	if left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), left)
	e.taken.Add(n)
	return int(n), nil
}

// A body of 100 MB is refused with an answer that its sender gets to see, and
// is not read to its end.
func TestHugeBodies(t *testing.T) {
	const size = 100_000_000
	for _, chunked := range []bool{false, true} {
		t.Run(fmt.Sprint("chunked=", chunked), func(t *testing.T) {
			called := false
			h := newTestHandler(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
				called = true
				return text(200, "ok"), nil
			}, nil)
			address := serve(t, h, nil)
			body := &endless{size: size}
			r, err := http.NewRequest("POST", "http://"+address+"/extensions/acme.demo/echo", body)
			if err != nil {
				t.Fatal(err)
			}
			if !chunked {
				r.ContentLength = size
			}
			r.Header.Set("Authorization", "Bearer "+testToken)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			resp, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			answer, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 413 || !strings.Contains(string(answer), `"BODY_TOO_LARGE"`) {
				t.Errorf("got %d %s, %v; want 413 BODY_TOO_LARGE", resp.StatusCode, answer, err)
			}
			if called {
				t.Error("the host was called")
			}
			if got := body.taken.Load(); got > size/2 {
				t.Errorf("%d bytes were taken, want far fewer than all", got)
			}
		})
	}
}

// Who asks before sending is told without having sent.
func TestHugeBodyIsRefusedBeforeItIsSent(t *testing.T) {
	address := serve(t, newTestHandler(t, demoHost, nil), nil)
	head := "POST /extensions/acme.demo/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + testToken +
		"\r\nExpect: 100-continue\r\nContent-Length: "
	if got, want := converse(t, address, head+"100000000\r\n\r\n"), []int{413}; !slices.Equal(got, want) {
		t.Errorf("too large: got answers %v, want %v", got, want)
	}
	if got, want := converse(t, address, head+"5\r\n\r\nhello"), []int{100, 200}; !slices.Equal(got, want) {
		t.Errorf("small: got answers %v, want %v", got, want)
	}
}

func TestBodySizes(t *testing.T) {
	const limit = 100_000
	var got string
	h := newTestHandler(t, func(_ context.Context, call runtime.Call) (runtime.Reply, error) {
		got = string(call.Body)
		return text(200, "ok"), nil
	}, func(c *Config) { c.MaxBody = limit })
	address := serve(t, h, nil)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, size := range []int{0, 1, 511, firstRead - 1, firstRead, firstRead + 1, 3*firstRead + 7, limit - 1, limit, limit + 1} {
		for _, chunked := range []bool{false, true} {
			var b strings.Builder
			for b.Len() < size {
				fmt.Fprintf(&b, "%d ", b.Len())
			}
			sent := b.String()[:size]
			var body io.Reader = strings.NewReader(sent)
			if chunked {
				body = io.MultiReader(body)
			}
			r, err := http.NewRequest("POST", "http://"+address+"/extensions/acme.demo/echo", body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+testToken)
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			switch {
			case size > limit && resp.StatusCode != 413:
				t.Errorf("size %d, chunked %t: got %d, want 413", size, chunked, resp.StatusCode)
			case size <= limit && (resp.StatusCode != 200 || got != sent):
				t.Errorf("size %d, chunked %t: got %d and a body of %d bytes, want 200 and what was sent", size, chunked, resp.StatusCode, len(got))
			}
		}
	}
	// The last answer went out before its request was over.
	for deadline := time.Now().Add(time.Minute); h.held.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are still counted as held, want 0", h.held.Load())
		}
	}
}
