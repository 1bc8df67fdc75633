package keyspace

import (
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

func TestOwner(t *testing.T) {
	const unknown = "?"
	for _, c := range []struct {
		key, value, want string
	}{
		{"reg/inst/acme/x.a", "{}", "acme"},
		{"reg/inst/acme2/x.a", "{}", "acme2"},
		{"reg/org/acme", "{}", "acme"},
		{"reg/due/20260102T030405.000000000/acme/x.a", "", "acme"},
		{"reg/pin/abc/acme/x.a", "", "acme"},
		{"reg/door/abc", "acme/x.a", "acme"},
		{"reg/door/abc", "acme", unknown},
		{"reg/blob/acme/0000", "", Host},
		{"sec/o/a%2Fb/x.a", "", "a/b"},
		{"aud/e/@host/0000000000000001", "", "@host"},
		{"identity/token/abc", `{"org":"acme"}`, "acme"},
		{"identity/token/abc", `{}`, unknown},
		{"exp/12345678\x00\x0dext/acme/x.a/key", "", "acme"},
		{"exp/12345678\x00\xffext/acme/x.a/key", "", unknown},
		{"ext/acme/x.a/k/key", "", "acme"},
		{"sys/format", "", Host},
		{"new/acme", "", unknown},
		{"reg/new/acme", "", unknown},
		{"reg/inst/", "", unknown},
	} {
		got, err := Owner(storage.Key(c.key), []byte(c.value))
		if err != nil {
			got = unknown
		}
		if got != c.want {
			t.Errorf("%q = %q: owner %q (error %v), want %q", c.key, c.value, got, err, c.want)
		}
	}
}

func TestPrefixes(t *testing.T) {
	all := Prefixes("acme")
	for _, p := range all {
		if !strings.HasSuffix(string(p), "/acme/") {
			t.Errorf("%q reaches further than the organization", p)
		}
	}
	for _, want := range []storage.Key{"aud/e/acme/", "ext/acme/", "log/acme/", "rec/acme/", "sec/v/acme/", "reg/ver/acme/", "identity/org/acme/", "reg/publisher/acme/"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is missing in %q", want, all)
		}
	}
}
