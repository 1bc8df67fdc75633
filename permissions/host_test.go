package permissions_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/annexhost/annex/permissions"
)

func TestNormalizeHost(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct{ in, want string }{
		{"api.example.com", "api.example.com"},
		{"API.Example.COM", "api.example.com"},
		{"example.com.", "example.com"},
		{"localhost", "localhost"},
		{"r3---sn-apo3qvuoxuxbt.example.com", "r3---sn-apo3qvuoxuxbt.example.com"},
		{"1.example.com", "1.example.com"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"BÜCHER.example", "xn--bcher-kva.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
		{"faß.example", "xn--fa-hia.example"},   // not transitional
		{"gооd.com", "xn--gd-fmca.com"},         // Cyrillic о: another name
		{"good。com", "good.com"},                // ideographic full stop
		{"good.com\u200b", "good.com"},          // zero width space
		{"ex\u00adample.com", "example.com"},    // soft hyphen
		{"ｅｘａｍｐｌｅ.com", "example.com"},          // full width
		{"№.example", "no.example"},             // compatibility mapping
		{"مثال.example", "xn--mgbh0fb.example"}, // right to left
		{long + ".com", long + ".com"},
	} {
		got, err := permissions.NormalizeHost(c.in)
		if err != nil || got != c.want {
			t.Errorf("NormalizeHost(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestNormalizeHostRefuses(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct {
		rule, in string
		address  bool
	}{
		{"empty", "", false},
		{"only a dot", ".", false},
		{"two trailing dots", "example.com..", false},
		{"an empty label", "a..b", false},
		{"a leading dot", ".example.com", false},
		{"an empty label by punycode", "xn--.com", false},
		{"broken punycode", "xn--a.com", false},
		{"punycode of plain ASCII", "xn--abc-.com", false},
		{"a label that is too long", long + ".com", false},
		{"a name that is too long", strings.Repeat("abcdefg.", 32) + "com", false},
		{"a text that is too long", strings.Repeat("\u00ad", 600) + "a.com", false},
		{"invalid UTF-8", "a\xff.com", false},
		{"a name that a second pass refuses", "a\u2135.com", false}, // ALEF SYMBOL: mapped past the Bidi rule
		{"an underscore", "a_b.example.com", false},
		{"a wildcard", "*.example.com", false},
		{"a leading hyphen", "-a.example.com", false},
		{"a trailing hyphen", "a-.example.com", false},
		{"a space", "a b.com", false},
		{"a NUL", "a\x00b.com", false},
		{"a percent escape", "a%2eb.com", false},
		{"a port", "example.com:80", false},
		{"a user", "good.com@evil.com", false},
		{"a path", "evil.com/.good.com", false},
		{"an IPv4 address", "127.0.0.1", true},
		{"an IPv4 address with a dot", "127.0.0.1.", true},
		{"a short IPv4 address", "127.1", true},
		{"a decimal IPv4 address", "2130706433", true},
		{"a hexadecimal IPv4 address", "0x7f000001", true},
		{"a hexadecimal last part", "127.0.0.0x1", true},
		{"an octal IPv4 address", "0177.0.0.1", true},
		{"zero", "0", true},
		{"circled digits", "①②⑦.⓪.⓪.①", true},
		{"full width digits", "１２７.0.0.1", true},
		{"a name that ends in a number", "example.com.8", true},
		{"an IPv6 address", "::1", true},
		{"an IPv6 address in brackets", "[::1]", true},
		{"a mapped IPv6 address", "::ffff:127.0.0.1", true},
		{"an IPv6 address with a zone", "fe80::1%eth0", true},
	} {
		got, err := permissions.NormalizeHost(c.in)
		var he *permissions.HostError
		if !errors.As(err, &he) {
			t.Errorf("%s: NormalizeHost(%q) = %q, %v; want a HostError", c.rule, c.in, got, err)
			continue
		}
		if he.Address != c.address {
			t.Errorf("%s: NormalizeHost(%q): Address = %v, want %v", c.rule, c.in, he.Address, c.address)
		}
	}
}

func FuzzNormalizeHost(f *testing.F) {
	for _, s := range []string{"example.com", "bücher.example", "①②⑦.⓪.⓪.①", "xn--bcher-kva.example", "a。b", "[::1]", "a\u200b.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := permissions.NormalizeHost(s)
		if err != nil {
			return
		}
		if again, err := permissions.NormalizeHost(got); err != nil || again != got {
			t.Errorf("NormalizeHost(%q) = %q, and again %q, %v", s, got, again, err)
		}
		if strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
			t.Errorf("NormalizeHost(%q) = %q: not LDH", s, got)
		}
		g := permissions.NewGrants("a.b", permissions.Set{Server: []permissions.Permission{permissions.HTTPFetch}}, permissions.Policy{})
		if d := g.CheckHost(got); d != nil {
			t.Errorf("CheckHost(%q) denies what NormalizeHost gave", got)
		}
	})
}
