package bundle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/bundle"
)

// refusal returns what a build was refused for, one line for each error.
func refusal(t *testing.T, err error) []string {
	t.Helper()
	var refused *bundle.Errors
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want an *Errors", err)
	}
	var lines []string
	for _, m := range refused.Messages {
		lines = append(lines, m.String())
	}
	return lines
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		rule string
		tree tree
		want []string
	}{
		{"a syntax error", tree{"a.js": "let x = 1;\nlet y = ;\n"}, []string{`a.js:2:9: Unexpected ";"`}},
		{"the column counts characters", tree{"a.js": "let é = '😀', y = ;"}, []string{`a.js:1:18: Unexpected ";"`}},
		{"lines of Windows", tree{"a.js": "let x;\r\nlet y = ;\r\n"}, []string{`a.js:2:9: Unexpected ";"`}},
		{"the errors of all files at once", tree{
			"a.js": "import './b.js'; import './c.ts'; import 'fs'; export default () => 1",
			"b.js": "let x = ;",
			"c.ts": "\nlet y: = 1;",
		}, []string{
			`a.js:1:42: "fs" is a module of Node and does not exist here: use api.storage, or import files of the package`,
			`b.js:1:9: Unexpected ";"`,
			`c.ts:2:8: Unexpected "="`,
		}},
		{"a name declared twice", tree{"a.js": "let x = 1;\nlet x = 2;\nexport default () => x"}, []string{`a.js:2:5: The symbol "x" has already been declared`}},
		{"top-level await", tree{"a.js": "const x = await f();\nexport default () => x"}, []string{`a.js:1:11: await is not possible outside of a function here: move it into the handler`}},
		{"top-level for await", tree{"a.js": "for await (const x of y);\nexport default () => 1"}, []string{`a.js:1:5: await is not possible outside of a function here: move it into the handler`}},
		{"the v flag", tree{"a.js": "export default (s) =>\n  /[\\p{L}--[a-z]]/v.test(s)"}, []string{`a.js:2:19: the v flag of regular expressions is not supported: write the pattern with the u flag`}},
		{"no handler", tree{"a.js": "const x = 1"}, []string{"a.js: there is no handler: export a function as default (export default async function handler(api) { … })"}},
		{"no handler in TypeScript", tree{"a.ts": "type handler = string"}, []string{"a.ts: there is no handler: export a function as default (export default async function handler(api) { … })"}},
		{"no handler among the exports", tree{"a.js": "export const x = 1"}, []string{"a.js: there is no handler: export a function as default (export default async function handler(api) { … })"}},
		{"an empty file", tree{"a.js": ""}, []string{"a.js: there is no handler: export a function as default (export default async function handler(api) { … })"}},
		{"what strict mode does not have", tree{"a.js": "module.exports = (o) => { with (o) return x }"}, []string{"a.js:1:27: With statements cannot be used here: handlers run in strict mode"}},
		{"JSX", tree{"a.tsx": "export default () => <a/>"}, []string{`a.tsx:1:24: Expected ">" but found "/" (JSX is not supported)`}},
		{"a source that is nested too deeply", tree{"a.js": "import './b.js'; export default () => 1", "b.js": "\n" + strings.Repeat("[", 300)}, []string{"b.js:2:201: brackets and functions are nested more than 200 deep"}},
		{"JSON that is nested too deeply", tree{"a.js": "import x from './b.json'; export default () => x", "b.json": strings.Repeat("[", 300)}, []string{"b.json:1:201: arrays and objects are nested more than 200 deep"}},
		{"a script that ends inside a character", tree{"a.js": "export default () => 1\n//\xd6"}, []string{"a.js:2:1: the file is not UTF-8 text"}},
		{"a text that does", tree{"a.js": "import x from './b.txt' with {type: 'text'}; export default () => x", "b.txt": "\xe2\x82"}, []string{"b.txt:1:1: the file is not UTF-8 text"}},
		{"broken JSON", tree{"a.js": "import x from './b.json'; export default () => x", "b.json": `{"a": }`}, []string{`b.json:1:7: Unexpected "}" in JSON`}},
		{"a second argument of import()", tree{"a.js": "export default (o) => import('./a.js', o())"}, []string{"a.js:1:40: the second argument of import() is not supported"}},
		{"what esbuild does not survive", tree{"a.ts": "export default () => 1;\ndeclare using let let"}, []string{"the bundler failed on this file"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			entry := "a.js"
			for name := range c.tree {
				if strings.HasPrefix(name, "a.") {
					entry = name
				}
			}
			_, err := c.tree.build(entry)
			if got := refusal(t, err); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		rule, text string
		want       []string
	}{
		{"doubtful code is for the author's linter", "export default () => { switch (1) { case 1: case 1: } return typeof x == 'foo' || NaN == NaN }", nil},
		{"the d flag", "export default () => /a/d", []string{"a.js:1:25: the d flag of regular expressions is not supported; this will fail at run time"}},
		{"eval", "export default () => eval('1')", []string{"a.js:1:22: eval is not available to handlers; this will fail at run time"}},
		{"import.meta", "export default () => import.meta.url", []string{`a.js:1:22: "import.meta" is not available and will be empty`}},
		{"a property of characters that is unknown", "export default (s) => /^\\p{Emoji}$/u.test(s)", []string{`a.js:1:25: \p{Emoji} is not supported here and matches nothing`}},
		{"columns stay right", "export default (n) => { import('./' + n); require('./' + n); require('x') }", []string{
			"a.js:1:25: the name of this module is computed at run time, so it is not in the bundle and the import will fail: name it by a string literal",
			"a.js:1:43: the name of this module is computed at run time, so it is not in the bundle and the import will fail: name it by a string literal",
			`a.js:1:70: cannot find the library "x": put it into node_modules inside of the package; this will fail at run time`,
		}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			out, err := tree{"a.js": c.text}.build("a.js")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range out.Warnings {
				got = append(got, m.String())
				if m.LineText != c.text {
					t.Errorf("the warning quotes %q, want the author's line", m.LineText)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A message about minified code quotes the place, not the file.
func TestLongLinesAreCut(t *testing.T) {
	_, err := tree{"a.js": strings.Repeat("x();", 20_000) + "let y = ;" + strings.Repeat("x();", 20_000)}.build("a.js")
	var refused *bundle.Errors
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want an *Errors", err)
	}
	m := refused.Messages[0]
	if m.Column != 80_009 || len(m.LineText) > 200 || !strings.Contains(m.LineText, "let y = ;") {
		t.Errorf("got column %d and %d bytes %q, want column 80009 and some text round it", m.Column, len(m.LineText), m.LineText)
	}
}

func TestLimits(t *testing.T) {
	files := tree{}
	var imports strings.Builder
	for i := range bundle.MaxFiles + 1 {
		files[fmt.Sprintf("f%d.js", i)] = "export {}"
		fmt.Fprintf(&imports, "import './f%d.js';\n", i)
	}
	files["a.js"] = imports.String() + "export default () => 1"
	stars := tree{"a.js": "export * from './x0.js'; export * from './y0.js'; export default () => 1", "x40.js": "", "y40.js": ""}
	for i := range 40 {
		stars[fmt.Sprintf("x%d.js", i)] = fmt.Sprintf("export * from './x%d.js'; export * from './y%d.js'", i+1, i+1)
		stars[fmt.Sprintf("y%d.js", i)] = stars[fmt.Sprintf("x%d.js", i)]
	}
	big := strings.Repeat("/*"+strings.Repeat(" ", 1020)+"*/", 1000)
	many := tree{"a.js": "export default () => 1"}
	for i := range 9 {
		many[fmt.Sprintf("f%d.js", i)] = big
		many["a.js"] = fmt.Sprintf("import './f%d.js';\n", i) + many["a.js"]
	}
	for _, c := range []struct {
		rule string
		tree tree
		want string
	}{
		{"one file", tree{"a.js": "export default () => 1" + strings.Repeat("\n", bundle.MaxFile)}, "the file is too large: 1048598 bytes (max 1048576)"},
		{"all files", many, "the files that the handler imports are too large together (max 8388608 bytes)"},
		{"the number of files", files, "the handler imports too many files (max 1000)"},
		{"the bundle", tree{"a.js": "import t from './t.txt'; export default () => t", "t.txt": strings.Repeat("x", bundle.MaxFile)}, "the bundle is too large"},
		{"imports that are not there", tree{"a.js": missing("import './x%d';\n", 200)}, "\nand 100 more"},
		{"modules that are required and not there", tree{"a.js": missing("try { require('./x%d') } catch {}\n", 1000)}, "too many imports cannot be found"},
		{"imports of computed names", tree{"a.js": "export default (x) => [" + strings.Repeat("import('./' + x),\n", 1000) + "]"}, "too many imports of computed names"},
		{"paths through export *", stars, "too many ways lead through statements export * from"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, err := c.tree.build("a.js")
			if got := strings.Join(refusal(t, err), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("got %.300s, want %q", got, c.want)
			}
		})
	}
}

// missing is a handler with n imports of files that are not there.
func missing(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String() + "export default () => 1"
}

func TestEntries(t *testing.T) {
	files := tree{"a.js": "export default () => 'ok'", "a.css": "", "../b.js": "", "/c.js": ""}
	for _, c := range []struct{ rule, entry, want string }{
		{"it must exist", "b.js", "b.js: the handler's file does not exist"},
		{"it must have a name", "", "the handler's file must be named relative to the package"},
		{"it must be in the package", "../b.js", "../b.js: the handler's file must be named relative to the package"},
		{"its name is relative", "/c.js", "/c.js: the handler's file must be named relative to the package"},
		{"it must be a script", "a.css", "a handler is a file of JavaScript or TypeScript"},
	} {
		_, err := files.build(c.entry)
		if got := strings.Join(refusal(t, err), "\n"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
	if _, err := files.build("./x/../a.js"); err != nil {
		t.Errorf("a name that is not clean: %v", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	read := func(name string) ([]byte, bool) {
		cancel()
		reads++
		return []byte(fmt.Sprintf("import './x%d.js'; export default () => 1", reads)), true
	}
	start := time.Now()
	_, err := bundle.Build(ctx, bundle.Input{Entry: "a.js", Read: read})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %v, want context.Canceled", err, time.Since(start))
	}
	// Read is no longer called: a race with the build that goes on would be
	// found by the race detector here.
	reads = 0
	time.Sleep(10 * time.Millisecond)
	if reads != 0 {
		t.Errorf("files were read after Build had returned")
	}
}
