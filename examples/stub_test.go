package examples

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/annexhost/annex/bridge/egress"
)

// stub is a server on this machine that stands for one on the internet. The
// policy leads the host's name to it, and its certificate names that host.
func stub(t *testing.T, host string, handler http.HandlerFunc) egress.Policy {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	cert, roots := certificate(t, host)
	server.TLS = cert
	server.StartTLS()
	t.Cleanup(server.Close)
	return egress.Policy{
		AllowCIDR: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Resolve:   map[string]netip.AddrPort{host: netip.MustParseAddrPort(server.Listener.Addr().String())},
		RootCAs:   roots,
	}
}
