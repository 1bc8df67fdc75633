package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// peer is who is at the other end, and how they see this host: what a proxy
// that the operator trusts says of them, else what the connection says.
type peer struct {
	client netip.Addr // as a trusted proxy says; invalid where there is none
	https  bool
	host   string // with its port, as the client wrote it
}

// trusted reports whether an address is one of a proxy whose X-Forwarded-
// fields are believed. Those of everybody else are ignored and dropped.
func (h *Handler) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(h.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// peer finds out who sent r.
func (h *Handler) peer(r *http.Request) peer {
	p := peer{https: r.TLS != nil, host: r.Host}
	if len(h.cfg.TrustedProxies) == 0 {
		return p
	}
	proxy := addressOf(r.RemoteAddr)
	if !h.trusted(proxy) {
		return p
	}
	p.client = h.client(r.Header["X-Forwarded-For"], proxy)
	// Of several proxies each adds its own at the end. Before that stands what
	// the proxy was told, which anybody may have written.
	switch last(r.Header["X-Forwarded-Proto"]) {
	case "https":
		p.https = true
	case "http":
		p.https = false
	}
	if host := last(r.Header["X-Forwarded-Host"]); isHost(host) {
		p.host = host
	}
	return p
}

// client is the last address of the fields that is not a trusted proxy's: the
// first one that nobody trusted can have written.
func (h *Handler) client(fields []string, proxy netip.Addr) netip.Addr {
	list := strings.Split(strings.Join(fields, ","), ",")
	for _, item := range slices.Backward(list) {
		a := addressOf(strings.TrimSpace(item))
		if !a.IsValid() {
			break // whoever wrote this is the furthest that is known
		}
		proxy = a
		if !h.trusted(a) {
			break
		}
	}
	return proxy
}

// last is the last element of a list in header fields.
func last(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	value := fields[len(fields)-1]
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}

// addressOf reads an address with or without a port; the invalid one when it is none.
func addressOf(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// isHost reports whether s has the form of a Host field: nothing in it can
// change what a URL made with it means.
func isHost(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && !strings.ContainsRune(".-_:[]", rune(c)) {
			return false
		}
	}
	return true
}

// hostName is the name in a Host field, for comparison.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// publicOrg is whose public routes anonymous callers of this host get when
// their address names no installation: of the organization that the operator
// gave the host name to, or of the only one.
func (x *exchange) publicOrg() string {
	if len(x.h.cfg.Hosts) > 0 {
		if org, ok := x.h.cfg.Hosts[hostName(x.peer.host)]; ok {
			return org
		}
	}
	return x.h.cfg.SingleOrg
}

// origin is the scheme, with its slashes, and the host that the caller used, as
// far as they can be known.
func (x *exchange) origin() (scheme, host string) {
	if x.h.cfg.BaseURL != "" && (len(x.h.cfg.Hosts) == 0 || x.h.cfg.Hosts[hostName(x.peer.host)] == "") {
		return "", strings.TrimSuffix(x.h.cfg.BaseURL, "/")
	}
	if x.peer.https {
		return "https://", x.peer.host
	}
	return "http://", x.peer.host
}
