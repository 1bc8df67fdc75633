package httpapi

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// tlsListener speaks TLS on what it accepts.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

// Accept returns a connection whose handshake is a part of its first read, and
// so within the time that a header has.
func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tlsConn{Conn: tls.Server(c, l.config)}, nil
}

// tlsConn is for TLS what boundedConn is in the clear: answers that net/http
// writes itself get the form of all others.
type tlsConn struct {
	*tls.Conn
	handled atomic.Bool
}

// Read also tells who speaks HTTP in the clear that this is another door.
func (c *tlsConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	var broken tls.RecordHeaderError
	if errors.As(err, &broken) && broken.Conn != nil && isHTTP(broken.RecordHeader) {
		_, _ = io.WriteString(broken.Conn, "HTTP/1.1 400 Bad Request") // which the connection below completes
		err = io.EOF                                                   // net/http has nothing to add
	}
	return n, err
}

// isHTTP reports whether a connection began with a request in the clear.
func isHTTP(start [5]byte) bool {
	switch string(start[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET":
		return true
	}
	return false
}

// Write is that of boundedConn.
func (c *tlsConn) Write(b []byte) (int, error) {
	return writeAnswer(c.Conn, &c.handled, b)
}
