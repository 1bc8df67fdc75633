package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// refusedAddresses is one address for every special range, its ends where they
// are easily got wrong, and every way to write IPv4 inside IPv6.
var refusedAddresses = []struct {
	addr, rule string
}{
	{"0.0.0.0", "unspecified connects to this machine"},
	{"0.1.2.3", "this network"},
	{"10.0.0.0", "private"},
	{"10.255.255.255", "private"},
	{"100.64.0.1", "shared by a carrier's customers"},
	{"100.127.255.255", "shared by a carrier's customers"},
	{"127.0.0.1", "loopback"},
	{"127.255.255.254", "loopback"},
	{"169.254.0.1", "link-local"},
	{"172.16.0.1", "private"},
	{"172.31.255.255", "private"},
	{"192.0.0.1", "protocol assignments"},
	{"192.0.2.1", "documentation"},
	{"192.88.99.1", "6to4 relay"},
	{"192.168.0.1", "private"},
	{"198.18.0.1", "benchmarking"},
	{"198.19.255.255", "benchmarking"},
	{"198.51.100.1", "documentation"},
	{"203.0.113.1", "documentation"},
	{"224.0.0.1", "multicast"},
	{"239.255.255.255", "multicast"},
	{"240.0.0.1", "reserved"},
	{"255.255.255.255", "broadcast"},

	{"169.254.169.254", "metadata"},
	{"169.254.170.2", "metadata"},
	{"169.254.170.23", "metadata"},
	{"169.254.42.42", "metadata"},
	{"100.100.100.200", "metadata"},
	{"192.0.0.192", "metadata"},
	{"168.63.129.16", "metadata in a public range"},
	{"fd00:ec2::254", "metadata"},
	{"fd00:ec2::23", "metadata"},
	{"fd20:ce::254", "metadata"},
	{"fd00:42::42", "metadata"},
	{"fe80::a9fe:a9fe", "metadata"},

	{"::", "unspecified"},
	{"::1", "loopback"},
	{"::2", "IPv4-compatible"},
	{"::127.0.0.1", "IPv4-compatible loopback"},
	{"::ffff:127.0.0.1", "mapped loopback"},
	{"::ffff:10.0.0.1", "mapped private"},
	{"::ffff:169.254.169.254", "mapped metadata"},
	{"::ffff:0.0.0.0", "mapped unspecified"},
	{"::ffff:0:127.0.0.1", "translated, of SIIT"},
	{"64:ff9b::127.0.0.1", "NAT64"},
	{"64:ff9b::8.8.8.8", "NAT64"},
	{"64:ff9b:1::1", "NAT64 of the site"},
	{"100::1", "discard"},
	{"2001::1", "Teredo"},
	{"2001:2::1", "benchmarking"},
	{"2001:10::1", "ORCHID"},
	{"2001:1ff:ffff::1", "protocol assignments, to their end"},
	{"2001:db8::1", "documentation"},
	{"2002:7f00:1::", "6to4 of loopback"},
	{"2002:808:808::", "6to4"},
	{"3fff::1", "documentation"},
	{"3fff:fff:ffff::1", "documentation"},
	{"4000::1", "not assigned"},
	{"5f00::1", "segment routing"},
	{"8000::1", "not assigned"},
	{"fc00::1", "private"},
	{"fdff::1", "private"},
	{"fe80::1", "link-local"},
	{"fec0::1", "site-local"},
	{"ff02::1", "multicast"},
	{"fe80::1%eth0", "with a zone"},
	{"::1%lo", "with a zone"},
	{"2606:4700::1111%eth0", "a public address with a zone"},
}

var publicAddresses = []string{
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
	"126.255.255.255", "128.0.0.0", "168.63.129.15", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	"172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
	"::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1", "3ffe:ffff::1",
}

func TestSpecialAddressesAreRefused(t *testing.T) {
	g := &guard{}
	for _, c := range refusedAddresses {
		err := g.check(netip.MustParseAddr(c.addr))
		var refused *addressError
		if !errors.As(err, &refused) {
			t.Errorf("%s (%s): got error %v, want a refusal", c.addr, c.rule, err)
		}
	}
	for _, addr := range publicAddresses {
		if err := g.check(netip.MustParseAddr(addr)); err != nil {
			t.Errorf("%s: got error %v, want none", addr, err)
		}
	}
	if err := g.check(netip.Addr{}); err == nil {
		t.Error("no address at all: got no error")
	}
}

// TestTheDialerRefusesSpecialAddresses goes through Fetch and the socket. The
// operator's table skips the check after a look-up, so Control alone decides.
func TestTheDialerRefusesSpecialAddresses(t *testing.T) {
	resolve := make(map[string]netip.AddrPort)
	name := func(i int) string { return fmt.Sprintf("n%d.example.com", i) }
	for i, c := range refusedAddresses {
		if !strings.Contains(c.addr, "%") { // New refuses zones in the table
			resolve[name(i)] = netip.AddrPortFrom(netip.MustParseAddr(c.addr), 9)
		}
	}
	g := newGateway(t, Policy{Resolve: resolve})
	for i, c := range refusedAddresses {
		if _, ok := resolve[name(i)]; !ok {
			continue
		}
		_, err := get(t, g, "http://"+name(i)+"/")
		var e *Error
		if !errors.As(err, &e) || e.Kind != Denied {
			t.Errorf("%s (%s): got error %v, want kind denied", c.addr, c.rule, err)
			continue
		}
		if strings.Contains(e.Message, c.addr) {
			t.Errorf("%s: the message %q tells the address", c.addr, e.Message)
		}
		if !strings.Contains(e.detail, "is refused") {
			t.Errorf("%s: detail for the operator: got %q, want the reason", c.addr, e.detail)
		}
	}
}

func TestTheDialerReachesPublicAddresses(t *testing.T) {
	resolve := make(map[string]netip.AddrPort)
	for i, addr := range publicAddresses {
		resolve[fmt.Sprintf("n%d.example.com", i)] = netip.AddrPortFrom(netip.MustParseAddr(addr), 9)
	}
	g := newGateway(t, Policy{Resolve: resolve})
	for i, addr := range publicAddresses {
		_, err := get(t, g, fmt.Sprintf("http://n%d.example.com/", i))
		e := wantKind(t, err, Unavailable)
		// The fence stopped it, or the kernel: a machine without IPv6.
		if !strings.Contains(e.detail, errFenced.Error()) && !strings.Contains(e.detail, "socket") {
			t.Errorf("%s: got %q, want the fence behind the guard", addr, e.detail)
		}
	}
}

func TestExceptionsOfTheOperator(t *testing.T) {
	for _, c := range []struct {
		allow []string
		addr  string
		want  bool
		rule  string
	}{
		{[]string{"127.0.0.0/8"}, "127.0.0.1", true, "a network opens what it contains"},
		{[]string{"127.0.0.0/8"}, "::ffff:127.0.0.1", true, "written as IPv6, too"},
		{[]string{"127.0.0.0/8"}, "10.0.0.1", false, "and nothing beside it"},
		{[]string{"127.0.0.0/8"}, "::127.0.0.1", false, "nor the same in another disguise"},
		{[]string{"::1/128"}, "::1", true, "one address"},
		{[]string{"fd00::/8"}, "fd12::1", true, "private IPv6"},
		{[]string{"10.0.0.0/8"}, "8.8.8.8", true, "public addresses stay open"},

		{[]string{"169.254.0.0/16"}, "169.254.1.1", true, "link-local by its network"},
		{[]string{"169.254.0.0/16"}, "169.254.169.254", false, "metadata not by its network"},
		{[]string{"0.0.0.0/0", "::/0"}, "169.254.169.254", false, "nor by everything"},
		{[]string{"0.0.0.0/0", "::/0"}, "fd00:ec2::254", false, "nor by everything"},
		{[]string{"0.0.0.0/0", "::/0"}, "168.63.129.16", false, "nor in a public range"},
		{[]string{"169.254.169.254/32"}, "169.254.169.254", true, "metadata by its very address"},
		{[]string{"fd00:ec2::254/128"}, "fd00:ec2::254", true, "metadata by its very address"},

		{[]string{"0.0.0.0/0"}, "0.0.0.0", false, "unspecified never"},
		{[]string{"0.0.0.0/32"}, "0.0.0.0", false, "unspecified never"},
		{[]string{"::/128"}, "::", false, "unspecified never"},
		{[]string{"224.0.0.0/4"}, "224.0.0.1", false, "multicast never"},
		{[]string{"ff00::/8"}, "ff02::1", false, "multicast never"},
		{[]string{"255.255.255.255/32"}, "255.255.255.255", false, "broadcast never"},
		{[]string{"::/0"}, "fe80::1%eth0", false, "zones never"},

		{[]string{"64:ff9b::/96"}, "64:ff9b::8.8.8.8", true, "NAT64 to a public address"},
		{[]string{"64:ff9b::/96"}, "64:ff9b::10.0.0.1", false, "NAT64 opens no private network"},
		{[]string{"64:ff9b::/96"}, "64:ff9b::169.254.169.254", false, "nor the metadata service"},
		{[]string{"64:ff9b::/96", "10.0.0.0/8"}, "64:ff9b::10.0.0.1", true, "unless that is open itself"},
		{[]string{"64:ff9b::10.0.0.1/128"}, "64:ff9b::10.0.0.1", true, "or the very address"},
		{[]string{"::/0"}, "::127.0.0.1", false, "IPv4-compatible opens no loopback"},
		{[]string{"2002::/16"}, "2002:7f00:1::", false, "6to4 opens no loopback"},
	} {
		var allow []netip.Prefix
		for _, p := range c.allow {
			allow = append(allow, netip.MustParsePrefix(p))
		}
		g, err := newGuard(allow, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.check(netip.MustParseAddr(c.addr)) == nil; got != c.want {
			t.Errorf("allow %v, address %s: got %v, want %v (%s)", c.allow, c.addr, got, c.want, c.rule)
		}
	}
}

func TestNewRefusesWhatCannotBeMeant(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:8080")
	for _, c := range []struct {
		policy Policy
		want   string
	}{
		{Policy{AllowCIDR: []netip.Prefix{{}}}, "not of the form"},
		{Policy{AllowCIDR: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8")}}, "use 10.0.0.0/8, or 10.1.2.3/32"},
		{Policy{AllowCIDR: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}}, "write IPv4 networks as IPv4"},
		{Policy{Ports: []int{0}}, "port 0"},
		{Policy{Ports: []int{65536}}, "port 65536"},
		{Policy{Resolve: map[string]netip.AddrPort{"10.0.0.1": at}}, "is an address"},
		{Policy{Resolve: map[string]netip.AddrPort{"a b": at}}, "not a host name"},
		{Policy{Resolve: map[string]netip.AddrPort{"a.com": {}}}, "expected ADDR:PORT"},
		{Policy{Resolve: map[string]netip.AddrPort{"a.com": netip.MustParseAddrPort("127.0.0.1:0")}}, "expected ADDR:PORT"},
		{Policy{Resolve: map[string]netip.AddrPort{"a.com": netip.MustParseAddrPort("[fe80::1%lo]:80")}}, "zone"},
		{Policy{Resolve: map[string]netip.AddrPort{"a.com": at, "A.com": at}}, "two entries"},
	} {
		_, err := New(c.policy)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): got error %v, want one with %q", c.policy, err, c.want)
		}
	}
}
