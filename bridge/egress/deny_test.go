package egress

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// TestDenyOverridesAllow is that nothing opens an address that the operator
// denied: not that it is public, not an exception, however exact.
func TestDenyOverridesAllow(t *testing.T) {
	for _, c := range []struct {
		allow, deny []string
		addr        string
		want        bool
		rule        string
	}{
		{nil, []string{"8.8.8.0/24"}, "8.8.8.8", false, "a public network"},
		{nil, []string{"8.8.8.0/24"}, "8.8.4.4", true, "and nothing beside it"},
		{nil, []string{"8.8.8.0/24"}, "::ffff:8.8.8.8", false, "written as IPv6"},
		{nil, []string{"2606:4700::/32"}, "2606:4700::1", false, "an IPv6 network"},
		{[]string{"10.0.0.0/8"}, []string{"10.1.0.0/16"}, "10.1.2.3", false, "a part of what is allowed"},
		{[]string{"10.0.0.0/8"}, []string{"10.1.0.0/16"}, "10.2.2.3", true, "the rest stays allowed"},
		{[]string{"10.1.2.3/32"}, []string{"10.0.0.0/8"}, "10.1.2.3", false, "an exact exception in what is denied"},
		{[]string{"127.0.0.1/32"}, []string{"127.0.0.1/32"}, "127.0.0.1", false, "the same on both lists"},
		{[]string{"64:ff9b::/96"}, []string{"8.8.8.8/32"}, "64:ff9b::8.8.8.8", false, "behind a translator"},
		{nil, []string{"0.0.0.0/0", "::/0"}, "1.1.1.1", false, "everything"},
	} {
		g, err := newGuard(prefixes(c.allow), prefixes(c.deny))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.check(netip.MustParseAddr(c.addr)) == nil; got != c.want {
			t.Errorf("allow %v, deny %v, address %s: got %v, want %v (%s)", c.allow, c.deny, c.addr, got, c.want, c.rule)
		}
	}
	for _, bad := range []string{"10.1.2.3/8", "::ffff:10.0.0.0/104"} {
		if _, err := newGuard(nil, prefixes([]string{bad})); err == nil || !strings.Contains(err.Error(), "denied network") {
			t.Errorf("deny %s: got %v, want it refused", bad, err)
		}
	}
}

func prefixes(texts []string) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range texts {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// TestDeniedNames is that a name which the operator denied is not asked, though
// it is granted and leads to an address that is allowed; nor by a redirect.
func TestDeniedNames(t *testing.T) {
	var asked []string
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host)
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	p := reach(map[string]netip.AddrPort{"evil.com": at, "a.evil.com": at, "notevil.com": at, "bücher.de": at})
	p.DenyHosts = []string{"EVIL.com.", "bücher.de"}
	g := newGateway(t, p)
	for _, c := range []struct {
		url  string
		want bool
		rule string
	}{
		{"http://evil.com/", false, "the name"},
		{"http://Evil.Com./", false, "in another form"},
		{"http://a.evil.com/", false, "a name under it"},
		{"http://xn--bcher-kva.de/", false, "in its ASCII form"},
		{"http://notevil.com/", true, "a name that only ends like it"},
		{"http://notevil.com/?to=http://a.evil.com/", false, "by a redirect"},
	} {
		asked = nil
		_, err := get(t, g, c.url)
		if c.want {
			if err != nil {
				t.Errorf("%s (%s): %v", c.url, c.rule, err)
			}
			continue
		}
		if e := wantKind(t, err, Denied); !strings.Contains(e.Message, "closed to all extensions by the operator") {
			t.Errorf("%s (%s): got %q", c.url, c.rule, e.Message)
		}
		for _, host := range asked {
			if host != "notevil.com" {
				t.Errorf("%s (%s): %s was asked", c.url, c.rule, host)
			}
		}
	}
	if _, err := New(Policy{DenyHosts: []string{"*.evil.com"}}); err == nil {
		t.Error("a wildcard is no name: got no error")
	}
}
