package bundle_test

import (
	"context"
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/bundle"
)

// FuzzImports has a stranger write the package.json of a library and the names
// that are imported from it. Whatever they say, only names inside of the package
// are asked for.
func FuzzImports(f *testing.F) {
	for _, seed := range []struct{ manifest, spec string }{
		{`{"main": "x.js"}`, "lib"},
		{`{"exports": {".": {"import": "./x.js"}, "./*": "./y/*.js"}}`, "lib/z"},
		{`{"exports": ["./x.js", null, {"a": 1}]}`, "lib"},
		{`{"imports": {"#a": "./../x"}, "browser": {"./x.js": "../../y", "fs": false}}`, "#a"},
		{`{"sideEffects": ["**/*", "["], "module": "../../../etc/passwd"}`, "lib/../../../x"},
		{`{"name": "lib", "exports": {"./": "./"}}`, "lib/%2e%2e/x"},
		{`{"browser": "/etc/passwd"}`, "@a/b/c"},
	} {
		f.Add([]byte(seed.manifest), seed.spec)
	}
	f.Fuzz(func(t *testing.T, manifest []byte, spec string) {
		files := map[string]string{
			"a.js":                          "import " + jsString(spec) + "; require(" + jsString(spec) + "); export default () => 1",
			"node_modules/lib/package.json": string(manifest),
			"node_modules/lib/index.js":     "import " + jsString(spec) + "; export {}",
			"node_modules/lib/x.js":         "export default 1",
		}
		read := func(name string) ([]byte, bool) {
			if name == "" || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsAny(name, "\\\x00") {
				t.Errorf("the bundler asks for %q", name)
			}
			text, ok := files[name]
			return []byte(text), ok
		}
		out, err := bundle.Build(context.Background(), bundle.Input{Read: read, Entry: "a.js"})
		var refused *bundle.Errors
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("got %v, want an *Errors", err)
		}
		for _, name := range out.Inputs {
			if _, ok := files[name]; !ok {
				t.Errorf("the bundle is made of %q, which is not in the package", name)
			}
		}
	})
}

// jsString writes a string of JavaScript for any bytes.
func jsString(s string) string {
	return `"` + strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\u2028", `\u2028`, "\u2029", `\u2029`).Replace(s) + `"`
}
