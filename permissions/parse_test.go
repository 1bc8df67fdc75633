package permissions_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
)

func TestParse(t *testing.T) {
	const c, s = permissions.Client, permissions.Server
	subdomains := permissions.Policy{Subdomains: true}
	for _, tt := range []struct {
		side permissions.Side
		in   string
		pol  permissions.Policy
		want permissions.Permission
	}{
		{c, "ui:toast", permissions.Policy{}, "ui:toast"},
		{c, "telemetry", permissions.Policy{}, "telemetry"},
		{s, "storage:database", permissions.Policy{}, "storage:database"},
		{s, "http:fetch", permissions.Policy{}, "http:fetch"},
		{s, "http:domain:api.example.com", permissions.Policy{}, "http:domain:api.example.com"},
		{s, "http:domain:API.Example.com.", permissions.Policy{}, "http:domain:api.example.com"},
		{s, "http:domain:bücher.example", permissions.Policy{}, "http:domain:xn--bcher-kva.example"},
		{s, "http:domain:stub.test", permissions.Policy{}, "http:domain:stub.test"},
		{s, "http:domain:example.com", subdomains, "http:domain:example.com"},
		{s, "http:domain:www.ck", subdomains, "http:domain:www.ck"},                 // an exception of the list
		{s, "http:domain:github.io", permissions.Policy{}, "http:domain:github.io"}, // one company's host
		{s, "http:domain:me.github.io", subdomains, "http:domain:me.github.io"},
		{s, "http:domain:kawasaki.jp", permissions.Policy{}, "http:domain:kawasaki.jp"},
	} {
		got, err := permissions.Parse(tt.side, tt.in, tt.pol)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%s, %q, %+v) = %q, %v; want %q", tt.side, tt.in, tt.pol, got, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const c, s = permissions.Client, permissions.Server
	subdomains := permissions.Policy{Subdomains: true}
	for _, tt := range []struct {
		side permissions.Side
		in   string
		pol  permissions.Policy
		hint string // part of the error
	}{
		{c, "", permissions.Policy{}, "expected one of commands:execute"},
		{c, "ui:telepathy", permissions.Policy{}, "unknown client permission"},
		{c, "UI:toast", permissions.Policy{}, "unknown client permission"},
		{c, "ui:toast ", permissions.Policy{}, "unknown client permission"},
		{c, "storage:database", permissions.Policy{}, "it is a server permission"},
		{c, "http:domain:example.com", permissions.Policy{}, "it is a server permission"},
		{s, "storage:local", permissions.Policy{}, "it is a client permission"},
		{s, "none", permissions.Policy{}, "unknown server permission"},
		{"elsewhere", "ui:toast", permissions.Policy{}, "unknown elsewhere permission"},
		{s, "http:domain:", permissions.Policy{}, "is empty"},
		{s, "http:domain:*", permissions.Policy{}, "wildcards are not supported: declare each host"},
		{s, "http:domain:*.example.com", permissions.Policy{}, "wildcards are not supported: declare each host"},
		{s, "http:domain:*.example.com", subdomains, "wildcards are not supported: declare each host"},
		{s, "http:domain:https://example.com/", permissions.Policy{}, "without scheme and path"},
		{s, "http:domain:example.com/v1", permissions.Policy{}, "without scheme and path"},
		{s, "http:domain:example.com:8443", permissions.Policy{}, "which ports are open is the operator's decision"},
		{s, "http:domain:me@example.com", permissions.Policy{}, "declare the host alone"},
		{s, "http:domain:exa mple.com", permissions.Policy{}, "is not a host name"},
		{s, "http:domain:127.0.0.1", permissions.Policy{}, "--resolve HOST=ADDR:PORT"},
		{s, "http:domain:0x7f.1", permissions.Policy{}, "--resolve HOST=ADDR:PORT"},
		{s, "http:domain:[::1]", permissions.Policy{}, "--resolve HOST=ADDR:PORT"},
		{s, "http:domain:::1", permissions.Policy{}, "--resolve HOST=ADDR:PORT"},
		{s, "http:domain:localhost", permissions.Policy{}, "--resolve HOST=ADDR:PORT"},
		{s, "http:domain:com", permissions.Policy{}, "name without a domain"},
		{s, "http:domain:co.uk", permissions.Policy{}, "public suffix"},
		{s, "http:domain:CO.UK.", permissions.Policy{}, "public suffix"},
		{s, "http:domain:x.kawasaki.jp", permissions.Policy{}, "public suffix"},
		{s, "http:domain:github.io", subdomains, "belong to many parties"},
		{s, "http:domain:kawasaki.jp", subdomains, "belong to many parties"},
	} {
		got, err := permissions.Parse(tt.side, tt.in, tt.pol)
		var pe *permissions.ParseError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), tt.hint) {
			t.Errorf("Parse(%s, %q, %+v) = %q, %v; want an error with %q", tt.side, tt.in, tt.pol, got, err, tt.hint)
		}
	}
}

func TestParseSet(t *testing.T) {
	got, errs := permissions.ParseSet(
		[]string{"ui:toast", "nope", "telemetry", "ui:toast"},
		[]string{"http:domain:B.example", "http:domain:*", "http:domain:a.example", "http:domain:b.example."},
		permissions.Policy{Subdomains: true})
	want := permissions.Set{
		Client:     []permissions.Permission{"telemetry", "ui:toast"},
		Server:     []permissions.Permission{"http:domain:a.example", "http:domain:b.example"},
		Subdomains: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("set = %+v, want %+v", got, want)
	}
	if len(errs) != 2 {
		t.Fatalf("%d errors, want 2: %v", len(errs), errs)
	}
	if e := errs[0]; e.Side != permissions.Client || e.Index != 1 || e.Err.Permission != "nope" {
		t.Errorf("first error is %v", e)
	}
	if e := errs[1]; e.Side != permissions.Server || e.Index != 1 {
		t.Errorf("second error is %v", e)
	}
}

func TestParseSetIsExactWithoutHosts(t *testing.T) {
	got, _ := permissions.ParseSet([]string{"ui:toast"}, []string{"http:fetch"}, permissions.Policy{Subdomains: true})
	if got.Subdomains {
		t.Error("a set without http:domain: says that it covers subdomains")
	}
}

func FuzzParse(f *testing.F) {
	for _, e := range permissions.All() {
		f.Add(string(e.Name), false)
	}
	for _, s := range []string{"http:domain:bücher.example", "http:domain:co.uk", "http:domain:[::1]", "http:domain:*.a.b", "none", ""} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, subdomains bool) {
		pol := permissions.Policy{Subdomains: subdomains}
		for _, side := range []permissions.Side{permissions.Client, permissions.Server} {
			p, err := permissions.Parse(side, s, pol)
			if err != nil {
				continue
			}
			if again, err := permissions.Parse(side, string(p), pol); err != nil || again != p {
				t.Errorf("Parse(%q) = %q, and again %q, %v", s, p, again, err)
			}
			if permissions.Consent(p, pol) == "" {
				t.Errorf("no consent text for %q", p)
			}
			set := permissions.Set{Client: []permissions.Permission{p}, Server: []permissions.Permission{p}}
			if d := permissions.NewGrants("a.b", set, pol).Check(side, p); d != nil {
				t.Errorf("%q parses and is denied when granted: %v", p, d)
			}
			if d := permissions.NewGrants("a.b", permissions.Set{}, pol).Check(side, p); d == nil {
				t.Errorf("%q is granted by the empty set", p)
			}
		}
	})
}
