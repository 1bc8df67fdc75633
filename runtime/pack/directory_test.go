package pack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirectory(t *testing.T) {
	dir := goodTree(tree{
		".git/HEAD": "x", ".env": "SECRET=1", "server/.cache/x:y": "x", "node_modules/a/index.js": "x",
		"sub/node_modules/b/index.js": "x",
	}).write(t)
	p, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range p.Files {
		names = append(names, f.Path)
	}
	if got, want := strings.Join(names, " "), "LICENSE extension.json icon.png server/index.js"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if p.Source != Directory || !p.Modules {
		t.Errorf("source %s, modules %v", p.Source, p.Modules)
	}
	if len(p.Warnings) > 0 {
		t.Errorf("warnings %v", p.Warnings)
	}
	for _, name := range []string{".env", ".git/HEAD", "server/.cache/x:y", "../" + filepath.Base(dir) + "/LICENSE"} {
		if _, err := p.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read(%q): %v, want ErrNotExist", name, err)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.js")
	if err := os.WriteFile(outside, []byte("outside"), 0o666); err != nil {
		t.Fatal(err)
	}
	link := func(target, name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		rule   string
		files  tree
		change func(t *testing.T, dir string)
		opts   Options
		code   Code
		want   string
	}{
		{"a link to the outside", nil, link(outside, "a.js"), Options{}, InvalidArchive, "no regular file"},
		{"a link to the inside", nil, link("server/index.js", "a.js"), Options{}, InvalidArchive, "no regular file"},
		{"a link to nothing", nil, link("none", "a.js"), Options{}, InvalidArchive, "no regular file"},
		{"a link to a directory", nil, link("server", "lib"), Options{}, InvalidArchive, "no regular file"},
		{"the manifest as a link", tree{"extension.json": "-"}, link(outside, "extension.json"), Options{}, InvalidArchive, "no regular file"},
		{"a name that others cannot have", tree{"aux.js": "x"}, nil, Options{}, InvalidArchive, "a device on Windows"},
		{"a directory's name that others cannot have", tree{"a:b/c.js": "x"}, nil, Options{}, InvalidArchive, "a character outside"},
		{"names that clash elsewhere", tree{"a.js": "x", "A.js": "y"}, nil, Options{}, InvalidArchive, "one name on some systems"},
		{"too many files", nil, nil, Options{MaxFiles: 3}, TooManyFiles, "more than 3"},
		{"too many bytes", nil, grow("a.bin", 20<<20, "b.bin", 31<<20), Options{}, PackageTooLarge, "more than 52428800 bytes unpacked"},
		// The walk ends there: what comes later would be another error.
		{"too many files, before the walk ends", tree{"z:z": "x"}, nil, Options{MaxFiles: 3}, TooManyFiles, "more than 3"},
		{"too many bytes, before the walk ends", tree{"z:z": "x"}, grow("a.bin", 20<<20, "b.bin", 31<<20), Options{}, PackageTooLarge, "more than 52428800 bytes unpacked"},
	} {
		dir := goodTree(c.files).write(t)
		if c.change != nil {
			c.change(t, dir)
		}
		_, err := Open(dir, c.opts)
		checkError(t, c.rule, err, c.code, c.want)
	}
}

// grow makes two files that take no room on a disk.
func grow(first string, size int64, second string, more int64) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		for name, size := range map[string]int64{first: size, second: more} {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestDirectoryByALink(t *testing.T) {
	dir := goodTree(nil).write(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(link, Options{}); err != nil {
		t.Errorf("a directory named by a link: %v", err)
	}
}

func TestModules(t *testing.T) {
	files := goodTree(tree{
		"node_modules/left-pad/package.json": `{"main": "index.js"}`, "node_modules/left-pad/index.js": "pad",
		"node_modules/@acme/lib/index.js": "lib", "node_modules/unused/huge.js": strings.Repeat("x", 1000),
		"outside.js": "x",
	})
	dir := files.write(t)
	for target, name := range map[string]string{"left-pad": "linked", "left-pad/index.js": "linked.js", "../server": "up"} {
		if err := os.Symlink(target, filepath.Join(dir, "node_modules", name)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := p.Digest
	for name, want := range map[string]string{
		"node_modules/left-pad/index.js": "pad", "node_modules/@acme/lib/index.js": "lib", "node_modules/left-pad/package.json": `{"main": "index.js"}`,
	} {
		for range 2 {
			if got, err := p.Read(name); err != nil || string(got) != want {
				t.Errorf("Read(%q) = %q, %v; want %q", name, got, err, want)
			}
		}
	}
	for _, name := range []string{
		"node_modules/none.js", "node_modules/left-pad", "node_modules/left-pad/../unused/huge.js", "node_modules/../server/index.js",
		"node_modules/linked/index.js", "node_modules/linked.js", "node_modules/up/index.js", "node_modules//left-pad/index.js",
	} {
		if got, err := p.Read(name); err == nil {
			t.Errorf("Read(%q) = %q, want an error", name, got)
		}
	}
	if p.Digest != before || len(p.Files) != 5 {
		t.Error("reading changed the package")
	}
	if err := p.IncludeModules(); err != nil {
		t.Fatal(err)
	}
	if p.Digest == before || p.Modules || len(p.Files) != 8 {
		t.Errorf("digest changed: %v, modules %v, %d files, want 8", p.Digest != before, p.Modules, len(p.Files))
	}
	kept := map[string][]byte{}
	for _, f := range p.Files {
		data, err := p.Read(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		kept[f.Path] = data
	}
	if again, err := FromFiles(kept, Options{}); err != nil || again.Digest != p.Digest {
		t.Errorf("put together again: %v", err)
	}
}

func TestModulesCount(t *testing.T) {
	dir := goodTree(tree{"node_modules/a/a.js": "x", "node_modules/a/b.js": "y"}).write(t)
	p, err := Open(dir, Options{MaxFiles: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"node_modules/a/a.js", "node_modules/a/b.js"} {
		if _, err := p.Read(name); err != nil {
			t.Fatal(err)
		}
	}
	checkError(t, "modules that are imported count", p.IncludeModules(), TooManyFiles, "more than 5")
}

// What was read once is what is kept, although the file changes.
func TestModulesAreReadOnce(t *testing.T) {
	const name = "node_modules/a/a.js"
	dir := goodTree(tree{name: "first"}).write(t)
	p, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("second"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before", "after"} {
		if got, err := p.Read(name); err != nil || string(got) != "first" {
			t.Errorf("%s they are included: Read(%q) = %q, %v; want the bytes that were bundled", when, name, got, err)
		}
		if err := p.IncludeModules(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestModulesAreBounded(t *testing.T) {
	const a, b = "node_modules/a/a.js", "node_modules/a/b.js"
	dir := goodTree(tree{a: "x"}).write(t)
	grow(a, 20<<20, b, 31<<20)(t, dir)
	p, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(a); err != nil {
		t.Fatal(err)
	}
	_, err = p.Read(b)
	checkError(t, "modules that are too large together", err, PackageTooLarge, "bytes unpacked")
}
