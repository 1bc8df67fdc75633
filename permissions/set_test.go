package permissions_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/annexhost/annex/permissions"
)

// spec is a set written in a line.
type spec struct {
	client, server []string
	subdomains     bool
	public         bool
}

func (s spec) set(t *testing.T) permissions.Set {
	t.Helper()
	set := parse(t, permissions.Policy{Subdomains: s.subdomains}, s.client, s.server)
	set.Public = s.public
	return set
}

func TestDiff(t *testing.T) {
	a, sub := []string{"http:domain:a.example"}, []string{"http:domain:x.a.example"}
	for _, tt := range []struct {
		rule           string
		old, new       spec
		added, removed spec
	}{
		{"nothing changed",
			spec{client: []string{"ui:toast"}, server: a}, spec{client: []string{"ui:toast"}, server: a}, spec{}, spec{}},
		{"the first install",
			spec{}, spec{client: []string{"ui:toast"}}, spec{client: []string{"ui:toast"}}, spec{}},
		{"a permission added",
			spec{client: []string{"ui:toast"}}, spec{client: []string{"telemetry", "ui:toast"}}, spec{client: []string{"telemetry"}}, spec{}},
		{"a permission removed",
			spec{server: []string{"secrets:read", "secrets:write"}}, spec{server: []string{"secrets:read"}}, spec{}, spec{server: []string{"secrets:write"}}},
		{"a host exchanged",
			spec{server: a}, spec{server: []string{"http:domain:b.example"}}, spec{server: []string{"http:domain:b.example"}}, spec{server: a}},
		{"hosts widened to any host",
			spec{server: a}, spec{server: []string{"http:fetch"}}, spec{server: []string{"http:fetch"}}, spec{}},
		{"any host narrowed to hosts",
			spec{server: []string{"http:fetch"}}, spec{server: a}, spec{}, spec{server: []string{"http:fetch"}}},
		{"a host added beside any host",
			spec{server: []string{"http:fetch"}}, spec{server: append(a, "http:fetch")}, spec{}, spec{}},
		{"a part of the dialogs",
			spec{client: []string{"ui:dialog"}}, spec{client: []string{"ui:inputbox"}}, spec{}, spec{client: []string{"ui:dialog"}}},
		{"all dialogs after their parts",
			spec{client: []string{"ui:inputbox", "ui:quickpick"}}, spec{client: []string{"ui:dialog"}}, spec{client: []string{"ui:dialog"}}, spec{}},
		{"the operator turned subdomains on",
			spec{server: a}, spec{server: a, subdomains: true}, spec{server: a, subdomains: true}, spec{}},
		{"the operator turned subdomains off",
			spec{server: a, subdomains: true}, spec{server: a}, spec{}, spec{server: a, subdomains: true}},
		{"subdomains on, beside any host",
			spec{server: []string{"http:fetch"}}, spec{server: append(a, "http:fetch"), subdomains: true}, spec{}, spec{}},
		{"a host under one that covers it",
			spec{server: a, subdomains: true}, spec{server: append(sub, a...), subdomains: true}, spec{}, spec{}},
		{"a host under one that does not cover it",
			spec{server: a}, spec{server: append(sub, a...)}, spec{server: sub}, spec{}},
		{"a host above one that was approved",
			spec{server: sub, subdomains: true}, spec{server: a, subdomains: true}, spec{server: a, subdomains: true}, spec{}},
		{"the operator turned subdomains on, and other permissions stay",
			spec{client: []string{"ui:toast"}, server: append(a, "secrets:read")}, spec{client: []string{"ui:toast"}, server: append(a, "secrets:read"), subdomains: true},
			spec{server: a, subdomains: true}, spec{}},
		{"public routes stay",
			spec{public: true}, spec{public: true}, spec{}, spec{}},
		{"public routes added",
			spec{client: []string{"ui:toast"}}, spec{client: []string{"ui:toast"}, public: true}, spec{public: true}, spec{}},
		{"public routes removed",
			spec{public: true}, spec{}, spec{}, spec{public: true}},
		{"the same name on the other side is another permission",
			spec{client: []string{"network:fetch"}}, spec{server: []string{"http:fetch"}}, spec{server: []string{"http:fetch"}}, spec{client: []string{"network:fetch"}}},
	} {
		d := permissions.Diff(tt.old.set(t), tt.new.set(t))
		if want := tt.added.set(t); !equal(d.Added, want) {
			t.Errorf("%s: added %+v, want %+v", tt.rule, d.Added, want)
		}
		if want := tt.removed.set(t); !equal(d.Removed, want) {
			t.Errorf("%s: removed %+v, want %+v", tt.rule, d.Removed, want)
		}
		if got, want := d.NeedsConsent(), !tt.added.set(t).IsEmpty(); got != want {
			t.Errorf("%s: NeedsConsent() = %v, want %v", tt.rule, got, want)
		}
		if got, want := d.Narrows(), !tt.removed.set(t).IsEmpty(); got != want {
			t.Errorf("%s: Narrows() = %v, want %v", tt.rule, got, want)
		}
	}
}

func TestIntersect(t *testing.T) {
	a, b, under := []string{"http:domain:a.example"}, []string{"http:domain:b.example"}, []string{"http:domain:x.a.example"}
	fetch := []string{"http:fetch"}
	for _, tt := range []struct {
		rule       string
		a, b, want spec
	}{
		{"nothing in common", spec{server: a}, spec{server: b}, spec{}},
		{"one in common", spec{client: []string{"telemetry", "ui:toast"}}, spec{client: []string{"ui:toast"}}, spec{client: []string{"ui:toast"}}},
		{"the same name on the other side", spec{client: []string{"network:fetch"}}, spec{server: fetch}, spec{}},
		{"a part of the dialogs", spec{client: []string{"ui:dialog"}}, spec{client: []string{"ui:inputbox"}}, spec{client: []string{"ui:inputbox"}}},
		{"a host of any", spec{server: fetch}, spec{server: a}, spec{server: a}},
		{"any and any", spec{server: fetch}, spec{server: fetch}, spec{server: fetch}},
		{"hosts with subdomains of any", spec{server: fetch}, spec{server: a, subdomains: true}, spec{server: a, subdomains: true}},
		{"subdomains in one alone", spec{server: a, subdomains: true}, spec{server: a}, spec{server: a}},
		{"subdomains in both", spec{server: a, subdomains: true}, spec{server: a, subdomains: true}, spec{server: a, subdomains: true}},
		{"a name under a host with subdomains", spec{server: a, subdomains: true}, spec{server: under}, spec{server: under}},
		{"a name under an exact host", spec{server: a}, spec{server: under}, spec{}},
		{"public in one alone", spec{public: true}, spec{}, spec{}},
		{"public in both", spec{public: true}, spec{public: true}, spec{public: true}},
	} {
		x, y, want := tt.a.set(t), tt.b.set(t), tt.want.set(t)
		if got := permissions.Intersect(x, y); !equal(got, want) {
			t.Errorf("%s: got %v, want %v", tt.rule, got, want)
		}
		if got := permissions.Intersect(y, x); !equal(got, want) {
			t.Errorf("%s, the other way round: got %v, want %v", tt.rule, got, want)
		}
	}
}

func TestSetString(t *testing.T) {
	for _, c := range []struct {
		set  spec
		want string
	}{
		{spec{}, "nothing"},
		{spec{client: []string{"ui:toast"}, public: true}, "client ui:toast, public routes"},
		{spec{server: []string{"secrets:read", "http:domain:a.example"}, subdomains: true}, "server http:domain:a.example, server secrets:read, subdomains"},
	} {
		if got := c.set.set(t).String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func equal(a, b permissions.Set) bool {
	return slices.Equal(a.Client, b.Client) && slices.Equal(a.Server, b.Server) && a.Public == b.Public && a.Subdomains == b.Subdomains
}

func TestSetJSON(t *testing.T) {
	for _, c := range []struct {
		set  permissions.Set
		want string
	}{
		{permissions.Set{}, `{"client":[],"server":[]}`},
		{spec{client: []string{"ui:toast"}, public: true}.set(t), `{"client":["ui:toast"],"server":[],"public":true}`},
		{spec{server: []string{"http:domain:a.example"}, subdomains: true}.set(t), `{"client":[],"server":["http:domain:a.example"],"subdomains":true}`},
	} {
		got, err := json.Marshal(c.set)
		if err != nil || string(got) != c.want {
			t.Errorf("got %s, %v; want %s", got, err, c.want)
		}
		var back permissions.Set
		if err := json.Unmarshal(got, &back); err != nil || !equal(back, c.set) {
			t.Errorf("%s reads as %+v, %v", got, back, err)
		}
	}
}

func TestStatements(t *testing.T) {
	set := spec{
		client:     []string{"ui:toast", "workspace:files"},
		server:     []string{"secrets:read", "storage:database", "http:domain:bücher.example"},
		subdomains: true, public: true,
	}.set(t)
	want := []permissions.Statement{
		{Side: "server", Risk: "high", Text: permissions.PublicConsent},
		{Side: "server", Permission: "secrets:read", Risk: "high", Text: "Access stored credentials"},
		{Side: "server", Permission: "http:domain:xn--bcher-kva.example", Risk: "medium",
			Text: "Connect to xn--bcher-kva.example (written bücher.example) and every name under it"},
		{Side: "client", Permission: "workspace:files", Risk: "medium", Text: "Monitor file changes"},
		{Side: "server", Permission: "storage:database", Risk: "low", Text: "Store data on server"},
		{Side: "client", Permission: "ui:toast", Risk: "low", Text: "Show notifications"},
	}
	if got := set.Statements(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
