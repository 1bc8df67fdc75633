package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
)

// send writes raw to a new connection and returns all that comes back until the
// server ends it.
func send(t *testing.T, address, raw string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(conn, raw) // the server may stop reading
	got, err := io.ReadAll(conn) // it may be reset after the answer
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%.40q: the connection is held", raw)
	}
	return string(got)
}

// patient lets no time of a server's own end a connection.
func patient(c *ServerConfig) {
	c.HeaderTimeout, c.IdleTimeout, c.WriteTimeout = time.Hour, time.Hour, time.Hour
}

// What net/http answers itself has the form of all other answers.
func TestUnreadableRequests(t *testing.T) {
	address := serve(t, newTestHandler(t, demoHost, nil), patient)
	tests := []struct {
		rule, raw string
		status    int
	}{
		{"no HTTP", "hello\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a broken field", "GET / HTTP/1.1\r\nHost: a\r\nbroken field: 1\r\n\r\n", 400},
		{"too much header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
		{"a transfer coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"another version", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505},
		{"an expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n", 417},
	}
	for _, tt := range tests {
		raw := send(t, address, tt.raw)
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
		if err != nil {
			t.Errorf("%s: %v in %q", tt.rule, err, raw)
			continue
		}
		var body struct{ Error, RequestID string }
		text, _ := io.ReadAll(resp.Body)
		if err := json.Unmarshal(text, &body); err != nil || resp.StatusCode != tt.status || body.Error == "" {
			t.Errorf("%s: %d %s; want %d and an error in JSON", tt.rule, resp.StatusCode, text, tt.status)
		}
		id := resp.Header.Get("X-Request-Id")
		if !isRequestID(id) || body.RequestID != id || resp.Header.Get("X-Content-Type-Options") != "nosniff" || !resp.Close {
			t.Errorf("%s: header %v, body %s; want a request id, the same in both", tt.rule, resp.Header, text)
		}
	}
}

// Under TLS they have it too; and who speaks in the clear there is told so.
func TestUnreadableRequestsUnderTLS(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	c, err := LoadCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, newTestHandler(t, demoHost, nil), func(s *ServerConfig) { s.Certificate = c })
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nbroken field: 1\r\n\r\n")
	for rule, from := range map[string]io.Reader{
		"under TLS":    conn,
		"in the clear": strings.NewReader(send(t, address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
	} {
		resp, err := http.ReadResponse(bufio.NewReader(from), nil)
		if err != nil || resp.StatusCode != 400 || !isRequestID(resp.Header.Get("X-Request-Id")) {
			t.Errorf("%s: %+v, %v; want 400 and a request id", rule, resp, err)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	r, _ := http.NewRequest("GET", "https://"+address+"/extensions/acme.demo/echo", nil)
	r.Header.Set("Authorization", "Bearer "+testToken)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || !strings.Contains(string(text), `"url": "https://`) {
		t.Errorf("%d %s; want 200 and an address with https", resp.StatusCode, text)
	}
}

// A body that looks like such an answer passes as it is: otherwise an extension
// could have its bytes cut in another place than their length says.
func TestBodiesAreNotTaken(t *testing.T) {
	const looks = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	for _, pad := range []int{0, 4096, 5000} { // net/http writes what does not fit its buffer in pieces
		body := strings.Repeat("x", pad) + looks
		h := newTestHandler(t, func(_ context.Context, _ runtime.Call) (runtime.Reply, error) { return text(200, body), nil }, nil)
		address := serve(t, h, nil)
		raw := send(t, address, "GET /extensions/a.b/c HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "+testToken+"\r\nConnection: close\r\n\r\n")
		if !strings.HasSuffix(raw, body) {
			t.Errorf("after %d bytes: the body became %q", pad, raw[max(0, len(raw)-len(looks)):])
		}
	}
}
