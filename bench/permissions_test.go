package bench

import (
	"fmt"
	"testing"

	"github.com/annexhost/annex/permissions"
)

// What does a permission check cost, for a permission and for a host?
func TestPermissionCheck(t *testing.T) {
	set, wrong := permissions.ParseSet(nil, []string{"storage:database", "http:domain:api.example.com"}, permissions.Policy{})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	grants := permissions.NewGrants("acme.bench", set, permissions.Policy{})
	checks := map[string]func() *permissions.Denial{
		"permission": func() *permissions.Denial { return grants.Check(permissions.Server, "storage:database") },
		"host":       func() *permissions.Denial { return grants.CheckHost("api.example.com") },
	}
	for _, name := range []string{"permission", "host"} {
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if checks[name]() != nil {
					b.Fatal("denied")
				}
			}
		})
		bar("the check of a "+name, "under 100 ns, 0 allocations",
			fmt.Sprintf("%d ns, %d allocations", r.NsPerOp(), r.AllocsPerOp()), r.NsPerOp() < 100 && r.AllocsPerOp() == 0)
	}
}
