package httpapi

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// from is a connection of a client.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

func (f from) Close() error { return f.Conn.Close() }

// shared is a listener of 100 connections, of which two are a client's, and a proxy
// has no share; what it accepts is sent on.
type shared struct {
	*boundedListener
	pipe     *pipes
	accepted chan net.Conn // closed at the end
}

func newShared() *shared {
	pipe := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	l := newBoundedListener(pipe, 100, 2, func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.1") })
	s := &shared{l, pipe, make(chan net.Conn)}
	go func() {
		defer close(s.accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.accepted <- c
		}
	}()
	return s
}

// dial connects from addr, and returns what was accepted: nil when it was cut off.
func (s *shared) dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	s.pipe.conns <- from{server, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
	closed := make(chan error, 1)
	go func() { _, err := client.Read(make([]byte, 1)); closed <- err }()
	select {
	case c := <-s.accepted:
		return c
	case err := <-closed:
		if err == nil || errors.Is(err, net.ErrClosed) {
			t.Fatalf("%s: %v", addr, err)
		}
		return nil
	case <-time.After(time.Minute):
		t.Fatalf("%s: neither taken nor closed", addr)
		return nil
	}
}

// A client that has its share is cut off, and makes nobody wait.
func TestShareOfAClient(t *testing.T) {
	l := newShared()
	steps := []struct {
		rule, addr string
		taken      bool
	}{
		{"the first", "203.0.113.1:1", true},
		{"the second", "203.0.113.1:2", true},
		{"the third", "203.0.113.1:3", false},
		{"the third, as IPv6 writes it", "[::ffff:203.0.113.1]:3", false},
		{"another client", "203.0.113.2:1", true},
		{"IPv6", "[2001:db8::1]:1", true},
		{"the same network of 64 bits", "[2001:db8::2]:1", true},
		{"the same network again", "[2001:db8::3]:1", false},
		{"another network", "[2001:db8:0:1::1]:1", true},
		{"this machine", "127.0.0.1:1", true},
		{"this machine again", "127.0.0.1:2", true},
		{"this machine once more", "127.0.0.1:3", true},
		{"a proxy", "10.0.0.1:1", true},
		{"a proxy again", "10.0.0.1:2", true},
		{"a proxy once more", "10.0.0.1:3", true},
	}
	var open []net.Conn
	for _, s := range steps {
		c := l.dial(t, s.addr)
		if (c != nil) != s.taken {
			t.Errorf("%s (%s): taken %v, want %v", s.rule, s.addr, c != nil, s.taken)
		}
		if c != nil {
			open = append(open, c)
		}
	}
	open[0].Close()
	open[0].Close() // counts once
	if l.dial(t, "203.0.113.1:4") == nil {
		t.Error("a connection that was closed makes no room")
	}
	if l.dial(t, "203.0.113.1:5") != nil {
		t.Error("a connection that was closed twice makes room for two")
	}
	for _, c := range open {
		c.Close()
	}
	l.Close()
	<-l.accepted
}
