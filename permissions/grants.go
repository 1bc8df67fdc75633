package permissions

import (
	"fmt"
	"strings"
)

// Grants answers for one extension whether a call is covered by what was
// approved. It is immutable and safe for concurrent use. A nil *Grants grants
// [None] alone.
type Grants struct {
	extension  string
	client     map[Permission]struct{}
	server     map[Permission]struct{}
	hosts      hostSet
	anyHost    bool // http:fetch
	subdomains bool // approved so, and the operator's policy still is
	public     bool
}

// NewGrants prepares what was approved for the extension. What it does not know
// it leaves out. Names under a host are covered when the person approved it and
// the operator allows it.
func NewGrants(extension string, approved Set, pol Policy) *Grants {
	g := &Grants{
		extension:  extension,
		client:     make(map[Permission]struct{}),
		server:     make(map[Permission]struct{}),
		hosts:      hostSet{names: make(map[string]struct{})},
		subdomains: approved.Subdomains && pol.Subdomains,
		public:     approved.Public,
	}
	for _, p := range approved.Client {
		g.grant(Client, g.client, p)
	}
	for _, p := range approved.Server {
		g.grant(Server, g.server, p)
	}
	_, g.anyHost = g.server[HTTPFetch]
	return g
}

// hostSet is a set of host names. Most names that are looked up in it, those above
// a host, have a length that none of the set has.
type hostSet struct {
	names   map[string]struct{}
	lengths [maxHost/64 + 1]uint64 // bit n: there is a name of n bytes
}

func (s *hostSet) add(host string) {
	if len(host) > maxHost {
		return
	}
	s.names[host] = struct{}{}
	s.lengths[len(host)/64] |= 1 << (len(host) % 64)
}

func (s *hostSet) has(host string) bool {
	if n := len(host); n > maxHost || s.lengths[n/64]>>(n%64)&1 == 0 {
		return false
	}
	_, ok := s.names[host]
	return ok
}

func (g *Grants) grant(side Side, set map[Permission]struct{}, p Permission) {
	known, err := Parse(side, string(p), Policy{Subdomains: g.subdomains})
	if err != nil || known != p {
		return
	}
	if host, ok := p.Host(); ok {
		g.hosts.add(host)
		return
	}
	set[p] = struct{}{}
	for _, also := range implied(p) {
		set[also] = struct{}{}
	}
}

// Extension is the id that the grants are for.
func (g *Grants) Extension() string {
	if g == nil {
		return ""
	}
	return g.extension
}

// HasPublic reports whether callers who are not signed in were approved.
func (g *Grants) HasPublic() bool { return g != nil && g.public }

// Check returns nil when p is granted on that side, and the denial otherwise.
// Unknown permissions and sides are denied. [HTTPDomain] is granted when any
// host is; which one is for [Grants.CheckHost]. A check that grants allocates
// nothing.
func (g *Grants) Check(side Side, p Permission) *Denial {
	if p == None {
		return nil
	}
	if g.has(side, p) {
		return nil
	}
	if side == Server {
		if host, ok := p.Host(); ok {
			return g.CheckHost(host)
		}
	}
	return &Denial{Extension: g.Extension(), Permission: p}
}

func (g *Grants) has(side Side, p Permission) bool {
	if g == nil {
		return false
	}
	var ok bool
	switch {
	case side == Client:
		_, ok = g.client[p]
	case side == Server && p == HTTPDomain:
		ok = g.anyHost || len(g.hosts.names) > 0
	case side == Server:
		_, ok = g.server[p]
	}
	return ok
}

// CheckHost returns nil when the extension may connect to host, which is in the
// form of [NormalizeHost]; anything else is denied. A check that grants
// allocates nothing.
func (g *Grants) CheckHost(host string) *Denial {
	if g != nil && g.covers(host) {
		return nil
	}
	return &Denial{Extension: g.Extension(), Permission: Domain(host), Host: host}
}

// covers looks host up, and with subdomains every name above it: whole labels,
// never the end of a string. Names that are granted are in form: what is looked at
// is the form of what stands before one, or of a host that is one of any.
func (g *Grants) covers(host string) bool {
	if g.hosts.has(host) {
		return true
	}
	if g.anyHost {
		return isCanonical(host)
	}
	if !g.subdomains || len(host) > maxHost {
		return false
	}
	for at := 0; ; {
		dot := strings.IndexByte(host[at:], '.')
		if dot < 0 {
			return false
		}
		at += dot + 1
		if g.hosts.has(host[at:]) {
			return hasLabels(host[:at-1])
		}
	}
}

// coversSubdomains reports whether a granted host stands for the names under
// it too.
func (g *Grants) coversSubdomains() bool { return g.anyHost || g.subdomains }

// Denial is the answer to a call that was not approved. As an error it has the
// text that authors of extensions are told to expect.
type Denial struct {
	Extension  string
	Permission Permission // what is missing
	Host       string     // for a host; else empty
}

// Error is the documented text.
func (d *Denial) Error() string {
	if d.Host != "" {
		return fmt.Sprintf("Domain %s not in extension's allowed domains", d.Host)
	}
	return fmt.Sprintf("Permission denied: %s not granted to extension %s", d.Permission, d.Extension)
}
