package httpapi

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// unread is what is answered to requests that net/http cannot read, in place
// of its own plain text.
var unread = map[string]struct{ code, message string }{
	"400": {"INVALID_REQUEST", "The request is not well-formed HTTP"},
	"417": {"INVALID_REQUEST", "Nothing but 100-continue can be expected"},
	"431": {"INVALID_REQUEST", "The header is larger than is accepted"},
	"501": {"INVALID_REQUEST", "This transfer coding is not accepted"},
	"505": {"INVALID_REQUEST", "This version of HTTP is not spoken"},
}

// writeAnswer writes b to conn, or what stands in its place when net/http wrote
// it itself. Once a handler has begun on the connection, everything passes as it
// is: what an extension sends might look like such an answer.
func writeAnswer(conn net.Conn, handled *atomic.Bool, b []byte) (int, error) {
	if handled.Load() {
		return conn.Write(b)
	}
	answer, ok := ownAnswer(b)
	if !ok {
		return conn.Write(b)
	}
	// net/http may wait for the rest of the request without an end.
	_ = conn.SetReadDeadline(time.Now().Add(drainTime))
	if _, err := conn.Write(answer); err != nil {
		return 0, err
	}
	return len(b), nil
}

// ownAnswer makes of an answer that net/http wrote itself one with a request
// id and the fields that all others have. It reports false for what is none.
func ownAnswer(b []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(b, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 4 {
		return nil, false
	}
	status := string(rest[:3])
	said, ok := unread[status]
	if !ok {
		return nil, false
	}
	var code int
	fmt.Sscan(status, &code)
	id := newUUID()
	body := errorBody(said.code, said.message, id)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n"+
		"Content-Security-Policy: sandbox\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n\r\n%s",
		code, http.StatusText(code), len(body), id, body), true
}
