package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/annexhost/annex/internal/gobuild"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
)

// What is written is a package without a single warning, and nothing in it is
// left to fill in.
func TestTemplatesArePackages(t *testing.T) {
	for _, template := range Templates() {
		dir := filepath.Join(t.TempDir(), "x")
		names, err := Write(dir, Options{ID: "acme.file-sync", Template: template, Annex: "0.1.0"})
		if err != nil {
			t.Fatalf("%s: %v", template, err)
		}
		if _, err := gobuild.Build(t.Context(), dir); errors.Is(err, gobuild.ErrNoGo) {
			continue
		} else if err != nil {
			t.Fatalf("%s: %v", template, err)
		}
		p, err := pack.Open(dir, pack.Options{Manifest: manifest.Options{AnnexVersion: "0.1.0"}})
		if err != nil {
			t.Fatalf("%s: %v", template, err)
		}
		if p.Manifest.ID != "acme.file-sync" || p.Manifest.Name != "File Sync" || len(p.Warnings) > 0 {
			t.Errorf("%s: %s %q, warnings %v", template, p.Manifest.ID, p.Manifest.Name, p.Warnings)
		}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if strings.HasPrefix(name, "guest/") {
				continue // it speaks of {{secret:NAME}} as well
			}
			if err != nil || strings.Contains(strings.ReplaceAll(string(data), "{{secret:", ""), "{{") {
				t.Errorf("%s: %s is not filled in: %v", template, name, err)
			}
		}
		if _, err := Write(dir, Options{ID: "acme.x", Template: template}); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("%s: writing again: %v, want %v", template, err, ErrNotEmpty)
		}
	}
}

func TestTitle(t *testing.T) {
	for short, want := range map[string]string{"notes": "Notes", "file-sync": "File Sync", "a--b-": "A B", "x": "X"} {
		if got := title(short); got != want {
			t.Errorf("title(%q) = %q, want %q", short, got, want)
		}
	}
}
