package pack

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/manifest"
)

// tree is a directory or a package by the paths of its files.
type tree map[string]string

func goodTree(changes tree) tree {
	t := tree{
		"extension.json": goodManifest, "LICENSE": "Apache License", "icon.png": "PNG",
		"server/index.js": "export default () => 1",
	}
	maps.Copy(t, changes)
	maps.DeleteFunc(t, func(_, contents string) bool { return contents == "-" })
	return t
}

func (files tree) bytes() map[string][]byte {
	all := make(map[string][]byte)
	for name, contents := range files {
		all[name] = []byte(contents)
	}
	return all
}

func (files tree) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, contents := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (files tree) zip() []byte {
	var a archive
	for _, name := range slices.Sorted(maps.Keys(files)) {
		a.entries = append(a.entries, file(name, files[name]))
	}
	return a.build()
}

func manifestWith(old, new string) string {
	changed := strings.Replace(goodManifest, old, new, 1)
	if changed == goodManifest {
		panic(old + " is not in the manifest")
	}
	return changed
}

// The rules that hold wherever a package comes from.
func TestPackageErrors(t *testing.T) {
	withMain := manifestWith(`"serverMain"`, `"main": "client/index.js", "serverMain"`)
	withModule := strings.ReplaceAll(goodManifest, "server/index.js", "server/index.wasm")
	for _, c := range []struct {
		rule  string
		files tree
		code  Code
		want  string
	}{
		{"the manifest is required", tree{"extension.json": "-"}, MissingRequiredFile, "Package missing required file: extension.json"},
		{"the manifest is JSON", tree{"extension.json": "{,}"}, InvalidManifestJSON, "extension.json is not valid JSON: invalid character ',' looking for beginning of object key string (line 1, column 2)"},
		{"the manifest is UTF-8", tree{"extension.json": "{\"a\": \"\xff\"}"}, InvalidManifest, "invalid UTF-8 (line 1, column 8)"},
		{"the manifest is valid", tree{"extension.json": "{}"}, InvalidManifest, "id: Required"},
		{"all errors of the manifest are named", tree{"extension.json": "{}"}, InvalidManifest, "permissions: Required"},
		{"the client entry is there", tree{"extension.json": withMain}, MissingEntryPoint, "Client entry point not found: client/index.js"},
		{"the client entry is small", tree{"extension.json": withMain, "client/index.js": strings.Repeat("x", 2<<20+1)}, FileTooLarge, "client/index.js is too large: 2097153 bytes (max 2097152 bytes)"},
		{"the client entry under dist is small", tree{"extension.json": withMain, "dist/client/index.js": strings.Repeat("x", 2<<20+1)}, FileTooLarge, "dist/client/index.js is too large"},
		{"handlers are there", tree{"server/index.js": "-"}, MissingHandler, "API route handler not found: server/index.js"},
		{"a module is small", tree{"extension.json": withModule, "server/index.wasm": strings.Repeat("x", 16<<20+1)}, FileTooLarge, "server/index.wasm is too large"},
		{"names are plain", tree{"a:b": "x"}, InvalidArchive, "a character outside"},
		{"names differ in more than case", tree{"a.js": "x", "A.js": "y"}, InvalidArchive, "one name on some systems"},
	} {
		_, err := FromFiles(goodTree(c.files).bytes(), Options{})
		checkError(t, c.rule, err, c.code, c.want)
	}
}

func TestFilesAreBounded(t *testing.T) {
	files := goodTree(nil).bytes()
	files["a.bin"], files["b.bin"] = make([]byte, 20<<20), make([]byte, 31<<20)
	_, err := FromFiles(files, Options{})
	checkError(t, "too many bytes", err, PackageTooLarge, "more than 52428800 bytes unpacked")
	_, err = FromFiles(goodTree(nil).bytes(), Options{MaxFiles: 3})
	checkError(t, "too many files", err, TooManyFiles, "more than 3")
}

func checkError(t *testing.T, rule string, err error, code Code, want string) {
	t.Helper()
	var pe *PackageError
	if !errors.As(err, &pe) {
		t.Errorf("%s: got %v, want a PackageError", rule, err)
		return
	}
	if pe.Code != code || !strings.Contains(pe.Message, want) {
		t.Errorf("%s: got %s %q, want %s with %q", rule, pe.Code, pe.Message, code, want)
	}
	if (pe.Code == InvalidManifest || pe.Code == InvalidManifestJSON) != (len(pe.Issues) > 0) {
		t.Errorf("%s: issues %v", rule, pe.Issues)
	}
}

func TestMissingHandlersAtOnce(t *testing.T) {
	routes := manifestWith(`"apiRoutes": [`, `"apiRoutes": [
		{"method": "GET", "path": "a", "handler": "a.js"}, {"method": "POST", "path": "a", "handler": "a.js"},
		{"method": "GET", "path": "b", "handler": "b.js"},`)
	_, err := FromFiles(goodTree(tree{"extension.json": routes}).bytes(), Options{})
	checkError(t, "two handlers are missing", err, MissingHandler, "API route handler not found: a.js, b.js")
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		rule  string
		files tree
		want  []string
	}{
		{"nothing is missing", tree{"SIGNATURE": "x"}, nil},
		{"no signature", nil, []string{"SIGNATURE: Package is not signed"}},
		{"no license", tree{"SIGNATURE": "x", "LICENSE": "-"}, []string{"LICENSE: No LICENSE file in the package"}},
		{"a license in Markdown", tree{"SIGNATURE": "x", "LICENSE": "-", "LICENSE.md": "x"}, nil},
		{"no icon", tree{"SIGNATURE": "x", "icon.png": "-"}, []string{"icon: icon.png is not in the package"}},
		{"no serverMain", tree{"SIGNATURE": "x", "extension.json": manifestWith(`"serverMain": "server/index.js"`, `"serverMain": "s.js"`)},
			[]string{"serverMain: s.js is not in the package; routes name their handlers, so nothing needs it"}},
		{"a warning of the manifest", tree{"SIGNATURE": "x", "extension.json": manifestWith(`"icon": "icon.png",`, "")}, []string{"icon: No icon"}},
	} {
		p, err := OpenArchive(goodTree(c.files).zip(), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		var got []string
		for _, w := range p.Warnings {
			got = append(got, w.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
}

func TestResolve(t *testing.T) {
	p, err := FromFiles(goodTree(tree{"dist/a.js": "built", "b.js": "source", "dist/b.js": "built"}).bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.js": "dist/a.js", "b.js": "b.js", "dist/b.js": "dist/b.js", "c.js": "", "server": "", "../b.js": ""} {
		if got, ok := p.Resolve(name); got != want || ok != (want != "") {
			t.Errorf("Resolve(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

// One package has one digest: packed, unpacked, or put together again.
func TestDigest(t *testing.T) {
	files := goodTree(tree{"b.js": "b", "a-b.js": "a", "a/b.js": "ab"})
	dir, err := Open(files.write(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	reversed := archive{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		reversed.entries = append([]*zipEntry{plain(name, files[name])}, reversed.entries...)
	}
	for rule, open := range map[string]func() (*Package, error){
		"the directory again":    func() (*Package, error) { return Open(files.write(t), Options{}) },
		"an archive":             func() (*Package, error) { return OpenArchive(files.zip(), Options{}) },
		"an archive packed anew": func() (*Package, error) { return OpenArchive(reversed.build(), Options{}) },
		"its files":              func() (*Package, error) { return FromFiles(files.bytes(), Options{}) },
		"with hidden files":      func() (*Package, error) { return Open(goodTree(with(files, ".git/HEAD", "x")).write(t), Options{}) },
		"with modules not in use": func() (*Package, error) {
			return Open(goodTree(with(files, "node_modules/x/a.js", "x")).write(t), Options{})
		},
		"an archive, signed": func() (*Package, error) { return OpenArchive(goodTree(with(files, "SIGNATURE", "x")).zip(), Options{}) },
	} {
		p, err := open()
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if p.Digest != dir.Digest {
			t.Errorf("%s: the digest differs:\n%s\n%s", rule, p.Canonical(), dir.Canonical())
		}
	}
	for rule, changed := range map[string]tree{
		"other contents": with(files, "b.js", "c"), "another file": with(files, "c.js", "c"), "a file less": with(files, "b.js", "-"),
		"a signature that is not at the root": with(files, "a/SIGNATURE", "x"),
	} {
		p, err := FromFiles(goodTree(changed).bytes(), Options{})
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		if p.Digest == dir.Digest {
			t.Errorf("%s: the digest is the same", rule)
		}
	}
}

func with(files tree, name, contents string) tree {
	changed := maps.Clone(files)
	changed[name] = contents
	return changed
}

// The text is signed: it must never change.
func TestCanonical(t *testing.T) {
	p, err := FromFiles(tree{"extension.json": goodManifest, "server/index.js": "", "SIGNATURE": "x"}.bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "annex package 1\n" +
		"3c946a8441a23d117197c41330911608ef94441f785ee0f096c8b241a93da1a7 453 extension.json\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 server/index.js\n"
	if got := string(p.Canonical()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestRead(t *testing.T) {
	p, err := FromFiles(goodTree(nil).bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "/", "server", "server/", "./LICENSE", "../LICENSE", "license", "node_modules/x.js"} {
		if _, err := p.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read(%q): %v, want ErrNotExist", name, err)
		}
	}
}

func TestRawManifest(t *testing.T) {
	p, err := FromFiles(goodTree(tree{"extension.json": "\ufeff" + goodManifest}).bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if string(p.RawManifest) != goodManifest {
		t.Errorf("got %q", p.RawManifest)
	}
	if data, _ := p.Read(manifest.File); !bytes.HasPrefix(data, []byte("\ufeff")) {
		t.Error("the file was changed")
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := goodTree(nil).zip()
	if p, err := Open(write("good.bpx", good), Options{}); err != nil || p.Source != Archive {
		t.Errorf("a good archive: %v", err)
	}
	if _, err := Open(write("GOOD.BPX", good), Options{}); err != nil {
		t.Errorf("an archive in upper case: %v", err)
	}
	_, err := Open(write("good.zip", good), Options{})
	checkError(t, "another extension", err, InvalidExtension, "Extension package must have .bpx extension")
	_, err = Open(write("large.bpx", make([]byte, 2000)), Options{MaxPacked: 1999})
	checkError(t, "larger than the limit", err, PackageTooLarge, "more than 1999 bytes packed")
	_, err = Open(write("empty.bpx", nil), Options{})
	checkError(t, "an empty file", err, InvalidArchive, "shorter than an empty one")
	if _, err := Open(filepath.Join(dir, "none.bpx"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, opts := range []Options{{MaxPacked: MaxPacked + 1}, {MaxPacked: -1}, {MaxFiles: -1}} {
		if _, err := Open(write("good.bpx", good), opts); err == nil {
			t.Errorf("options %+v are accepted", opts)
		}
	}
}
