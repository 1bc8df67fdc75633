package standard_test

import (
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

// TestRotationSignsTheAudit is that what was written before a rotation is under
// a signed checkpoint when it begins.
func TestRotationSignsTheAudit(t *testing.T) {
	key, err := secrets.NewMasterKey()
	if err != nil {
		t.Fatal(err)
	}
	host, err := standard.OpenMemory(t.Context(), standard.Options{MasterKey: key, SaveMasterKey: func(secrets.MasterKey) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close(t.Context())
	log := host.State.Audit
	if err := log.Append(t.Context(), audit.Record{Org: "acme", Actor: "test", Action: "test", Outcome: "ok"}); err != nil {
		t.Fatal(err)
	}
	signed := func() (orgs []string) {
		rows, err := host.State.Store.Scan(t.Context(), "", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, org := range []string{"acme", audit.HostOrg} {
				if strings.HasPrefix(string(row.Key), "aud/c/"+org+"/") {
					orgs = append(orgs, org)
				}
			}
		}
		return orgs
	}
	if before := signed(); len(before) > 0 {
		t.Fatalf("checkpoints of %q before there was one", before)
	}
	if _, err := host.State.RotateMasterKey(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	if after := signed(); len(after) != 2 {
		t.Errorf("checkpoints of %q after a rotation, want of acme and of %s", after, audit.HostOrg)
	}
}
