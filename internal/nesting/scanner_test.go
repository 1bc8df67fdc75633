package nesting

import (
	"slices"
	"testing"
)

// open returns how many brackets are open at the end of a source: it shows
// whether a bracket was taken for code or for a part of something else.
func open(source string) int {
	s := scanner{src: []byte(source), maxDepth: maxDepth, place: atStart}
	if what := s.scan(); what != "" {
		return -1
	}
	return s.top
}

func TestWhatIsCode(t *testing.T) {
	for _, c := range []struct {
		rule, source string
		open         int
	}{
		{"a string is not code", `a = "[" + '['; [`, 1},
		{"an escaped quote does not end a string", `a = "\"["; [`, 1},
		{"a string goes on after a continued line", "a = '\\\n['; [", 1},
		{"a string goes on after a continued line of two bytes", "a = '\\\r\n['; [", 1},
		{"a string without an end ends with its line", "a = '[\n[", 1},
		{"a comment is not code", "// [\n[ /* [ */", 1},
		{"a comment ends at a line separator", "// x\u2028[", 1},
		{"a comment is no division", "a /* [ */ / b / [", 1},
		{"the first line may name an interpreter", "#!/usr/bin/[\n[", 1},
		{"a template is not code", "a = `[`; [", 1},
		{"a substitution is code", "a = `[${ [", 2},
		{"a template goes on after a substitution", "a = `${ {} }[`; [", 1},
		{"an escaped dollar is text", "a = `\\${[`; [", 1},
		{"a template in a template", "a = `${ `[${ b }[` }[`; [", 1},

		{"a pattern after an operator", "a = /[[]/; [", 1},
		{"a pattern after a bracket", "f(/[(]/, /[(]/); [", 1},
		{"a pattern after return", "return /[(]/; [", 1},
		{"a pattern after typeof", "typeof /[(]/; [", 1},
		{"a pattern after case", "switch (a) { case /[(]/: } [", 1},
		{"a pattern after an arrow", "a => /[(]/; [", 1},
		{"a pattern after a head", "if (a) /[(]/.test(b); [", 1},
		{"a pattern after a head, with brackets in it", "while (a(b)[c]) /[(]/.test(b); [", 1},
		{"a pattern after for await", "for await (a of b) /[(]/.test(c); [", 1},
		{"a pattern after else", "if (a) b; else /[(]/.test(c); [", 1},
		{"a pattern after a block", "{ a } /[(]/.test(b); [", 1},
		{"a pattern after the body of a function", "function f() {} /[(]/.test(b); [", 1},
		{"a pattern after an exported function", "export default function () {} /[(]/.test(b); [", 1},
		{"a pattern after the body of a class", "class A {} /[(]/.test(b); [", 1},
		{"a pattern after a loop", "do a; while (b) /[(]/.test(c); [", 1},
		{"a slash in a class does not end a pattern", "a = /[/(]/; [", 1},
		{"an escaped slash does not end a pattern", `a = /\/(/; [`, 1},

		{"a division after a name", "a / [b] / [", 1},
		{"a division after a number", "1 / [b] / [", 1},
		{"a division after a closing parenthesis", "f(a) / [b] / [", 1},
		{"a division after an index", "a[0] / [b] / [", 1},
		{"a division after a property called if", "a.if(b) / [c] / [", 1},
		{"a division after a private method called if", "a.#if(b) / [c] / [", 1},
		{"a division after an optional property called if", "a?.if(b) / [c] / [", 1},
		{"a division after a property called return", "a.return / [b] / [", 1},
		{"a division after an object", "a = {} / [b] / [", 1},
		{"a division after a function expression", "a = function () {} / [b] / [", 1},
		{"a division after a class expression", "a = class {} / [b] / [", 1},
		{"a division after a suffix", "a++ / [b] / [", 1},
		{"a division after a suffix of TypeScript", "a! / [b] / [", 1},
		{"a division after this", "this / [b] / [", 1},
		{"a division after a template", "`a` / [b] / [", 1},
		{"a division after a pattern", "/a/g / [b] / [", 1},
		{"a division after let as a name", "let / [b] / [", 1},
		{"a division after a suffix of let", "let++ / [b] / [", 1},
		{"a division after async as a name", "async / [b] / [", 1},
		{"a division on the next line", "a\n/ [b]; [", 1},

		{"a method called if", "a = { if(b) {}, c: [", 2},
		{"a method of a class called if", "class A { if(b) {} c = [", 2},
		{"a field of a class called function", "class A { function = 1; c = [", 2},
		{"a key called class", "a = { class: {}, c: [", 2},
		{"an accessor", "a = { get return() { return 1 / 2 }, c: [", 2},
		{"a member of an enum called default", "enum E { default = 'a', c = [", 2},
		{"a keyword with an escape is a name", "a = \\u0069f(b) / [c] / [", 1},

		{"numbers", "1.5.a; 0x1F.b; 1e+5; 1_000n; .5[", 1},
		{"a member of a number", "1..a.b.c[", 1},
		{"a choice before a fraction", "a?.5:[", 1},
		{"white space beyond ASCII", "a\u00a0=\u3000b\u2028[", 1},
		{"names beyond ASCII", "é = ü / [b] / [", 1},

		{"a bracket that does not fit closes what is inside", "f(a[b); [", 1},
		{"a bracket that fits nothing is ignored", "a); [", 1},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := open(c.source); got != c.open {
				t.Errorf("%q: %d brackets are open at the end, want %d", c.source, got, c.open)
			}
		})
	}
}

// Where a slash cannot be understood without a parser, a source is refused: what
// was taken for a pattern might hide a bomb.
func TestAmbiguousSlashesAreRefused(t *testing.T) {
	for _, c := range []struct{ rule, source string }{
		{"a statement that may have ended", "break a\n/[(]/; [/"},
		{"a declaration that may have ended", "var a\n/[(]/; [/"},
		{"an import that has ended", "import 'a'\n/[(]/; [/"},
		{"yield, which may be a name", "yield / (b / 2"},
		{"await, which may be a name", "await / (b / 2"},
		{"a suffix of await, which may be a prefix", "await++ / (b / 2"},
		{"the end of a type", "a<b>/[(]/"},
		{"braces after a label", "a: {} / (b / 2"},
		{"a function after a label", "a: function f() {} / (b / 2"},
		{"an object that is exported", "export default {} / (b / 2"},
		{"the body of an enum", "enum E {} / (b / 2"},
		{"comments of HTML", "a <!-- ["},
		{"comments of HTML on a line of their own", "a\n--> ["},
	} {
		if got := open(c.source); got != -1 {
			t.Errorf("%s: %q passes", c.rule, c.source)
		}
	}
}

func TestFind(t *testing.T) {
	source := `a = /x/g / 2; b = [/y\//, c / d / e]; // /no/
		'/no/'; ` + "`/no/${/z[/]/u}`" + `
		class A { get = 1; static set = 2; async; get x() {} set() {} static async y() {} get: string; async
			z() {} [w] = { get: 1 } }
		get = 1`
	var patterns, fields []string
	Find([]byte(source), Places{
		Pattern: func(start, end int) { patterns = append(patterns, source[start:end]) },
		Field:   func(start, end int) { fields = append(fields, source[start:end]) },
	})
	if want := []string{"/x/g", `/y\//`, "/z[/]/u"}; !slices.Equal(patterns, want) {
		t.Errorf("found the patterns %q, want %q", patterns, want)
	}
	if want := []string{"get", "set", "async", "get", "async"}; !slices.Equal(fields, want) {
		t.Errorf("found the fields %q, want %q", fields, want)
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range chains {
		f.Add([]byte(c.source(3)))
	}
	f.Add([]byte("a = `${ {} }`\n/x/; if (a) /[/]/; \\u{61} #b 1e- \xe2\x80"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s := scanner{src: src, maxDepth: Source, place: atStart}
		s.scan()
		if s.pos > len(src) {
			t.Errorf("read to %d of %d", s.pos, len(src))
		}
		for s.top > 0 {
			s.pop()
		}
		s.endStatement()
		if s.what == "" && (s.depth != 0 || s.chain != 0 || s.arrows != 0 || s.guesses != 0 || s.inferred != 0 || s.spaces != 0) {
			t.Errorf("counts are left over: depth %d, chain %d, arrows %d, guesses %d, inferred %d", s.depth, s.chain, s.arrows, s.guesses, s.inferred)
		}
	})
}
