package standard_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/dataformat"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// format1 unpacks a data directory that Annex wrote before its data had a format:
// annex.weather and annex.notes, installed for demo, with a secret and a note.
func format1(t *testing.T) string {
	t.Helper()
	f, err := os.Open("testdata/format1.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for files := tar.NewReader(unzipped); ; {
		h, err := files.Next()
		if err == io.EOF {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o700)
		} else {
			var data []byte
			if data, err = io.ReadAll(files); err == nil {
				err = os.WriteFile(path, data, os.FileMode(h.Mode))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDataOfFormat1IsUpgraded: a directory from before, with what is in it.
func TestDataOfFormat1IsUpgraded(t *testing.T) {
	ctx, dir := context.Background(), format1(t)
	for _, when := range []string{"upgraded", "opened again"} {
		host, err := standard.Open(ctx, dir, standard.Options{})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if at, err := dataformat.Of(ctx, host.State.Store); at != dataformat.Current || err != nil {
			t.Errorf("%s: format %d (error %v), want %d", when, at, err, dataformat.Current)
		}
		v, err := host.State.Keeper.Get(ctx, secrets.Owner{Org: "demo", Extension: "annex.weather"}, "api_key")
		if err != nil || string(v.Reveal()) != "from-format-1" {
			t.Errorf("%s: the secret is lost: %v", when, err)
		}
		if org, err := host.State.Registry.Org(ctx, "demo"); err != nil || org.State != "active" {
			t.Errorf("%s: organization %+v, error %v", when, org, err)
		}
		if r, err := host.State.Audit.Verify(ctx, "demo"); err != nil || r.FirstBad != nil || r.Entries == 0 {
			t.Errorf("%s: audit %+v, error %v", when, r, err)
		}
		reply, err := host.Invoke(ctx, runtime.Call{ID: "1", Org: "demo", Extension: "annex.notes", Method: "GET", Path: "notes"})
		if err != nil || reply.Status != 200 {
			t.Errorf("%s: status %d, error %v", when, reply.Status, err)
		}
		if err := host.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDataOfANewerFormatIsRefused, and stays as it is.
func TestDataOfANewerFormatIsRefused(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	state, err := standard.OpenState(ctx, dir, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = state.Store.Update(ctx, func(tx storage.Tx) error { return tx.Put(dataformat.Key, []byte(`{"format":99}`)) })
	if err := errors.Join(err, state.Close(ctx)); err != nil {
		t.Fatal(err)
	}
	_, err = standard.OpenState(ctx, dir, standard.Options{})
	if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Conflict {
		t.Fatalf("opened with %v", err)
	}
}
