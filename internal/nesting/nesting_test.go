package nesting

import (
	"errors"
	"strings"
	"testing"
)

func repeat(open, middle, closing string) func(n int) string {
	return func(n int) string { return strings.Repeat(open, n) + middle + strings.Repeat(closing, n) }
}

// chains are sources that nest or chain one construct n times. Each ends a Go
// process, or keeps it busy for minutes, when n is large.
var chains = []struct {
	name   string
	source func(n int) string
	real   int // as much as real code may have: passes
	bomb   int // refused
}{
	{"parentheses", repeat("(", "1", ")"), 150, 250},
	{"arrays", repeat("[", "1", "]"), 150, 250},
	{"arrays without an end", repeat("[", "", ""), 150, 250},
	{"blocks", repeat("{", "", "}"), 150, 250},
	{"objects", repeat("x={a:", "1", "}"), 150, 250},
	{"calls in calls", repeat("f(", "", ")"), 150, 250},
	{"functions", repeat("function f(){", "", "}"), 150, 250},
	{"classes", repeat("class A{x(){", "", "}}"), 70, 120},
	{"templates", repeat("`${", "1", "}`"), 150, 250},
	{"patterns of variables", repeat("var [", "a", "]=1"), 1, 250},
	{"spread", repeat("[...", "a", "]"), 150, 250},
	{"computed keys", repeat("x={[", "1", "]:1}"), 70, 250},
	{"arrow functions", repeat("a=>", "1", ""), 40, 60},
	{"arrow functions over lines", repeat("a=>\n", "1", ""), 40, 60},
	{"async arrow functions", repeat("async a=>", "1", ""), 40, 60},
	{"arrow functions in parentheses", repeat("(a)=>(", "1", ")"), 40, 60},
	{"arrow functions in the parameters of arrow functions", repeat("(a=", "1", ")=>1"), 4, 8},
	{"slashes that may begin a pattern", repeat(`a>/"[";`, "1", ""), 1000, 2000},
	{"negations", repeat("!", "1", ""), 1000, 5000},
	{"negations over lines", repeat("!\n", "1", ""), 1000, 5000},
	{"complements", repeat("~", "1", ""), 1000, 5000},
	{"signs", repeat("- ", "1", ""), 1000, 5000},
	{"increments", repeat("++", "a", ""), 1000, 5000},
	{"typeof", repeat("typeof ", "1", ""), 1000, 5000},
	{"new", repeat("new\n", "a", ""), 1000, 5000},
	{"await", repeat("await\n", "a", ""), 1000, 5000},
	{"yield", repeat("yield ", "a", ""), 1000, 5000},
	{"member accesses", repeat(".a", "", ""), 1000, 5000},
	{"member accesses over lines", repeat("\n.a", "", ""), 1000, 5000},
	{"optional accesses", repeat("?.a", "", ""), 1000, 5000},
	{"indexes", repeat("[0]", "", ""), 1000, 5000},
	{"calls", repeat("()", "", ""), 1000, 5000},
	{"method calls", repeat(".a()", "", ""), 1000, 5000},
	{"tagged templates", repeat("a``", "", ""), 1000, 5000},
	{"additions", repeat("1+", "1", ""), 3000, 5000},
	{"additions over lines", repeat("'a' +\n", "1", ""), 3000, 5000},
	{"additions of calls", repeat("f(a, b)+", "1", ""), 1000, 5000},
	{"logical operators", repeat("a&&", "1", ""), 3000, 5000},
	{"powers", repeat("a**", "1", ""), 3000, 5000},
	{"assignments", repeat("a=", "1", ""), 3000, 5000},
	{"choices", repeat("a?b:", "1", ""), 1000, 5000},
	{"choices in choices", repeat("a?", "1", ":b"), 1000, 5000},
	{"else if", repeat("if(a)b;else ", "c", ""), 250, 600},
	{"else if with blocks", repeat("if(a){b}else ", "{c}", ""), 250, 600},
	{"else if over lines", repeat("if (a)\n b\nelse ", "c", ""), 250, 600},
	{"if in if", repeat("if(a)", "b", ""), 500, 1100},
	{"loops in loops", repeat("for(;;)", "b", ""), 40, 60},
	{"while in while", repeat("while(a)", "b", ""), 500, 1100},
	{"do in do", repeat("do ", "b;", "while(a);"), 500, 1100},
	{"labels", repeat("a:", "b", ""), 1000, 5000},
	{"classes that extend classes", repeat("class extends ", "A", "{}"), 500, 5000},
	{"comma operators", repeat("a,", "b", ""), 1000, 3000},
	{"comma operators in parentheses", func(n int) string { return "x=(" + strings.Repeat("a,", n) + "b)" }, 1000, 3000},
	{"comparisons that may be types", repeat("a<", "b", ""), 50, 200},
	{"comparisons in a list", repeat("a<b,", "c", ""), 50, 200},
	{"types in types", repeat("A<", "B", ">"), 50, 200},
	{"namespaces in namespaces", func(n int) string { return "namespace A" + strings.Repeat(".A", n) + "{}" }, 20, 60},
	{"namespaces", repeat("namespace A{", "", "}"), 20, 60},
	{"inferred types", repeat("A extends infer B extends (", "C", ")?D:E"), 5, 20},
	{"arrow functions that may have a type", repeat("a?(b):c=>(", "d", "):e"), 3, 10},
	{"groups of a regular expression", func(n int) string { return "x=/" + strings.Repeat("(", n) + strings.Repeat(")", n) + "/" }, 100, 300},
	{"decorators", func(n int) string { return "class A{" + strings.Repeat("@a b;", n) + "}" }, 500, 1100},
	{"cases", func(n int) string { return "switch(a){" + strings.Repeat("case 1:\n", n) + "}" }, 4000, 6000},
	{"digits", repeat("1", "", ""), 5000, 20_000},
	{"text of a member of an enum", func(n int) string { return "enum E{a='" + strings.Repeat("x", n) + "'}" }, 200, 300},
	{"members of an enum made of members", func(n int) string {
		return "enum E{a='xxxxxxxx'" + strings.Repeat(",b=a+a", n) + "}"
	}, 3, 10},
	{"members of an enum made of members in a template", func(n int) string {
		return "enum E{a=`xxxxxxxx`" + strings.Repeat(",b=`${a}${a}`", n) + "}"
	}, 3, 10},
}

func TestChainsAreLimited(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			if err := Check([]byte(c.source(c.real)), Source); err != nil {
				t.Errorf("%d are refused: %v", c.real, err)
			}
			if err := Check([]byte(c.source(c.bomb)), Source); err == nil {
				t.Errorf("%d pass", c.bomb)
			}
		})
	}
}

// Nothing that ends a statement or an element may add up over a long file.
func TestLongFilesPass(t *testing.T) {
	for _, line := range []string{
		"a = b + c.d(e)[f] ? g : h;",
		"a = b\n",
		"a.b().c\n",
		"if (a) b; else c;",
		"if (a) b\n",
		"if(a){b}else{c}",
		"function f(a,b){return a}",
		"class A { x = 1; y() { return 2 } }",
		"export const f = async (a) => { await b };",
		"x => { y }\n",
		"for (const a of b) c;",
		"label: for (;;) break label;",
		"switch (a) { case 1: b; break; default: c }",
		"try { a } catch (e) { b } finally { c }",
		"do a; while (b);",
		"var a = 1, b = 2;",
		"type A = B<C>;",
		"interface A { b: string\n c: number }\n",
		"enum E { A, B }\n",
		"x = `a${b}c`;",
		"/re/.test(a);",
		"@a() class B {}\n",
		"!a;",
		"return a\n",
	} {
		source := strings.Repeat(line, 20_000)
		if strings.Contains(line, "@") {
			source = strings.Repeat(line, 900)
		}
		if err := Check([]byte(source), Source); err != nil {
			t.Errorf("20,000 times %q: %v", line, err)
		}
	}
}

func TestLongListsPass(t *testing.T) {
	for _, c := range []struct{ open, element, closing string }{
		{"x = [", "1 + 2,", "]"},
		{"x = {", "a: b.c(),", "}"},
		{"x = {", "a() { return 1 },", "}"},
		{"class A {", "a = 1; b() {} ", "}"},
		{"class A {", "a = 1\n b() {}\n", "}"},
		{"f(", "a + b,", ")"},
		{"var ", "a = 1,", "b"},
		{"let ", "a = x => x,", "b"},
		{"export {", "a as b,", "}"},
		{"function f(", "a,", ") {}"},
		{"enum E {", "A = 'a',", "}"},
		{"interface A {", "a: B<C>;", "}"},
		{"x = `", "${a}", "`"},
		{"(function () {", "function f() {} var a = 1;", "})()"},
		{"(() => {", "a(b);\n", "})()"},
	} {
		source := c.open + strings.Repeat(c.element, 20_000) + c.closing
		if err := Check([]byte(source), Source); err != nil {
			t.Errorf("%s 20,000 times %s %s: %v", c.open, c.element, c.closing, err)
		}
	}
}

func TestErrorNamesTheLine(t *testing.T) {
	err := Check([]byte("a;\nb;\n  "+strings.Repeat("[", 300)), 200)
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if got.Line != 3 || got.Column != 203 {
		t.Errorf("got line %d, column %d; want the first bracket too many, line 3, column 203", got.Line, got.Column)
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		rule, text string
		passes     bool
	}{
		{"a long array is not deep", "[" + strings.Repeat("[1],", 100_000) + "1]", true},
		{"a long object is not deep", "{" + strings.Repeat(`"a":{},`, 100_000) + `"b":1}`, true},
		{"brackets in strings do not count", `["` + strings.Repeat("[", 500) + `\"` + strings.Repeat("[", 500) + `"]`, true},
		{"as deep as allowed", strings.Repeat("[", Source) + strings.Repeat("]", Source), true},
		{"one deeper", strings.Repeat("[", Source+1) + strings.Repeat("]", Source+1), false},
		{"objects count", strings.Repeat(`{"a":`, Source+1), false},
	} {
		if err := JSON([]byte(c.text), Source); (err == nil) != c.passes {
			t.Errorf("%s: got %v", c.rule, err)
		}
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	source := []byte(strings.Repeat("export function f(a, b) { return [a, `${b}`, /re/g, c => d ? e : {}] }\n", 100))
	if n := testing.AllocsPerRun(10, func() { _ = Check(source, Source) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func BenchmarkCheck(b *testing.B) {
	source := []byte(strings.Repeat("export function f(a, b) { return [a, `${b}`, /re/g, c => d ? e : {}] } // comment\n", 1000))
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if err := Check(source, Source); err != nil {
			b.Fatal(err)
		}
	}
}
