package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// put keeps a small package whose one file is content.
func put(t *testing.T, r *Registry, digest, content string) {
	t.Helper()
	err := r.Put(t.Context(), digest, "tools-1", []byte(`{"id":"acme.notes"}`),
		[]Content{{Path: "server/a.js", Data: []byte(content)}},
		[]Bundled{{Path: "server/a.js", Code: []byte("bundle of " + content), SourceMap: nil}})
	if err != nil {
		t.Fatal(err)
	}
}

func install(t *testing.T, r *Registry, org, extension, digest string) Installation {
	t.Helper()
	inst, err := r.Install(t.Context(), Installation{
		Org: org, Extension: extension, Version: "1.0.0", Digest: digest, Enabled: true, InstalledAt: time.Unix(1, 0),
		Granted: permissions.Set{Server: []permissions.Permission{permissions.StorageDatabase}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return inst
}

// keys lists every key below "reg/" that starts with prefix.
func keys(t *testing.T, s storage.Store, prefix string) []string {
	t.Helper()
	pairs, err := s.Scan(t.Context(), storage.Key("reg/"+prefix), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range pairs {
		names = append(names, string(p.Key))
	}
	return names
}

func TestInstalledIsFoundByIDAndByAShortNameThatIsUnique(t *testing.T) {
	r := New(memstore.New())
	put(t, r, "d1", "a")
	install(t, r, "acme", "one.notes", "d1")
	if got, err := r.FindShort(t.Context(), "acme", "notes"); got != "one.notes" || err != nil {
		t.Errorf("FindShort = %q, %v; want one.notes", got, err)
	}
	if _, err := r.FindShort(t.Context(), "other", "notes"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organization's short name: %v, want ErrNotFound", err)
	}
	install(t, r, "acme", "two.notes", "d1")
	if _, err := r.FindShort(t.Context(), "acme", "notes"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a short name of two extensions: %v, want ErrNotFound", err)
	}
	got, err := r.Get(t.Context(), "acme", "two.notes")
	if err != nil || got.Digest != "d1" || len(got.Granted.Server) != 1 {
		t.Errorf("Get = %+v, %v", got, err)
	}
	if _, err := r.Get(t.Context(), "acme", strings.Repeat("x", 5000)); !errors.Is(err, ErrNotFound) {
		t.Errorf("an id longer than any key: %v, want ErrNotFound", err)
	}
}

func TestInstallingAgainKeepsTheFirstDateAndTheConfigurationAndRaisesTheEpoch(t *testing.T) {
	r := New(memstore.New())
	put(t, r, "d1", "a")
	first := install(t, r, "acme", "one.notes", "d1")
	_, err := r.Change(t.Context(), "acme", "one.notes", func(i *Installation) error {
		i.Config = []byte(`{"a":1}`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Install(t.Context(), Installation{Org: "acme", Extension: "one.notes", Digest: "d1", InstalledAt: time.Unix(99, 0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !again.InstalledAt.Equal(first.InstalledAt) || string(again.Config) != `{"a":1}` || again.Epoch != 3 {
		t.Errorf("installed again: %+v", again)
	}
}

func TestAPackageGoesWithItsLastInstallation(t *testing.T) {
	store := memstore.New()
	r := New(store)
	put(t, r, "d1", "shared")
	put(t, r, "d2", "other")
	install(t, r, "acme", "one.notes", "d1")
	install(t, r, "globex", "one.notes", "d1")

	install(t, r, "acme", "one.notes", "d2")
	if _, err := r.Package(t.Context(), "d1"); err != nil {
		t.Fatalf("d1 while globex needs it: %v", err)
	}
	install(t, r, "globex", "one.notes", "d2")
	if _, err := r.Package(t.Context(), "d1"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("d1 when nobody needs it: %v, want ErrNotFound", err)
	}
	for _, k := range append(keys(t, store, "use/"), keys(t, store, "has/")...) {
		if strings.HasSuffix(k, "/d1") || strings.Contains(k, "/d1/") {
			t.Errorf("left of d1: %s", k)
		}
	}
	// "other", its bundle and the empty source map.
	if got := keys(t, store, "blob/"); len(got) != 3 {
		t.Errorf("blobs left: %v, want the three of d2", got)
	}
}

func TestABlobThatAnotherPackageUsesStays(t *testing.T) {
	r := New(memstore.New())
	put(t, r, "d1", "same")
	put(t, r, "d2", "same")
	install(t, r, "acme", "one.notes", "d1")
	install(t, r, "acme", "two.notes", "d2")
	install(t, r, "acme", "one.notes", "d2")
	p, err := r.Package(t.Context(), "d2")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Read(t.Context(), p.Files[0]); string(got) != "same" || err != nil {
		t.Errorf("Read = %q, %v", got, err)
	}
}

func TestLargeFilesAreCutAndJoined(t *testing.T) {
	r := New(memstore.New())
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 7} {
		data := bytes.Repeat([]byte("annex"), size/5+1)[:size]
		digest := fmt.Sprintf("d%d", size)
		if err := r.Put(t.Context(), digest, "", []byte("{}"), []Content{{Path: "a", Data: data}}, nil); err != nil {
			t.Fatal(err)
		}
		p, err := r.Package(t.Context(), digest)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Read(t.Context(), p.Files[0]); !bytes.Equal(got, data) || err != nil {
			t.Errorf("%d bytes: got %d bytes, %v", size, len(got), err)
		}
	}
}

func TestAChangedBlobIsRefused(t *testing.T) {
	store := memstore.New()
	r := New(store)
	put(t, r, "d1", "honest")
	p, err := r.Package(t.Context(), "d1")
	if err != nil {
		t.Fatal(err)
	}
	err = store.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(blobKey(p.Files[0].SHA256, 0), []byte("evil!!")) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), p.Files[0]); err == nil {
		t.Error("a blob whose content does not match its hash was returned")
	}
}

// failing is a store whose updates fail after some.
type failing struct {
	storage.Store
	left int
}

var errPower = errors.New("power cut")

func (f *failing) Update(ctx context.Context, g func(storage.Tx) error) error {
	if f.left--; f.left < 0 {
		return errPower
	}
	return f.Store.Update(ctx, g)
}

func TestAnInterruptedPutLeavesNothingAfterRecover(t *testing.T) {
	for steps := range 20 {
		store := memstore.New()
		broken := New(&failing{store, steps})
		err := broken.Put(t.Context(), "d1", "tools", []byte("{}"),
			[]Content{{Path: "a", Data: []byte("a")}, {Path: "b", Data: []byte("b")}},
			[]Bundled{{Path: "a", Code: []byte("code"), SourceMap: []byte("map")}})
		if err == nil {
			if steps < 3 {
				t.Fatalf("Put took only %d updates", steps)
			}
			return
		}
		if err := New(store).Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := keys(t, store, ""); len(left) != 0 {
			t.Errorf("interrupted after %d updates: left %v", steps, left)
		}
	}
	t.Fatal("Put never ended")
}

func TestAnInterruptedReleaseIsFinishedByRecover(t *testing.T) {
	for steps := range 20 {
		store := memstore.New()
		r := New(store)
		put(t, r, "d1", "old")
		put(t, r, "d2", "new")
		install(t, r, "acme", "one.notes", "d1")
		broken := New(&failing{store, steps})
		_, err := broken.Install(t.Context(), Installation{Org: "acme", Extension: "one.notes", Version: "1.0.0", Digest: "d2"}, nil)
		if err := r.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		inst, getErr := r.Get(t.Context(), "acme", "one.notes")
		if getErr != nil {
			t.Fatal(getErr)
		}
		if _, err := r.Package(t.Context(), inst.Digest); err != nil {
			t.Errorf("interrupted after %d updates: the installed package is gone: %v", steps, err)
		}
		if err == nil {
			if left := keys(t, store, "use/"); len(left) != 3 {
				t.Errorf("left after a release: %v", left)
			}
			return
		}
	}
	t.Fatal("Install never ended")
}

func TestRemovedIsDueAtItsTimeAndThenForgotten(t *testing.T) {
	store := memstore.New()
	r := New(store)
	put(t, r, "d1", "a")
	install(t, r, "acme", "one.notes", "d1")
	at := time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)
	if err := r.Forget(t.Context(), "acme", "one.notes"); err == nil {
		t.Error("an extension that is installed was forgotten")
	}
	if _, err := r.Remove(t.Context(), "acme", "one.notes", at); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Remove(t.Context(), "acme", "one.notes", at); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing twice: %v, want ErrNotFound", err)
	}
	if _, err := r.FindShort(t.Context(), "acme", "notes"); !errors.Is(err, ErrNotFound) {
		t.Errorf("short name of a removed extension: %v, want ErrNotFound", err)
	}
	if due, err := r.Due(t.Context(), at.Add(-time.Nanosecond), 10); len(due) != 0 || err != nil {
		t.Errorf("due before its time: %v, %v", due, err)
	}
	due, err := r.Due(t.Context(), at, 10)
	if err != nil || len(due) != 1 || due[0].Extension != "one.notes" {
		t.Fatalf("due at its time: %v, %v", due, err)
	}
	if err := r.Forget(t.Context(), "acme", "one.notes"); err != nil {
		t.Fatal(err)
	}
	if left := keys(t, store, ""); !slices.Equal(left, []string{"reg/org/acme"}) {
		t.Errorf("left when forgotten, beside the organization: %v", left)
	}
}

func TestOrganizationsAreNamedWithoutSeparators(t *testing.T) {
	for name, want := range map[string]bool{
		"acme": true, "A-1_b.c": true, "": false, "a/b": false, "a b": false, "ä": false, "..": false, "a\x00": false,
		strings.Repeat("a", 128): true, strings.Repeat("a", 129): false,
	} {
		if got := CheckOrg(name) == nil; got != want {
			t.Errorf("CheckOrg(%q) ok = %v, want %v", name, got, want)
		}
	}
}

func TestListPages(t *testing.T) {
	r := New(memstore.New())
	put(t, r, "d1", "a")
	for i := range 5 {
		install(t, r, "acme", fmt.Sprintf("p.e%d", i), "d1")
	}
	install(t, r, "acme-2", "p.other", "d1")
	var got []string
	for after := ""; ; {
		page, err := r.List(t.Context(), "acme", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page {
			got = append(got, i.Extension)
			after = i.Extension
		}
		if len(page) < 2 {
			break
		}
	}
	if want := "p.e0 p.e1 p.e2 p.e3 p.e4"; strings.Join(got, " ") != want {
		t.Errorf("listed %v, want %s", got, want)
	}
}

func TestAPublicAddressExistsWhileItIsApproved(t *testing.T) {
	store := memstore.New()
	r := New(store)
	put(t, r, "d1", "a")
	public := Installation{Org: "acme", Extension: "one.hook", Digest: "d1", Granted: permissions.Set{Public: true}}
	first, err := r.Install(t.Context(), public, nil)
	if err != nil || len(first.PublicToken) < 32 {
		t.Fatalf("token %q, %v", first.PublicToken, err)
	}
	if org, ext, err := r.Door(t.Context(), first.PublicToken); org != "acme" || ext != "one.hook" || err != nil {
		t.Errorf("Door = %q, %q, %v", org, ext, err)
	}
	again, err := r.Install(t.Context(), public, nil)
	if err != nil || again.PublicToken != first.PublicToken {
		t.Errorf("installed again: token %q, want the same %q; %v", again.PublicToken, first.PublicToken, err)
	}
	if _, _, err := r.Door(t.Context(), "guess"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a token that nobody has: %v, want ErrNotFound", err)
	}
	public.Granted.Public = false
	if _, err := r.Install(t.Context(), public, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Door(t.Context(), first.PublicToken); !errors.Is(err, ErrNotFound) {
		t.Errorf("the address after the approval was taken back: %v, want ErrNotFound", err)
	}
	if left := keys(t, store, "door/"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A pin belongs to one organization, and goes with it.
func TestPublisherKeys(t *testing.T) {
	ctx := context.Background()
	r := New(memstore.New())
	for _, org := range []string{"a", "ab"} {
		if err := r.PinPublisher(ctx, org, "acme", &PublisherKey{KeyID: "k-" + org}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.DeleteOrg(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.PublisherKey(ctx, "a", "acme"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the pin of a deleted organization: %v", err)
	}
	if k, err := r.PublisherKey(ctx, "ab", "acme"); err != nil || k.KeyID != "k-ab" {
		t.Errorf("the pin of another one: %+v, %v", k, err)
	}
	if err := r.PinPublisher(ctx, "ab", "acme", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.PublisherKey(ctx, "ab", "acme"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a pin that was taken away: %v", err)
	}
}
