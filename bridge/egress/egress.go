// Package egress is the one way out to the network for code that the host does
// not trust, and for what the host fetches from addresses that others chose.
//
// [Client.Fetch] takes every exchange through the same steps, and a redirect
// starts again at the first:
//
//  1. The URL is parsed once, by net/url; the request is built from the parsed
//     parts (target.go). Scheme, user information and port are checked, and the
//     host is brought into the one form of [permissions.NormalizeHost].
//  2. The caller's allow function decides about that name. Nothing was looked up
//     before it, so that a name which is not granted cannot carry data in a query.
//  3. Method and header fields are checked against lists (header.go).
//  4. The name is resolved, and net.Dialer's Control checks the address that the
//     kernel is about to connect to (address.go, dial.go). The transport belongs
//     to one owner: no connection is ever used by two.
//  5. The answer is read within bounds of bytes and time, decoded here, and
//     handed over as bytes (body.go, answer.go).
//
// What no step lets through does not leave the host. There is no proxy, no
// cookie jar and no switch that turns the verification of certificates off.
package egress

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/annexhost/annex/permissions"
)

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns the addresses of host. The network is always "ip",
	// and host ends in a dot, so that no search list applies to it.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Policy is what the operator decides for all owners. The zero Policy reaches
// public addresses on ports 80 and 443.
type Policy struct {
	// AllowCIDR lists addresses that may be reached although they are not
	// public. It opens no metadata service unless it names that very address
	// (a /32 or /128), and never an unspecified, multicast or broadcast one.
	AllowCIDR []netip.Prefix

	// DenyCIDR lists addresses that may not be reached, and DenyHosts names
	// that may not, with all names under them. A denial counts more than any
	// permission, than AllowCIDR and than Resolve.
	DenyCIDR  []netip.Prefix
	DenyHosts []string

	// Resolve maps a host name to the address that is dialled for it, in place
	// of what a resolver says and of the port of the URL. TLS still verifies the
	// name, and the address must still be public or in AllowCIDR.
	Resolve map[string]netip.AddrPort

	// Ports that a URL may name. Empty means 80 and 443.
	Ports []int

	// RootCAs verify certificates. Nil means those of the system.
	RootCAs *x509.CertPool

	// Resolver looks names up. Nil means Go's own resolver, which reads no
	// octal, hexadecimal or shortened addresses, unlike that of libc.
	Resolver Resolver

	// Observer, when not nil, is told of every exchange, refused ones too.
	Observer Observer
}

// New returns the gateway of a policy. The error names the entry of the policy
// that cannot be used.
func New(p Policy) (*Gateway, error) {
	guard, err := newGuard(p.AllowCIDR, p.DenyCIDR)
	if err != nil {
		return nil, err
	}
	denied, err := deniedNames(p.DenyHosts)
	if err != nil {
		return nil, err
	}
	resolve, err := resolveTable(p.Resolve)
	if err != nil {
		return nil, err
	}
	ports := slices.Clone(p.Ports)
	if len(ports) == 0 {
		ports = []int{80, 443}
	}
	slices.Sort(ports)
	for _, port := range ports {
		if port < 1 || port > 65535 {
			return nil, fmt.Errorf("egress: port %d is not between 1 and 65535", port)
		}
	}
	resolver := p.Resolver
	if resolver == nil {
		resolver = &net.Resolver{PreferGo: true}
	}
	dialer := &dialer{guard: guard, resolver: resolver, resolve: resolve, rootCAs: p.RootCAs}
	return &Gateway{ports: ports, denied: denied, dialer: dialer, observer: p.Observer, lanes: newLanes(dialer)}, nil
}

// resolveTable is the operator's table with its names in their one form.
func resolveTable(in map[string]netip.AddrPort) (map[string]netip.AddrPort, error) {
	out := make(map[string]netip.AddrPort, len(in))
	for name, addr := range in {
		host, err := permissions.NormalizeHost(name)
		if err != nil {
			return nil, fmt.Errorf("egress: resolve %s=%s: %v", name, addr, err)
		}
		if !addr.IsValid() || addr.Port() == 0 || addr.Addr().Zone() != "" {
			return nil, fmt.Errorf("egress: resolve %s=%s: expected ADDR:PORT with a port and without a zone", name, addr)
		}
		if _, twice := out[host]; twice {
			return nil, fmt.Errorf("egress: resolve %s=%s: %s has two entries", name, addr, host)
		}
		out[host] = addr
	}
	return out, nil
}

// Gateway is the way out of one host, for all of its owners. It is safe for
// concurrent use.
type Gateway struct {
	ports    []int
	denied   map[string]struct{} // names, each with all under it
	dialer   *dialer
	observer Observer
	lanes    *lanes
}

// Client returns the way out of one owner, such as an (organization, extension).
// Connections are kept and counted by owner, so the text must tell owners apart;
// it is shown to the Observer and to nobody else. Making a Client costs nothing.
func (g *Gateway) Client(owner string) *Client { return &Client{gateway: g, owner: owner} }

// Close closes idle connections and refuses further exchanges. Those under way
// end by themselves.
func (g *Gateway) Close() error {
	g.lanes.close()
	return nil
}

// Client fetches for one owner. It is safe for concurrent use.
type Client struct {
	gateway *Gateway
	owner   string
}
