package httpapi

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// boundedListener accepts a connection only while fewer than its bound are
// open. Those that wait cost the host nothing: they stay in the kernel's queue.
// A client that has more than its share is cut off at once, so that it cannot
// keep the others waiting.
type boundedListener struct {
	net.Listener
	slots  chan struct{}
	share  int                   // connections of one client; 0: all of them
	exempt func(netip.Addr) bool // has no share to keep
	done   chan struct{}
	once   sync.Once

	mu   sync.Mutex
	open map[netip.Prefix]int // connections by client
}

func newBoundedListener(l net.Listener, bound, share int, exempt func(netip.Addr) bool) *boundedListener {
	return &boundedListener{
		Listener: l, slots: make(chan struct{}, bound), share: share, exempt: exempt, done: make(chan struct{}),
		open: map[netip.Prefix]int{},
	}
}

// Accept waits for a slot, then for a connection of a client within its share.
func (l *boundedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		client := l.clientOf(c)
		if l.enter(client) {
			return &boundedConn{Conn: c, listener: l, client: client}, nil
		}
		_ = c.Close()
	}
}

// clientOf is the address of the other end, or the network of 64 bits that one
// client of IPv6 has. The zero Prefix is a client without a share to keep.
func (l *boundedListener) clientOf(c net.Conn) netip.Prefix {
	if l.share <= 0 {
		return netip.Prefix{}
	}
	a := addressOf(c.RemoteAddr().String())
	if !a.IsValid() || a.IsLoopback() || l.exempt != nil && l.exempt(a) {
		return netip.Prefix{}
	}
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // these are lengths that it has
	return p
}

// enter counts a connection of client, if it has room for one.
func (l *boundedListener) enter(client netip.Prefix) bool {
	if !client.IsValid() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[client] >= l.share {
		return false
	}
	l.open[client]++
	return true
}

func (l *boundedListener) leave(client netip.Prefix) {
	if !client.IsValid() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[client]--; l.open[client] <= 0 {
		delete(l.open, client)
	}
}

// Close also ends an Accept that waits for a slot.
func (l *boundedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

// boundedConn gives its slot back when it is closed.
type boundedConn struct {
	net.Conn
	listener *boundedListener
	client   netip.Prefix
	handled  atomic.Bool // a handler has begun: what is written may be its own
	once     sync.Once
}

// Write also gives the form of all others to answers that net/http writes
// itself, to requests that it cannot read.
func (c *boundedConn) Write(b []byte) (int, error) {
	return writeAnswer(c.Conn, &c.handled, b)
}

func (c *boundedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.listener.leave(c.client)
		<-c.listener.slots
	})
	return err
}

// CloseWrite lets the server say that it is done and wait for the client to see it.
func (c *boundedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
