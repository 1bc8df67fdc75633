package permissions_test

import (
	"errors"
	"testing"

	"github.com/annexhost/annex/permissions"
)

// parse makes the set that a person approved under pol.
func parse(t testing.TB, pol permissions.Policy, client, server []string) permissions.Set {
	t.Helper()
	set, errs := permissions.ParseSet(client, server, pol)
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	return set
}

func TestCheck(t *testing.T) {
	const c, s = permissions.Client, permissions.Server
	for _, tt := range []struct {
		client, server []string
		side           permissions.Side
		p              permissions.Permission
		want           bool
	}{
		{nil, nil, c, permissions.None, true},
		{nil, nil, s, permissions.None, true},
		{nil, nil, c, "ui:toast", false},
		{[]string{"ui:toast"}, nil, c, "ui:toast", true},
		{[]string{"ui:toast"}, nil, s, "ui:toast", false},
		{[]string{"ui:toast"}, nil, "", "ui:toast", false},
		{[]string{"ui:toast"}, nil, c, "UI:toast", false},
		{[]string{"ui:toast"}, nil, c, "ui:dialog", false},
		{[]string{"ui:toast"}, nil, c, "", false},
		{[]string{"ui:toast"}, nil, c, "ui:telepathy", false},
		{[]string{"ui:dialog"}, nil, c, "ui:quickpick", true},
		{[]string{"ui:dialog"}, nil, c, "ui:inputbox", true},
		{[]string{"ui:quickpick"}, nil, c, "ui:inputbox", false},
		{[]string{"ui:quickpick", "ui:inputbox"}, nil, c, "ui:dialog", false},
		{nil, []string{"storage:database"}, s, "storage:database", true},
		{nil, []string{"storage:database"}, c, "storage:database", false},
		{nil, []string{"secrets:read"}, s, "secrets:write", false},
		{nil, []string{"secrets:write"}, s, "secrets:read", false},
		{nil, []string{"http:domain:a.example"}, s, "http:domain:a.example", true},
		{nil, []string{"http:domain:a.example"}, s, "http:domain:b.example", false},
		{nil, []string{"http:domain:a.example"}, c, "http:domain:a.example", false},
		{nil, []string{"http:domain:a.example"}, s, "http:fetch", false},
		{nil, []string{"http:domain:a.example"}, s, permissions.HTTPDomain, true},
		{nil, []string{"storage:database"}, s, permissions.HTTPDomain, false},
		{nil, []string{"http:fetch"}, s, permissions.HTTPDomain, true},
		{nil, []string{"http:fetch"}, s, "http:domain:a.example", true},
		{nil, []string{"http:fetch"}, s, "http:domain:", false},
		{nil, []string{"http:fetch"}, c, "network:fetch", false},
	} {
		g := permissions.NewGrants("acme.x", parse(t, permissions.Policy{}, tt.client, tt.server), permissions.Policy{})
		if got := g.Check(tt.side, tt.p) == nil; got != tt.want {
			t.Errorf("%v %v: Check(%q, %q) granted = %v, want %v", tt.client, tt.server, tt.side, tt.p, got, tt.want)
		}
	}
}

func TestCheckHost(t *testing.T) {
	exact, sub := permissions.Policy{}, permissions.Policy{Subdomains: true}
	domain := []string{"http:domain:good.com"}
	for _, tt := range []struct {
		rule          string
		server        []string
		approved, now permissions.Policy
		host          string
		want          bool
	}{
		{"the host", domain, exact, exact, "good.com", true},
		{"another host", domain, exact, exact, "evil.com", false},
		{"no host", domain, exact, exact, "", false},
		{"a name under it", domain, exact, exact, "api.good.com", false},
		{"the name above it", domain, exact, exact, "com", false},
		{"a name that ends alike", domain, exact, exact, "notgood.com", false},
		{"a name that starts alike", domain, exact, exact, "good.com.evil.com", false},
		{"not brought into form: case", domain, exact, exact, "GOOD.com", false},
		{"not brought into form: dot", domain, exact, exact, "good.com.", false},
		{"subdomains: the host", domain, sub, sub, "good.com", true},
		{"subdomains: a name under it", domain, sub, sub, "api.good.com", true},
		{"subdomains: a name further under it", domain, sub, sub, "a.b.c.good.com", true},
		{"subdomains: the name above it", domain, sub, sub, "com", false},
		{"subdomains: a name that ends alike", domain, sub, sub, "notgood.com", false},
		{"subdomains: a path before it", domain, sub, sub, "evil.com/.good.com", false},
		{"subdomains: a port before it", domain, sub, sub, "evil.com:80.good.com", false},
		{"subdomains: an empty label", domain, sub, sub, ".good.com", false},
		{"subdomains: two empty labels", domain, sub, sub, "a..good.com", false},
		{"approved exact, policy widened later", domain, exact, sub, "api.good.com", false},
		{"approved wide, policy narrowed later", domain, sub, exact, "api.good.com", false},
		{"any host", []string{"http:fetch"}, exact, exact, "evil.com", true},
		{"any host: no address", []string{"http:fetch"}, exact, exact, "127.0.0.1", false},
		{"any host: no short address", []string{"http:fetch"}, exact, exact, "0x7f.1", false},
		{"any host: no IPv6 address", []string{"http:fetch"}, exact, exact, "::1", false},
		{"any host: not brought into form", []string{"http:fetch"}, exact, exact, "a_b.com", false},
		{"nothing granted", nil, exact, exact, "good.com", false},
	} {
		g := permissions.NewGrants("acme.x", parse(t, tt.approved, nil, tt.server), tt.now)
		if got := g.CheckHost(tt.host) == nil; got != tt.want {
			t.Errorf("%s: CheckHost(%q) granted = %v, want %v", tt.rule, tt.host, got, tt.want)
		}
	}
}

func TestNewGrantsLeavesOutTheUnknown(t *testing.T) {
	sub := permissions.Policy{Subdomains: true}
	g := permissions.NewGrants("acme.x", permissions.Set{
		Client:     []permissions.Permission{"nuclear:launch", "storage:database", permissions.None},
		Server:     []permissions.Permission{"nuclear:launch", "ui:toast", "http:domain:*", "http:domain:GOOD.com", "http:domain:co.uk", "http:domain:github.io"},
		Subdomains: true,
	}, sub)
	for _, side := range []permissions.Side{permissions.Client, permissions.Server} {
		for _, p := range []permissions.Permission{"nuclear:launch", "storage:database", "ui:toast", permissions.HTTPDomain} {
			if g.Check(side, p) == nil {
				t.Errorf("%s %s is granted", side, p)
			}
		}
	}
	for _, host := range []string{"good.com", "bank.co.uk", "stranger.github.io"} {
		if g.CheckHost(host) == nil {
			t.Errorf("%s is granted", host)
		}
	}
}

func TestNilGrants(t *testing.T) {
	var g *permissions.Grants
	if g.Check(permissions.Server, permissions.None) != nil {
		t.Error("none is denied")
	}
	if g.Check(permissions.Server, "storage:database") == nil || g.CheckHost("a.example") == nil || g.HasPublic() {
		t.Error("something is granted")
	}
}

func TestHasPublic(t *testing.T) {
	if permissions.NewGrants("a.b", permissions.Set{}, permissions.Policy{}).HasPublic() {
		t.Error("public without approval")
	}
	if !permissions.NewGrants("a.b", permissions.Set{Public: true}, permissions.Policy{}).HasPublic() {
		t.Error("not public after approval")
	}
}

func TestDenialText(t *testing.T) {
	g := permissions.NewGrants("acme.notes", permissions.Set{}, permissions.Policy{})
	for _, c := range []struct {
		err  error
		want string
	}{
		{g.Check(permissions.Client, "ui:toast"), "Permission denied: ui:toast not granted to extension acme.notes"},
		{g.Check(permissions.Server, "nuclear:launch"), "Permission denied: nuclear:launch not granted to extension acme.notes"},
		{g.CheckHost("malicious.com"), "Domain malicious.com not in extension's allowed domains"},
		{g.Check(permissions.Server, "http:domain:malicious.com"), "Domain malicious.com not in extension's allowed domains"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	var d *permissions.Denial
	if !errors.As(error(g.CheckHost("malicious.com")), &d) || d.Permission != "http:domain:malicious.com" || d.Host != "malicious.com" {
		t.Errorf("denial of a host is %+v", d)
	}
}

func TestChecksAllocateNothing(t *testing.T) {
	g := benchGrants(t)
	for _, c := range []struct {
		rule string
		f    func() *permissions.Denial
	}{
		{"Check", func() *permissions.Denial { return g.Check(permissions.Server, permissions.StorageDatabase) }},
		{"Check none", func() *permissions.Denial { return g.Check(permissions.Server, permissions.None) }},
		{"Check implied", func() *permissions.Denial { return g.Check(permissions.Client, permissions.UIInputBox) }},
		{"Check a host", func() *permissions.Denial { return g.Check(permissions.Server, "http:domain:api.example.com") }},
		{"CheckHost", func() *permissions.Denial { return g.CheckHost("api.example.com") }},
		{"CheckHost under it", func() *permissions.Denial { return g.CheckHost("a.b.api.example.com") }},
	} {
		if c.f() != nil {
			t.Errorf("%s: denied", c.rule)
		}
		if n := testing.AllocsPerRun(100, func() { c.f() }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", c.rule, n)
		}
	}
}

// benchGrants is what a large extension has: everything on both sides but
// http:fetch, and 20 hosts.
func benchGrants(t testing.TB) *permissions.Grants {
	var client []string
	server := []string{"http:domain:api.example.com"}
	for _, e := range permissions.All() {
		switch {
		case e.Side == permissions.Client:
			client = append(client, string(e.Name))
		case e.Name != permissions.HTTPFetch && e.Name != permissions.HTTPDomain:
			server = append(server, string(e.Name))
		}
	}
	for i := range 19 {
		server = append(server, "http:domain:api"+string(rune('a'+i))+".example.com")
	}
	pol := permissions.Policy{Subdomains: true}
	return permissions.NewGrants("acme.large", parse(t, pol, client, server), pol)
}

func BenchmarkGrantsCheck(b *testing.B) {
	g := benchGrants(b)
	b.ReportAllocs()
	for b.Loop() {
		if d := g.Check(permissions.Server, permissions.StorageDatabase); d != nil {
			b.Fatal(d)
		}
	}
}

func BenchmarkGrantsCheckHost(b *testing.B) {
	large := benchGrants(b)
	anyHost := permissions.NewGrants("acme.any", parse(b, permissions.Policy{}, nil, []string{"http:fetch"}), permissions.Policy{})
	for _, c := range []struct {
		name   string
		grants *permissions.Grants
		host   string
	}{
		{"exact", large, "api.example.com"},
		{"subdomain", large, "eu.west.api.example.com"},
		{"any", anyHost, "api.example.com"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := c.grants.CheckHost(c.host); d != nil {
					b.Fatal(d)
				}
			}
		})
	}
}
