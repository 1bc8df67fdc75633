package registry

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// installVersion installs a version of one.notes for acme, a minute after the one before.
func installVersion(t *testing.T, r *Registry, n int, public bool) Installation {
	t.Helper()
	digest := fmt.Sprintf("d%d", n)
	put(t, r, digest, digest)
	at := time.Unix(int64(n)*60, 0).UTC()
	inst := Installation{Org: "acme", Extension: "one.notes", Version: fmt.Sprintf("1.0.%d", n), Digest: digest, InstalledAt: at, UpdatedAt: at}
	inst.Granted.Public = public
	inst, err := r.Install(t.Context(), inst, nil)
	if err != nil {
		t.Fatal(err)
	}
	return inst
}

func TestVersionsAreBoundedAndTheOldestGoesFirst(t *testing.T) {
	store := memstore.New()
	r := New(store)
	for n := range MaxVersions + 3 {
		installVersion(t, r, n, false)
	}
	all, err := r.Versions(t.Context(), "acme", "one.notes")
	if err != nil || len(all) != MaxVersions || all[0].Version != fmt.Sprintf("1.0.%d", MaxVersions+2) || all[MaxVersions-1].Version != "1.0.3" {
		t.Fatalf("%d versions, first %v, last %v, %v", len(all), all[0], all[len(all)-1], err)
	}
	if got := len(keys(t, store, "pkg/")); got != MaxVersions {
		t.Errorf("%d packages are kept for %d versions", got, MaxVersions)
	}
	if left := keys(t, store, "writing/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAPublicAddressReturnsWithTheVersionThatHadOne(t *testing.T) {
	r := New(memstore.New())
	first := installVersion(t, r, 1, true)
	installVersion(t, r, 2, false)
	if _, _, err := r.Door(t.Context(), first.PublicToken); !errors.Is(err, ErrNotFound) {
		t.Errorf("the address of the version before: %v, want ErrNotFound", err)
	}
	back, err := r.Rollback(t.Context(), "acme", "one.notes", "1.0.1", "admin", time.Unix(999, 0))
	if err != nil || back.PublicToken == "" || back.PublicToken == first.PublicToken {
		t.Fatalf("rolled back: %+v, %v; want a fresh token", back, err)
	}
	if _, ext, err := r.Door(t.Context(), back.PublicToken); ext != "one.notes" || err != nil {
		t.Errorf("Door = %q, %v", ext, err)
	}
}

func TestUninstallingForgetsTheVersionsBefore(t *testing.T) {
	store := memstore.New()
	r := New(store)
	installVersion(t, r, 1, true)
	installVersion(t, r, 2, false)
	if _, err := r.Remove(t.Context(), "acme", "one.notes", time.Unix(9999, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Package(t.Context(), "d1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the earlier package: %v, want ErrNotFound", err)
	}
	installVersion(t, r, 3, false)
	if _, err := r.Rollback(t.Context(), "acme", "one.notes", "1.0.1", "admin", time.Unix(999, 0)); !errors.Is(err, ErrNotFound) {
		t.Errorf("back to what was uninstalled: %v, want ErrNotFound", err)
	}
}

// What the first versions of Annex wrote: an installation and the index of its
// package, and no versions.
func TestRecordsWithoutVersionsAreReadAndGrowThem(t *testing.T) {
	store := memstore.New()
	r := New(store)
	put(t, r, "d1", "a")
	err := store.Update(t.Context(), func(tx storage.Tx) error {
		record := `{"org":"acme","extension":"one.notes","version":"1.0.1","digest":"d1","granted":{"client":[],"server":["storage:database"]},` +
			`"enabled":true,"installedAt":"2026-01-02T03:04:05Z","updatedAt":"2026-01-02T03:04:05Z","installedBy":"old","epoch":1}`
		for k, v := range map[storage.Key]string{instKey("acme", "one.notes"): record, shortKey("acme", "one.notes"): "", pinKey("d1", "acme", "one.notes"): ""} {
			if err := tx.Put(k, []byte(v)); err != nil {
				return err
			}
		}
		return tx.Delete(writingKey("d1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := r.Versions(t.Context(), "acme", "one.notes"); err != nil || len(all) != 1 || all[0].Version != "1.0.1" {
		t.Fatalf("versions: %+v, %v", all, err)
	}
	installVersion(t, r, 2, false)
	back, err := r.Rollback(t.Context(), "acme", "one.notes", "1.0.1", "admin", time.Unix(999, 0))
	if err != nil || back.Digest != "d1" || len(back.Granted.Server) != 1 {
		t.Errorf("rolled back: %+v, %v", back, err)
	}
}
