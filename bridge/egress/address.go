package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// opening is what it takes for an address of a range to be reached.
type opening int

const (
	byNetwork opening = iota // an exception whose network contains it
	byAddress                // an exception for the very address
	byNothing
)

// span is a range of addresses that extensions do not reach by themselves.
type span struct {
	prefix netip.Prefix
	opens  opening
	what   string // for the operator
}

func spans(opens opening, what string, prefixes ...string) []span {
	out := make([]span, len(prefixes))
	for i, p := range prefixes {
		out[i] = span{netip.MustParsePrefix(p), opens, what}
	}
	return out
}

// special are the ranges of the IANA special-purpose registries that are not
// the public internet, those that lead to IPv4 in disguise, and the services
// that hand the credentials of a machine to whoever asks from it. The first
// range that contains an address decides.
var special = slices.Concat(
	spans(byNothing, "unspecified", "0.0.0.0/32", "::/128"),
	spans(byNothing, "multicast", "224.0.0.0/4", "ff00::/8"),
	spans(byNothing, "broadcast", "255.255.255.255/32"),
	spans(byAddress, "metadata service",
		"169.254.169.254/32",  // AWS, Azure, Google, OpenStack and most others
		"169.254.170.2/32",    // AWS: credentials of a container task
		"169.254.170.23/32",   // AWS: identity of a pod
		"169.254.42.42/32",    // Scaleway
		"100.100.100.200/32",  // Alibaba
		"192.0.0.192/32",      // Oracle, classic
		"168.63.129.16/32",    // Azure: wire server, in a public range
		"fd00:ec2::254/128",   // AWS
		"fd00:ec2::23/128",    // AWS: identity of a pod
		"fd20:ce::254/128",    // Google
		"fd00:42::42/128",     // Scaleway
		"fe80::a9fe:a9fe/128", // OpenStack
	),
	spans(byNetwork, "this network", "0.0.0.0/8"),
	spans(byNetwork, "private", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
	spans(byNetwork, "shared by a carrier's customers", "100.64.0.0/10"),
	spans(byNetwork, "loopback", "127.0.0.0/8", "::1/128"),
	spans(byNetwork, "link-local", "169.254.0.0/16", "fe80::/10"),
	spans(byNetwork, "protocol assignments, Teredo", "192.0.0.0/24", "2001::/23"),
	spans(byNetwork, "documentation",
		"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
	spans(byNetwork, "benchmarking", "198.18.0.0/15"),
	spans(byNetwork, "6to4", "192.88.99.0/24", "2002::/16"),
	spans(byNetwork, "reserved", "240.0.0.0/4"),
	spans(byNetwork, "NAT64", "64:ff9b::/96", "64:ff9b:1::/48"),
	spans(byNetwork, "IPv4-compatible", "::/96"),
	spans(byNetwork, "discard", "100::/64"),
	spans(byNetwork, "segment routing", "5f00::/16"),
	spans(byNetwork, "not assigned", "::/3", "4000::/2", "8000::/1"), // all but 2000::/3
)

// translators carry an IPv4 address from byte at of theirs.
var translators = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 12},
}

// addressError says why an address is not dialled. It is for the operator: the
// author of an extension does not learn the address.
type addressError struct {
	addr string
	what string
}

// Error names the address and its range.
func (e *addressError) Error() string {
	return fmt.Sprintf("address %s is refused (%s)", e.addr, e.what)
}

// guard decides about addresses.
type guard struct {
	allow, deny []netip.Prefix
}

func newGuard(allow, deny []netip.Prefix) (*guard, error) {
	if err := checkNetworks("allowed", allow); err != nil {
		return nil, err
	}
	if err := checkNetworks("denied", deny); err != nil {
		return nil, err
	}
	return &guard{slices.Clone(allow), slices.Clone(deny)}, nil
}

// checkNetworks refuses networks that can hardly be meant as they are written.
func checkNetworks(what string, networks []netip.Prefix) error {
	for _, p := range networks {
		if !p.IsValid() {
			return fmt.Errorf("egress: %s network %s is not of the form 10.1.0.0/16", what, p)
		}
		if p.Addr().Is4In6() {
			return fmt.Errorf("egress: %s network %s: write IPv4 networks as IPv4", what, p)
		}
		if p != p.Masked() {
			return fmt.Errorf("egress: %s network %s has bits after its prefix: use %s, or %s/%d for one address",
				what, p, p.Masked(), p.Addr(), p.Addr().BitLen())
		}
	}
	return nil
}

// check returns nil when extensions may reach addr, else an *addressError.
func (g *guard) check(addr netip.Addr) error {
	refused := func(what string) error { return &addressError{addr.String(), what} }
	if !addr.IsValid() {
		return refused("not an address")
	}
	if addr.Zone() != "" {
		return refused("with a zone")
	}
	addr = addr.Unmap()
	if g.denies(addr) {
		return refused("denied by the operator")
	}
	i := slices.IndexFunc(special, func(s span) bool { return s.prefix.Contains(addr) })
	switch {
	case i < 0:
		return nil
	case special[i].opens == byNothing:
		return refused(special[i].what)
	case g.names(addr):
		return nil
	case special[i].opens == byAddress, !g.covers(addr):
		return refused(special[i].what)
	}
	if inner, ok := embedded(addr); ok {
		return g.check(inner)
	}
	return nil
}

// denies reports whether the operator denied addr, or the one that it leads to
// through a translator. Nothing opens that again.
func (g *guard) denies(addr netip.Addr) bool {
	inner, translated := embedded(addr)
	return slices.ContainsFunc(g.deny, func(p netip.Prefix) bool {
		return p.Contains(addr) || translated && p.Contains(inner)
	})
}

// covers reports whether an exception contains addr.
func (g *guard) covers(addr netip.Addr) bool {
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// names reports whether an exception is for addr alone.
func (g *guard) names(addr netip.Addr) bool {
	return slices.Contains(g.allow, netip.PrefixFrom(addr, addr.BitLen()))
}

// embedded returns the IPv4 address that addr leads to through a translator, so
// that opening NAT64 for the internet does not open the network beside it.
func embedded(addr netip.Addr) (netip.Addr, bool) {
	for _, t := range translators {
		if t.prefix.Contains(addr) {
			b := addr.As16()
			return netip.AddrFrom4([4]byte(b[t.at : t.at+4])), true
		}
	}
	return netip.Addr{}, false
}

// control is net.Dialer's Control: it sees the address that the socket is about
// to be connected to, whatever led there.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &addressError{address, "not an address"}
	}
	return g.check(at.Addr())
}
