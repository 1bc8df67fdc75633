package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

const (
	dialTimeout      = 10 * time.Second       // one address
	handshakeTimeout = 10 * time.Second       // TLS
	dialPause        = 250 * time.Millisecond // before the next address is tried beside the one that hangs
	maxAddresses     = 8                      // tried for one connection
)

// dialer connects to names. It resolves a name once and dials what it got by
// address, and the guard has the last word in Control, on the address that the
// socket is connected to: there is no second look-up that could differ.
type dialer struct {
	guard    *guard
	resolver Resolver
	resolve  map[string]netip.AddrPort
	rootCAs  *x509.CertPool

	// fence runs after the guard let an address pass. Tests put a second guard
	// there, so that no packet leaves the machine if the first is broken.
	fence func(netip.AddrPort) error
}

// lifetimeKey finds the context of the exchange in that of a dial. The transport
// cuts a dial off from the cancellation of the request that began it; without
// this, connections that nobody waits for could be piled up.
type lifetimeKey struct{}

// dial connects to address, a name and a port in the form of a request URL.
// The error is an *Error.
func (d *dialer) dial(ctx context.Context, _, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if life, ok := ctx.Value(lifetimeKey{}).(context.Context); ok {
		defer context.AfterFunc(life, cancel)()
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fail(Invalid, "", err, "not a host and a port")
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fail(Invalid, host, err, "port of %s is not a number", host)
	}
	addrs, err := d.lookup(ctx, host, uint16(port))
	if err != nil {
		return nil, err
	}
	conn, err := d.race(ctx, addrs)
	var refused *addressError
	switch {
	case err == nil:
		return conn, nil
	case errors.As(err, &refused):
		return nil, unreachable(host, refused)
	default:
		return nil, fail(Unavailable, host, err, "could not connect to %s", host)
	}
}

// unreachable is the one answer for a name without addresses and for one whose
// addresses are refused: it does not tell which names exist inside.
func unreachable(host string, cause error) *Error {
	return fail(Denied, host, cause, "no address that extensions may reach was found for %s", host)
}

// lookup returns the addresses for host that pass the guard, at least one. The
// error is an *Error.
func (d *dialer) lookup(ctx context.Context, host string, port uint16) ([]netip.AddrPort, error) {
	if at, ok := d.resolve[host]; ok {
		return []netip.AddrPort{at}, nil
	}
	found, err := d.resolver.LookupNetIP(ctx, "ip", host+".")
	var dns *net.DNSError
	switch {
	case err == nil:
	case errors.As(err, &dns) && dns.IsNotFound:
		return nil, unreachable(host, err)
	default:
		return nil, fail(Unavailable, host, err, "could not look up %s", host)
	}
	var addrs []netip.AddrPort
	cause := errors.New("the name has no addresses")
	for _, addr := range found {
		if err := d.guard.check(addr); err != nil {
			cause = err
			continue
		}
		if len(addrs) < maxAddresses {
			addrs = append(addrs, netip.AddrPortFrom(addr.Unmap(), port))
		}
	}
	if len(addrs) == 0 {
		return nil, unreachable(host, cause)
	}
	return addrs, nil
}

// race connects to the first of addrs that answers. The next is tried when the
// one before failed, or beside it after a pause.
func (d *dialer) race(ctx context.Context, addrs []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	attempt := func(at netip.AddrPort) {
		conn, err := d.connect(ctx, at)
		select {
		case results <- result{conn, err}:
		case <-ctx.Done():
			if err == nil {
				conn.Close()
			}
		}
	}
	started, running := 0, 0
	next := func() {
		go attempt(addrs[started])
		started++
		running++
	}
	next()
	var first error
	for {
		var pause <-chan time.Time
		if started < len(addrs) {
			pause = time.After(dialPause)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-pause:
			next()
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			running--
			if started < len(addrs) {
				next()
			} else if running == 0 {
				return nil, first
			}
		}
	}
}

// connect dials one address through the guard.
func (d *dialer) connect(ctx context.Context, at netip.AddrPort) (net.Conn, error) {
	nd := net.Dialer{
		Timeout: dialTimeout,
		Control: func(network, address string, c syscall.RawConn) error {
			if err := d.guard.control(network, address, c); err != nil {
				return err
			}
			if d.fence == nil {
				return nil
			}
			return d.fence(netip.MustParseAddrPort(address))
		},
	}
	return nd.DialContext(ctx, "tcp", at.String())
}

// dialTLS connects and verifies the name that was dialled. The error is an
// *Error.
func (d *dialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fail(Invalid, "", err, "not a host and a port")
	}
	raw, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if life, ok := ctx.Value(lifetimeKey{}).(context.Context); ok {
		defer context.AfterFunc(life, cancel)()
	}
	conn := tls.Client(raw, &tls.Config{
		ServerName: host,
		RootCAs:    d.rootCAs,
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, tlsError(host, err)
	}
	return conn, nil
}
