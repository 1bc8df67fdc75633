package bundle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/bundle"
)

// with returns a package whose handler returns what it imports from spec.
func with(spec string, others tree) tree {
	all := tree{"server/a.ts": "import x from '" + spec + "';\nexport default () => String(x);"}
	for name, text := range others {
		all[name] = text
	}
	return all
}

func TestImports(t *testing.T) {
	ok, no := "export default 'ok'", "export default 'no'"
	for _, c := range []struct {
		rule, spec string
		others     tree
	}{
		{"the file as named", "./b.js", tree{"server/b.js": ok}},
		{"a file in the directory above", "../lib/b.js", tree{"lib/b.js": ok}},
		{"TypeScript before JavaScript", "./b", tree{"server/b.ts": ok, "server/b.js": no}},
		{"a file before a directory", "./b", tree{"server/b.js": ok, "server/b/index.js": no}},
		{"the index of a directory", "./b", tree{"server/b/index.ts": ok}},
		{"a directory with a slash", "./b/", tree{"server/b/index.js": ok, "server/b.js": no}},
		{"the directory itself", ".", tree{"server/index.js": ok}},
		{"the main file of a directory", "./b", tree{"server/b/package.json": `{"main": "c.js"}`, "server/b/c.js": ok}},
		{"the source of a JavaScript name", "./b.js", tree{"server/b.ts": ok}},
		{"the source of an .mjs name", "./b.mjs", tree{"server/b.mts": ok}},
		{"the source of a .cjs name", "./b.cjs", tree{"server/b.cts": ok}},
		{"a name with dots", "./b.util", tree{"server/b.util.ts": ok}},
		{"JSON", "./b.json", tree{"server/b.json": `"ok"`}},
		{"text", "./b.txt", tree{"server/b.txt": "ok"}},

		{"a library by its main", "lib", tree{"node_modules/lib/package.json": `{"main": "./m"}`, "node_modules/lib/m.js": ok}},
		{"a library by its index", "lib", tree{"node_modules/lib/index.js": ok}},
		{"a library with a scope", "@s/lib", tree{"node_modules/@s/lib/index.js": ok}},
		{"a file of a library", "lib/x/y", tree{"node_modules/lib/x/y.js": ok}},
		{"the nearest library", "lib", tree{"server/node_modules/lib/index.js": ok, "node_modules/lib/index.js": no}},
		{"module before main", "lib", tree{"node_modules/lib/package.json": `{"main": "m.js", "module": "e.js"}`, "node_modules/lib/m.js": no, "node_modules/lib/e.js": ok}},
		{"browser before module", "lib", tree{"node_modules/lib/package.json": `{"browser": "b.js", "module": "e.js"}`, "node_modules/lib/b.js": ok, "node_modules/lib/e.js": no}},
		{"a main that does not exist: the index", "lib", tree{"node_modules/lib/package.json": `{"main": "gone.js"}`, "node_modules/lib/index.js": ok}},
		{"fields of the wrong type count as absent", "lib", tree{"node_modules/lib/package.json": `{"main": 5, "browser": 1, "sideEffects": {}}`, "node_modules/lib/index.js": ok}},

		{"exports as a string", "lib", tree{"node_modules/lib/package.json": `{"exports": "./x.js", "main": "no.js"}`, "node_modules/lib/x.js": ok}},
		{"exports by condition, in their order", "lib", tree{"node_modules/lib/package.json": `{"exports": {"node": "./n.js", "import": "./i.js", "default": "./d.js"}}`,
			"node_modules/lib/n.js": no, "node_modules/lib/i.js": ok, "node_modules/lib/d.js": no}},
		{"exports for browsers", "lib", tree{"node_modules/lib/package.json": `{"exports": {".": {"browser": {"import": "./b.js"}, "import": "./i.js"}}}`,
			"node_modules/lib/b.js": ok, "node_modules/lib/i.js": no}},
		{"exports by path", "lib/x", tree{"node_modules/lib/package.json": `{"exports": {"./x": "./y.js"}}`, "node_modules/lib/y.js": ok}},
		{"exports by pattern, the longest", "lib/x/a", tree{"node_modules/lib/package.json": `{"exports": {"./*": "./no/*.js", "./x/*": "./y/*.js"}}`, "node_modules/lib/y/a.js": ok}},
		{"exports of a directory", "lib/x/a.js", tree{"node_modules/lib/package.json": `{"exports": {"./x/": "./y/"}}`, "node_modules/lib/y/a.js": ok}},
		{"exports as a list: the first that fits", "lib", tree{"node_modules/lib/package.json": `{"exports": [{"node": "./n.js"}, "./x.js"]}`, "node_modules/lib/x.js": ok}},
		{"the package by its own name", "me/x", tree{"package.json": `{"name": "me", "exports": {"./x": "./lib/x.js"}}`, "lib/x.js": ok}},
		{"private imports", "#x", tree{"package.json": `{"imports": {"#x": "./lib/x.js"}}`, "lib/x.js": ok}},
		{"private imports of a library", "#x", tree{"package.json": `{"imports": {"#x": "lib"}}`, "node_modules/lib/index.js": ok}},

		{"a file replaced for browsers", "lib", tree{"node_modules/lib/package.json": `{"main": "m.js", "browser": {"./m.js": "./b.js"}}`, "node_modules/lib/m.js": no, "node_modules/lib/b.js": ok}},
		{"a module replaced by nothing", "lib", tree{"node_modules/lib/package.json": `{"browser": {"fs": false}}`, "node_modules/lib/index.js": "import fs from 'fs'; export default fs.x === undefined ? 'ok' : 'no'"}},
		{"a library in the place of one of Node", "events", tree{"node_modules/events/index.js": ok}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			out, err := with(c.spec, c.others).build("server/a.ts")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := call(t, out); got != "ok" || err != nil {
				t.Errorf("got %q, %v; want ok", got, err)
			}
		})
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		rule, spec string
		others     tree
		want       string
	}{
		{"a file that does not exist", "./b", nil, `cannot find "./b" in the package`},
		{"a library that is not in the package", "left-pad", nil, `cannot find the library "left-pad": put it into node_modules inside of the package`},
		{"a module of Node, with what there is instead", "fs", nil, `"fs" is a module of Node and does not exist here: use api.storage, or import files of the package`},
		{"a module of Node by its full name", "node:crypto", nil, `use the global crypto`},
		{"a file of a module of Node", "fs/promises", nil, `is a module of Node`},
		{"a file outside of the package", "../../b", tree{"../b.js": ""}, `"../../b" leads out of the package`},
		{"the directory above the package", "../..", nil, `leads out of the package`},
		{"an absolute name", "/b.js", tree{"/b.js": ""}, `is not a name inside of the package`},
		{"a name with backslashes", "..\\\\b.js", nil, `is not a name inside of the package`},
		{"a name with a zero byte", "./b\\0.js", nil, `is not a name inside of the package`},
		{"a URL", "https://example.com/x.js", nil, `is a URL: only files of the package can be imported`},
		{"a data URL", "data:text/javascript,1", nil, `is a URL`},
		{"no name", "", nil, `the name of the module is empty`},
		{"a hidden library", "../node_modules/.bin/x", nil, `cannot find`},
		{"a library that is a directory above", "lib/../../x", tree{"node_modules/lib/package.json": "{}"}, `leads out of the library`},
		{"a path that is not exported", "lib/y", tree{"node_modules/lib/package.json": `{"name": "lib", "exports": {"./x": "./y.js"}}`, "node_modules/lib/y.js": ""}, `the library lib does not export "./y"`},
		{"a path that is deliberately not exported", "lib/y", tree{"node_modules/lib/package.json": `{"exports": {"./y": null, "./*": "./*.js"}}`, "node_modules/lib/y.js": ""}, `does not export`},
		{"exports that lead out of the library", "lib", tree{"node_modules/lib/package.json": `{"exports": "./../../a.js"}`, "a.js": ""}, `is not inside of it`},
		{"exports of a library", "lib", tree{"node_modules/lib/package.json": `{"exports": "other"}`, "node_modules/other/index.js": ""}, `is not inside of it`},
		{"exports that do not exist", "lib", tree{"node_modules/lib/package.json": `{"exports": "./gone.js"}`}, `does not exist`},
		{"a package.json that is not JSON", "lib", tree{"node_modules/lib/package.json": `{`, "node_modules/lib/index.js": ""}, `cannot read node_modules/lib/package.json`},
		{"private imports without a package.json", "#x", nil, `cannot find "#x"`},
		{"a file of an unknown kind", "./b.png", tree{"server/b.png": ""}, `b.png is not a file that can be imported`},
		{"a native module", "./b.node", tree{"server/b.node": ""}, `is not a file that can be imported`},
		{"a name that nothing exports", "./b", tree{"server/b.js": "export const y = 1"}, `No matching export in "server/b.js" for import "default"`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, err := with(c.spec, c.others).build("server/a.ts")
			var refused *bundle.Errors
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want an *Errors", err)
			}
			m := refused.Messages[0]
			if !strings.Contains(m.Text, c.want) {
				t.Errorf("got %q, want %q", m.Text, c.want)
			}
			if m.File != "server/a.ts" || m.Line != 1 || !strings.HasPrefix(m.LineText, "import x from") {
				t.Errorf("the error is at %s:%d %q, want the import", m.File, m.Line, m.LineText)
			}
		})
	}
}

// What is required or imported in the course of a call fails then, and can be
// caught.
func TestMissingModulesFailAtRunTime(t *testing.T) {
	for _, c := range []struct{ rule, text, want string }{
		{"require", "module.exports = () => { try { require('fs') } catch (e) { return e.code } }", "MODULE_NOT_FOUND"},
		{"require, twice", "module.exports = () => { try { require('fs') } catch { } try { require('fs') } catch (e) { return e.code } }", "MODULE_NOT_FOUND"},
		{"import()", "export default () => import('./gone.js').catch((e) => e.code)", "MODULE_NOT_FOUND"},
		{"a computed require", "module.exports = () => { try { require('./' + 'x'.trim()) } catch (e) { return e.message } }", `Cannot find module "./x": only modules named by a string literal are in the bundle`},
		{"a computed import()", "export default (n = 'x') => import(`./${n}`).catch((e) => e.code)", "MODULE_NOT_FOUND"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			out, err := tree{"a.js": c.text}.build("a.js")
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Warnings) == 0 || out.Warnings[0].File != "a.js" || out.Warnings[0].Line != 1 {
				t.Errorf("got the warnings %v, want one at the import", out.Warnings)
			}
			if got, err := call(t, out); got != c.want || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestDynamicImportsInThePackage(t *testing.T) {
	out, err := tree{
		"a.js":   "export default async () => (await import('./b.js')).b + (await import('./c.cjs')).default.c + require('./d').d",
		"b.js":   "export const b = 'o'",
		"c.cjs":  "exports.c = 'k'",
		"d.json": `{"d": "!"}`,
	}.build("a.js")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := call(t, out); got != "ok!" || err != nil {
		t.Errorf("got %q, %v; want ok!", got, err)
	}
	if want := []string{"a.js", "b.js", "c.cjs", "d.json"}; !slices.Equal(out.Inputs, want) {
		t.Errorf("the bundle is made of %q, want %q", out.Inputs, want)
	}
}

func TestAttributes(t *testing.T) {
	out, err := tree{
		"a.js":  "import t from './b.bin' with { type: 'text' }; import b from './b.bin' with { type: 'bytes' }; import j from './b.bin' with { type: 'json' }; export default () => t + b.length + j",
		"b.bin": "12",
	}.build("a.js")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := call(t, out); got != "12212" || err != nil {
		t.Errorf("got %q, %v; want the text, its length and the number", got, err)
	}
	_, err = tree{"a.js": "import x from './b.bin' with { type: 'css' }; export default () => x", "b.bin": ""}.build("a.js")
	if err == nil || !strings.Contains(err.Error(), `the attribute type: "css" is not supported`) {
		t.Errorf("an unknown attribute: got %v", err)
	}
}

// A library whose files have no side effects leaves out what is not used.
func TestUnusedFilesOfLibrariesAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		rule, effects string
		kept          bool
	}{
		{"by default files are evaluated", "", true},
		{"sideEffects: false", `, "sideEffects": false`, false},
		{"a list without the file", `, "sideEffects": ["*.css", "./other.js"]`, false},
		{"a list with the file", `, "sideEffects": ["./unused.js"]`, true},
		{"a list with a pattern", `, "sideEffects": ["**/un*.js"]`, true},
	} {
		out, err := tree{
			"a.js":                          "import { x } from 'lib'; export default () => x",
			"node_modules/lib/package.json": `{"main": "index.js"` + c.effects + "}",
			"node_modules/lib/index.js":     "import './unused.js'; export { x } from './x.js'",
			"node_modules/lib/x.js":         "export const x = 'ok'",
			"node_modules/lib/unused.js":    "globalThis.MARK = 1",
		}.build("a.js")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out.Code), "MARK"); got != c.kept {
			t.Errorf("%s: the file is evaluated: %v, want %v", c.rule, got, c.kept)
		}
	}
}
