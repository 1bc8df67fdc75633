package egress_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/annexhost/annex/bridge/egress"
)

// A stub on this machine stands in for a host of the internet: the table leads
// its name there, and the exception lets the address pass.
func ExampleClient_Fetch() {
	stub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "http://elsewhere.example.com/", http.StatusFound)
			return
		}
		fmt.Fprint(w, "sunny")
	}))
	defer stub.Close()
	gateway, err := egress.New(egress.Policy{
		AllowCIDR: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Resolve: map[string]netip.AddrPort{
			"api.example.com": netip.MustParseAddrPort(stub.Listener.Addr().String()),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()

	client := gateway.Client("demo/acme.weather")
	granted := func(host string) error {
		if host != "api.example.com" {
			return fmt.Errorf("%s was not granted", host)
		}
		return nil
	}
	for _, url := range []string{
		"http://API.example.com./forecast",
		"http://api.example.com/moved",
		"http://127.0.0.1/",
	} {
		resp, err := client.Fetch(context.Background(), egress.Request{URL: url}, granted, egress.Limits{})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(resp.Status, string(resp.Body))
	}

	// Output:
	// 200 sunny
	// elsewhere.example.com was not granted
	// host "127.0.0.1" is an address, not a name: extensions reach hosts by name
}
