package pack

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWriteIsReproducible(t *testing.T) {
	files := goodTree(tree{"server/z.js": "1", "a/b/c.txt": strings.Repeat("text ", 1000), "empty": ""}).bytes()
	first, err := Write(files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := Write(files, Options{})
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("other bytes from the same files (%v)", err)
		}
	}
	p, err := OpenArchive(first, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := p.Read(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if len(p.Files) != len(files) {
		t.Errorf("%d files, want %d", len(p.Files), len(files))
	}
}

// Another reader sees the same files, sorted, with one time and one mode.
func TestWriteForOthers(t *testing.T) {
	files := goodTree(tree{"b.txt": "b", "B2.txt": "b"}).bytes()
	data, err := Write(files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, files[f.Name]) {
			t.Errorf("%s: %q, %v", f.Name, got, err)
		}
		if f.Name <= last || f.Modified.Year() != 1980 || f.Mode() != 0o644 {
			t.Errorf("%s after %s, %v, %v", f.Name, last, f.Modified, f.Mode())
		}
		last = f.Name
	}
}

// What packs like a bomb is stored, so that our own reader takes it.
func TestWriteStoresWhatLooksLikeABomb(t *testing.T) {
	zeros := strings.Repeat("0", 3<<20)
	data, err := Write(goodTree(tree{"zeros.txt": zeros}).bytes(), Options{})
	if err != nil || len(data) < len(zeros) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestWriteRefusesWhatCannotBeRead(t *testing.T) {
	noise := make([]byte, 20<<10)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, c := range []struct {
		rule  string
		files tree
		code  Code
	}{
		{"a name that leaves the package", tree{"../x": "1"}, InvalidArchive},
		{"a name of Windows", tree{"aux.js": "1"}, InvalidArchive},
		{"names that differ in case", tree{"A.js": "1", "a.js": "1"}, InvalidArchive},
		{"no manifest", tree{"extension.json": "-"}, MissingRequiredFile},
		{"too large", tree{"noise": string(noise)}, PackageTooLarge},
	} {
		_, err := Write(goodTree(c.files).bytes(), Options{MaxPacked: 16 << 10})
		var refused *PackageError
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: %v, want %s", c.rule, err, c.code)
		}
	}
}

func TestShips(t *testing.T) {
	for name, want := range map[string]bool{
		"extension.json": true, "server/a.ts": true, "README.md": true, "server/test.ts": true, "server/api.d.ts": true,
		"server/a.test.ts": false, "a.test.js": false, "a.test.mjs": false, "node_modules/x/a.test.js": true,
		"api.d.ts": false, "extension.schema.json": false, "tsconfig.json": false, "SIGNATURE": false, "notes-1.0.0.bpx": false,
	} {
		if got := Ships(name); got != want {
			t.Errorf("Ships(%q) = %v", name, got)
		}
	}
}
