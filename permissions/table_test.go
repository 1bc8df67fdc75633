package permissions_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/annexhost/annex/permissions"
)

func TestTable(t *testing.T) {
	all := permissions.All()
	if !slices.IsSortedFunc(all, func(a, b permissions.Entry) int {
		return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.Name, b.Name))
	}) {
		t.Error("the table is not sorted by side and name")
	}
	seen := map[permissions.Permission]bool{permissions.None: true}
	for _, e := range all {
		if seen[e.Name] {
			t.Errorf("%s: twice in the table", e.Name)
		}
		seen[e.Name] = true
		if e.Side != permissions.Client && e.Side != permissions.Server {
			t.Errorf("%s: side %q", e.Name, e.Side)
		}
		if !slices.Contains([]permissions.Risk{permissions.Low, permissions.Medium, permissions.High}, e.Risk) {
			t.Errorf("%s: risk %q", e.Name, e.Risk)
		}
		if e.Consent == "" || e.Doc == "" || len(e.Guards) == 0 {
			t.Errorf("%s: without consent, documentation or a method: %+v", e.Name, e)
		}
	}
}

// The contract names 15 client permissions and 5 on the server, and the texts
// of those that its permissions page describes; secrets:use is ours.
func TestTableKeepsTheContract(t *testing.T) {
	consent := map[permissions.Permission]string{
		"ui:toast": "Show notifications", "ui:dialog": "Display dialogs and prompts",
		"ui:status": "Show connection status", "ui:progress": "Display progress indicators",
		"ui:quickpick": "", "ui:inputbox": "",
		"storage:local": "Store preferences locally", "network:orgApi": "Communicate with your organization",
		"network:storeApi": "", "network:fetch": "",
		"commands:register": "Add keyboard shortcuts", "commands:execute": "",
		"workspace:files": "Monitor file changes", "workspace:vaults": "Access vault information",
		"telemetry":        "Send anonymous usage data",
		"storage:database": "Store data on server", "secrets:read": "Access stored credentials",
		"secrets:write": "Save credentials securely", "http:fetch": "Connect to any website",
		"http:domain:*": "Connect to",
		"secrets:use":   "", // ours
	}
	all := permissions.All()
	if len(all) != len(consent) {
		t.Errorf("%d permissions, want %d", len(all), len(consent))
	}
	for _, e := range all {
		want, ok := consent[e.Name]
		if !ok || want != "" && e.Consent != want {
			t.Errorf("%s: consent %q, want %q", e.Name, e.Consent, want)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		side permissions.Side
		p    permissions.Permission
		want permissions.Permission
	}{
		{permissions.Client, "ui:toast", "ui:toast"},
		{permissions.Server, "ui:toast", ""},
		{permissions.Server, "http:domain:a.example", permissions.HTTPDomain},
		{permissions.Client, "http:domain:a.example", ""},
		{permissions.Server, permissions.HTTPDomain, permissions.HTTPDomain},
		{permissions.Server, permissions.None, ""},
	} {
		e, ok := permissions.Lookup(c.side, c.p)
		if e.Name != c.want || ok != (c.want != "") {
			t.Errorf("Lookup(%s, %s) = %q, %v; want %q", c.side, c.p, e.Name, ok, c.want)
		}
	}
}

func TestTableIsACopy(t *testing.T) {
	all := permissions.All()
	all[0].Guards[0] = "changed"
	all[0].Consent = "changed"
	if again := permissions.All(); again[0].Guards[0] == "changed" || again[0].Consent == "changed" {
		t.Error("the table can be changed from outside")
	}
	e, _ := permissions.Lookup(permissions.Client, "ui:toast")
	e.Guards[0] = "changed"
	if again, _ := permissions.Lookup(permissions.Client, "ui:toast"); again.Guards[0] == "changed" {
		t.Error("an entry can be changed from outside")
	}
}

func TestConsent(t *testing.T) {
	exact, sub := permissions.Policy{}, permissions.Policy{Subdomains: true}
	for _, c := range []struct {
		p    permissions.Permission
		pol  permissions.Policy
		want string
	}{
		{"http:domain:api.example.com", exact, "Connect to api.example.com"},
		{"http:domain:api.example.com", sub, "Connect to api.example.com and every name under it"},
		{"http:domain:xn--gd-fmca.com", exact, "Connect to xn--gd-fmca.com (written gооd.com)"},
		{"http:fetch", sub, "Connect to any website"},
		{"nuclear:launch", exact, ""},
		{permissions.None, exact, ""},
	} {
		if got := permissions.Consent(c.p, c.pol); got != c.want {
			t.Errorf("Consent(%s, %+v) = %q, want %q", c.p, c.pol, got, c.want)
		}
	}
}
