package egress

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// BenchmarkFetch asks what the checks cost beside plain net/http: 1 KiB over a
// kept loopback connection.
func BenchmarkFetch(b *testing.B) {
	body := []byte(strings.Repeat("x", 1024))
	at := serve(b, func(w http.ResponseWriter, r *http.Request) { w.Write(body) })
	b.Run("egress", func(b *testing.B) {
		g := newGateway(b, reach(map[string]netip.AddrPort{"a.com": at}))
		c := g.Client("o")
		req := Request{URL: "http://a.com/path?q=1", Header: [][2]string{{"accept", "application/json"}, {"x-api-key", "k"}}}
		allow := only("a.com")
		b.ReportAllocs()
		for b.Loop() {
			resp, err := c.Fetch(b.Context(), req, allow, Limits{})
			if err != nil || len(resp.Body) != len(body) {
				b.Fatal(err)
			}
		}
	})
	b.Run("net-http", func(b *testing.B) {
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), "GET", "http://"+at.String()+"/path?q=1", nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Accept", "application/json")
			req.Header.Set("X-Api-Key", "k")
			resp, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			if got, err := io.ReadAll(resp.Body); err != nil || len(got) != len(body) {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}

// BenchmarkCheckURL asks what it costs to read a URL and normalise its host.
func BenchmarkCheckURL(b *testing.B) {
	g := newGateway(b, Policy{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.parseTarget("https://api.example.com/v1/items?limit=10"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheckAddress asks what the list of ranges costs for an address that
// is in none of them.
func BenchmarkCheckAddress(b *testing.B) {
	g, addr := &guard{}, netip.MustParseAddr("2606:4700::1111")
	b.ReportAllocs()
	for b.Loop() {
		if err := g.check(addr); err != nil {
			b.Fatal(err)
		}
	}
}
