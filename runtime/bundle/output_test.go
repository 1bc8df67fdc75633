package bundle_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-sourcemap/sourcemap"
)

var library = tree{
	"server/a.ts": "import { fail } from '../lib/fail';\n\nexport default async function handler(api: unknown): Promise<void> {\n  await null;\n  fail('ok');\n}\n//# sourceMappingURL=a.js.map\n",
	"lib/fail.ts": "interface X { a: string }\n\nexport function fail(text: string): never {\n  throw new Error(text);\n}\n",
}

func TestSourceMap(t *testing.T) {
	out, err := library.build("server/a.ts")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Version        int
		Sources        []string
		SourcesContent []string
	}
	if err := json.Unmarshal(out.SourceMap, &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != 3 || !slices.Equal(m.Sources, []string{"lib/fail.ts", "server/a.ts"}) {
		t.Errorf("got version %d of %q, want version 3 of the two files by their names in the package", m.Version, m.Sources)
	}
	for i, name := range m.Sources {
		if m.SourcesContent[i] != library[name] {
			t.Errorf("the map has the text %q for %s, want the author's", m.SourcesContent[i], name)
		}
	}
	consumer, err := sourcemap.Parse("", out.SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code, file   string
		line, column int
	}{
		{"new Error(", "lib/fail.ts", 4, 8},
		{`fail("ok")`, "server/a.ts", 5, 2},
		{"await null", "server/a.ts", 4, 2},
	} {
		before, _, found := bytes.Cut(out.Code, []byte(c.code))
		if !found {
			t.Fatalf("the bundle does not contain %q\n%s", c.code, out.Code)
		}
		line := bytes.Count(before, []byte("\n")) + 1
		column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
		file, _, gotLine, gotColumn, ok := consumer.Source(line, column)
		if !ok || file != c.file || gotLine != c.line || gotColumn != c.column {
			t.Errorf("%q comes from %s:%d:%d (%v), want %s:%d:%d", c.code, file, gotLine, gotColumn, ok, c.file, c.line, c.column)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	first, err := library.build("server/a.ts")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := library.build("server/a.ts")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Code, first.Code) || !bytes.Equal(again.SourceMap, first.SourceMap) {
			t.Fatal("the same files gave another bundle")
		}
	}
}

// All code is strict, as ES modules are, whatever form it has.
func TestStrictness(t *testing.T) {
	body := "{ try { undeclared = 1; return 'sloppy' } catch { return 'strict' } }"
	for _, text := range []string{
		"export default () => " + body,
		"function handler() " + body,
		"module.exports = () => " + body,
		"'use strict'; exports.handler = () => " + body,
		"import './b.js'; export default () => " + body,
	} {
		out, err := tree{"a.js": text, "b.js": "exports.x = 1"}.build("a.js")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := call(t, out); got != "strict" || err != nil {
			t.Errorf("%s: got %q, %v; want strict", text, got, err)
		}
	}
}

// What costs time in every fresh realm is there only where it is needed.
func TestPlainHandlersHavePlainBundles(t *testing.T) {
	out, err := tree{"a.ts": "export default async function handler(api: any) {\n  return { a: 1 }\n}"}.build("a.ts")
	if err != nil {
		t.Fatal(err)
	}
	want := "\"use strict\";module.exports=(()=>{\nasync function handler(api){return{a:1}}return handler})();\n"
	if got := string(out.Code); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCharacterProperties(t *testing.T) {
	for _, c := range []struct{ pattern, yes, no string }{
		{`^\p{L}+$`, "aéЖ中", "a1"},
		{`^\p{Letter}$`, "é", "-"},
		{`^\p{Lu}$`, "É", "é"},
		{`^\p{Ll}\P{Ll}$`, "aA", "aa"},
		{`^[\p{L}\p{N}_-]+$`, "Ünï_7", "a b"},
		{`^[^\p{L}]$`, "1", "a"},
		{`^[\P{L}]$`, "1", "a"},
		{`^\p{Script=Greek}$`, "λ", "l"},
		{`^\p{sc=Cyrl}$`, "Ж", "Z"},
		{`^\p{gc=Nd}$`, "٣", "x"},
		{`^\p{General_Category=Decimal_Number}$`, "٣", "x"},
		{`^\p{Alphabetic}$`, "ª", "."},
		{`^\p{White_Space}$`, "\u3000", "x"},
		{`^\p{ASCII}$`, "x", "é"},
		{`^\p{Any}$`, "😀", ""},
		{`^\p{ID_Start}\p{ID_Continue}*$`, "a_1", "1a"},
		{`^\p{Lo}$`, "𠮷", "😀"},
		{`^\\p\{L\}$`, `\p{L}`, "a"},
	} {
		text := "export default () => JSON.stringify([/" + c.pattern + "/u.test(" + quote(c.yes) + "), /" + c.pattern + "/u.test(" + quote(c.no) + ")])"
		out, err := tree{"a.js": text}.build("a.js")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := call(t, out); got != "[true,false]" || err != nil {
			t.Errorf("%s on %q and %q: got %s, %v; want [true,false]", c.pattern, c.yes, c.no, got, err)
		}
	}
	out, err := tree{"a.js": `export default () => /^\p{L}$/.test("p{L}")`}.build("a.js")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := call(t, out); got != "true" {
		t.Errorf("without the flag u the letters are meant: got %s", got)
	}
}

func quote(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}

// The text of a string or a template that looks like a comment stays the same.
func TestMarkersInStringsStay(t *testing.T) {
	text := "export default () => '//# sourceMappingURL=x' + `/*# sourceMappingURL=y */` + /[#] sourceMappingURL=/.source"
	out, err := tree{"a.js": text}.build("a.js")
	if err != nil {
		t.Fatal(err)
	}
	got, err := call(t, out)
	if !strings.HasPrefix(got, "//# sourceMappingURL=x/*# sourceMappingURL=y */") || err != nil {
		t.Errorf("got %q, %v; want the text as written", got, err)
	}
}
