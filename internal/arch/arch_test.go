package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is where go.mod is, seen from this package.
const root = "../.."

// file is one Go file of the repository and what it imports.
type file struct {
	pkg     string // directory below the module's root
	name    string
	test    bool
	imports []string
}

// goFiles parses the imports of every Go file below dir. It opens the files
// itself: a test that asks another program would be cached as passed.
func goFiles(t *testing.T, dir string) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(p, dir), string(filepath.Separator)))
		if d.IsDir() {
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && rel != "" {
				return fs.SkipDir // a module of its own
			}
			if d.Name() == "testdata" || d.Name() == "node_modules" || (rel != "" && strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f := file{pkg: path.Dir(rel), name: rel, test: strings.HasSuffix(rel, "_test.go")}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// allowed reports whether rule lets a file of pkg import the path.
func allowed(rule Rule, f file, imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return true // standard library
	}
	lists := [][]string{rule.Ours, rule.Others}
	if f.test {
		lists = append(lists, rule.Tests)
	}
	if ours, ok := strings.CutPrefix(imported, Module+"/"); ok {
		if f.test && ours == f.pkg {
			return true // an external test of the package
		}
		return slices.ContainsFunc(lists, func(l []string) bool { return slices.Contains(l, ours) })
	}
	return slices.ContainsFunc(lists, func(l []string) bool {
		return slices.ContainsFunc(l, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
	})
}

// ruleOf returns the policy by package. Programs that a reader copies
// (examples) may import the embedding surface; generators may import their package.
func ruleOf(pkg string) (Rule, bool) {
	for _, p := range Policy {
		if p.Package == pkg {
			return p.Rule, true
		}
	}
	if strings.HasPrefix(pkg, "examples/") || pkg == "examples" {
		return Rule{
			Ours:   []string{"bridge", "permissions", "runtime", "runtime/pack", "runtime/standard", "runtime/httpapi", "runtime/sandbox", "bridge/egress", "bridge/guest", "secrets"},
			Others: []string{hclog},
		}, true
	}
	return Rule{}, false
}

func TestEveryImportIsInThePolicy(t *testing.T) {
	for _, f := range goFiles(t, root) {
		rule, ok := ruleOf(f.pkg)
		if !ok {
			t.Errorf("%s: package %s has no rule in internal/arch/policy.go", f.name, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			if !allowed(rule, f, imported) {
				t.Errorf("%s imports %s, which the policy does not allow for %s", f.name, imported, f.pkg)
			}
		}
	}
}

func TestPolicyIsInOrderAndComplete(t *testing.T) {
	above := map[string]bool{}
	for _, p := range Policy {
		for _, dep := range p.Rule.Ours {
			if !above[dep] {
				t.Errorf("%s may import %s, which does not stand above it", p.Package, dep)
			}
		}
		if above[p.Package] {
			t.Errorf("%s stands twice in the policy", p.Package)
		}
		above[p.Package] = true
		if _, err := os.Stat(filepath.Join(root, p.Package)); err != nil {
			t.Errorf("%s has a rule but does not exist", p.Package)
		}
	}
}

func TestOnlyOneImporter(t *testing.T) {
	only := map[string]string{
		goja:    "runtime/js",
		badger:  "storage/badgerstore",
		esbuild: "runtime/bundle",
		tink:    "secrets",
		cobra:   "cmd/annex",
	}
	for _, f := range goFiles(t, root) {
		for _, imported := range f.imports {
			if f.pkg == "internal/check" && strings.HasPrefix(imported, goja+"/") {
				continue // the parser, which runs nothing; not the engine
			}
			for module, owner := range only {
				if (imported == module || strings.HasPrefix(imported, module+"/")) && f.pkg != owner && !f.test {
					t.Errorf("%s imports %s; only %s may", f.name, imported, owner)
				}
			}
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	want := []string{
		"bench", "bridge", "cmd", "examples", "go.mod", "go.sum", "internal", "permissions", "runtime", "secrets", "storage",
		"BENCHMARKS.md", "CHANGELOG.md", "LICENSE", "Makefile", "RATIONALE.md", "README.md", "SECURITY.md", "SECURITY-REPORT.md",
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || slices.Contains(want, e.Name()) || ignored[e.Name()] {
			continue
		}
		t.Errorf("%s does not belong at the top level", e.Name())
	}
}

// ignored are names that .gitignore lists.
var ignored = map[string]bool{"annex": true, "bin": true, "annex-data": true, "node_modules": true}

func TestAllowedFindsWhatIsWrong(t *testing.T) {
	rule := Rule{Ours: []string{"storage"}, Others: []string{xnet}, Tests: []string{"storage/memstore"}}
	plain, test := file{pkg: "bridge"}, file{pkg: "bridge", test: true}
	for _, c := range []struct {
		f        file
		imported string
		want     bool
	}{
		{plain, "net/http", true},
		{plain, Module + "/storage", true},
		{plain, Module + "/storage/memstore", false},
		{test, Module + "/storage/memstore", true},
		{test, Module + "/bridge", true},
		{plain, "golang.org/x/net/idna", true},
		{plain, "golang.org/x/network", false},
		{plain, goja, false},
	} {
		if got := allowed(rule, c.f, c.imported); got != c.want {
			t.Errorf("allowed(%q in %+v) = %v, want %v", c.imported, c.f, got, c.want)
		}
	}
}
