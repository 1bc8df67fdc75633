package httpapi

import (
	"net/http"
	"net/netip"
	"testing"
)

// FuzzPeer sends anything in the fields by which proxies speak for others.
// Nobody but a trusted proxy is believed, and what is believed has the form of
// what it stands for.
func FuzzPeer(f *testing.F) {
	f.Add("10.0.0.1:80", "1.2.3.4, 10.0.0.2", "https", "a.example.com")
	f.Add("10.0.0.1:80", "[::1]:80,,", "http,https", "a/b@c")
	f.Add("192.0.2.1:80", "1.2.3.4", "https", "evil.example.com")
	f.Add("", "fe80::1%eth0", "", "[::1]:99999")
	h := &Handler{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	f.Fuzz(func(t *testing.T, remote, forwarded, proto, host string) {
		r := &http.Request{RemoteAddr: remote, Host: "own.example.com", Header: http.Header{
			"X-Forwarded-For": {forwarded}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host},
		}}
		p := h.peer(r)
		if !h.trusted(addressOf(remote)) && (p.client.IsValid() || p.https || p.host != r.Host) {
			t.Fatalf("%s is not trusted, and yet %+v", remote, p)
		}
		if p.host != r.Host && !isHost(p.host) {
			t.Fatalf("host %q", p.host)
		}
		if p.client.Zone() != "" {
			t.Fatalf("client %s has a zone", p.client)
		}
	})
}
