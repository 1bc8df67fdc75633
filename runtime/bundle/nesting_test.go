package bundle_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/annexhost/annex/runtime/bundle"
	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// bombs nest one construct without end. What is allowed of them must leave a
// process alive whose stack is limited as a worker's is.
var bombs = []struct{ file, open, middle, closing string }{
	{"a.js", "[", "1", "]"},
	{"a.js", "(", "1", ")"},
	{"a.js", "{", "", "}"},
	{"a.js", "f(", "", ")"},
	{"a.js", "x={a:", "1", "}"},
	{"a.js", "x={[", "1", "]:1}"},
	{"a.js", "[...", "a", "]"},
	{"a.js", "`${", "1", "}`"},
	{"a.js", "a`${", "1", "}`"},
	{"a.js", "function f(){", "", "}"},
	{"a.js", "async function f(){", "", "}"},
	{"a.js", "x=function(){return ", "1", "}"},
	{"a.js", "class A{x(){", "", "}}"},
	{"a.js", "class A{static{", "", "}}"},
	{"a.js", "x=class{a=", "1", "}"},
	{"a.js", "x={get a(){return ", "1", "}}"},
	{"a.js", "try{", "", "}catch{}"},
	{"a.js", "switch(a){case 1:", "", "}"},
	{"a.js", "let a;{", "", "}"},
	{"a.js", "import(", "1", ")"},
	{"a.js", "a=>", "1", ""},
	{"a.js", "a=>(", "1", ")"},
	{"a.js", "async a=>", "1", ""},
	{"a.js", "(a=", "1", ")=>1"},
	{"a.js", "!", "1", ""},
	{"a.js", "- ", "1", ""},
	{"a.js", "~", "1", ""},
	{"a.js", "typeof ", "1", ""},
	{"a.js", "new ", "x", ""},
	{"a.js", "a", "", ".a"},
	{"a.js", "a", "", "?.a"},
	{"a.js", "a", "", "[0]"},
	{"a.js", "a", "", ".a()"},
	{"a.js", "a", "", "``"},
	{"a.js", "1+", "1", ""},
	{"a.js", "'a'+", "1", ""},
	{"a.js", "a&&", "1", ""},
	{"a.js", "a??", "1", ""},
	{"a.js", "a**", "1", ""},
	{"a.js", "a in ", "1", ""},
	{"a.js", "a=", "1", ""},
	{"a.js", "a+=", "1", ""},
	{"a.js", "x=a?b:", "1", ""},
	{"a.js", "a?b:", "1", ""},
	{"a.js", "a?", "1", ":b"},
	{"a.js", "a,", "b", ""},
	{"a.js", "if(a);else ", ";", ""},
	{"a.js", "if(a)", ";", ""},
	{"a.js", "for(;;)", ";", ""},
	{"a.js", "while(a)", ";", ""},
	{"a.js", "do ", ";", "while(a);"},
	{"a.js", "class extends ", "A", "{}"},
	{"a.js", "var [", "a", "]=1"},
	{"a.js", "async function f(){for await(x of y)", ";", "}"},
	{"a.js", "(async function*(){yield ", "1", "})"},
	{"a.js", "{using a=b;", "", "}"},
	{"a.js", "(async()=>{await using a=b;", "", "})"},
	{"a.js", "@(class{", "", "}) class A{}"},
	{"a.js", "x=/(", "", ")/"},
	{"a.ts", "a<", "b", ""},
	{"a.ts", "a<b,", "c", ""},
	{"a.ts", "<any>", "a", ""},
	{"a.ts", "let a:A<", "B", ">"},
	{"a.ts", "let a:(", "B", ")"},
	{"a.ts", "let a:{b:", "B", "}"},
	{"a.ts", "let a:(b:", "B", ")=>C"},
	{"a.ts", "type A=B extends infer C extends (", "D", ")?E:F"},
	{"a.ts", "x=a?(b):c=>(", "d", "):e"},
	{"a.ts", "namespace A{", "", "}"},
	{"a.ts", "namespace A.A.A.A.A.A.A.A{", "let b=1", "}"},
	{"a.ts", "declare ", "let a", ""},
	{"a.ts", "enum A{a='xxxx',b=a+a,c=", "b", "+b}"},
	{"d.json", "[", "1", "]"},
	{"d.json", `{"a":`, "1", "}"},
}

// source nests n levels in a handler's file.
func source(file, open, middle, closing string, n int) string {
	text := strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
	if file == "d.json" {
		return text
	}
	return "export default () => 1;\n" + text
}

// TestWhatPassesIsSurvived bundles and compiles as much of each bomb as is
// allowed, in a child process whose stack is limited to 64 MiB.
func TestWhatPassesIsSurvived(t *testing.T) {
	if os.Getenv("BUNDLE_BOMBS") != "" {
		debug.SetMaxStack(64 << 20)
		for _, b := range bombs {
			text := largest(b.file, b.open, b.middle, b.closing)
			fmt.Printf("%s %q: %d bytes\n", b.file, b.open, len(text))
			survive(t, b.file, text)
		}
		fmt.Println("all were survived")
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWhatPassesIsSurvived$")
	cmd.Env = append(os.Environ(), "BUNDLE_BOMBS=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "all were survived") {
		t.Errorf("the child ended with %v\n%.4000s", err, out)
	}
}

// largest returns the longest repetition that is allowed, of at most 64 KiB.
func largest(file, open, middle, closing string) string {
	low, high := 1, 64<<10/(len(open)+len(closing))
	for low < high {
		n := (low + high + 1) / 2
		if allowed(file, source(file, open, middle, closing, n)) {
			low = n
		} else {
			high = n - 1
		}
	}
	return source(file, open, middle, closing, low)
}

func allowed(file, text string) bool {
	if file == "d.json" {
		return nesting.JSON([]byte(text), nesting.Source) == nil
	}
	return nesting.Check([]byte(text), nesting.Source) == nil
}

// survive bundles a file, and compiles what comes out.
func survive(t *testing.T, file, text string) {
	t.Helper()
	files := tree{file: text}
	if file == "d.json" {
		file = "main.js"
		files[file] = "import d from './d.json'; export default () => d"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := bundle.Build(ctx, bundle.Input{Read: files.read, Entry: file})
	var refused *bundle.Errors
	switch {
	case errors.As(err, &refused):
	case err != nil:
		t.Errorf("%.60q: %v", text, err)
	default:
		ast, err := goja.Parse("bundle.js", "(function(module, exports) {"+string(out.Code)+"\n})", parser.WithDisableSourceMaps)
		if err == nil {
			_, _ = goja.CompileAST(ast, false)
		}
	}
}

// FuzzNesting repeats what the fuzzer invents: whatever is allowed must neither
// end the process nor keep it busy for long.
func FuzzNesting(f *testing.F) {
	for _, b := range bombs {
		if b.file != "d.json" {
			f.Add(b.open, b.middle, b.closing, b.file == "a.ts", uint16(500))
		}
	}
	debug.SetMaxStack(64 << 20)
	f.Fuzz(func(t *testing.T, open, middle, closing string, typed bool, n uint16) {
		file := "a.js"
		if typed {
			file = "a.ts"
		}
		if (len(open)+len(closing))*int(n)+len(middle) > 64<<10 {
			t.Skip("too long")
		}
		text := source(file, open, middle, closing, int(n))
		if !allowed(file, text) {
			t.Skip("refused")
		}
		survive(t, file, text)
	})
}
