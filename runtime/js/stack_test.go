package js_test

import (
	"context"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

var files = map[string]string{
	"server/sync.ts": `import { check } from '../lib/check'

interface Api { request: { body: unknown } }

export default async function handler(api: Api): Promise<unknown> {
  await Promise.resolve()
  if (api.request.body === 'stack') {
    return new Error('seen').stack
  }
  return check(api.request.body)
}
`,
	"lib/check.ts": `export function check(value: unknown): string {
  if (typeof value !== 'string') {
    throw new RangeError('not a string')
  }
  return value
}
`,
}

// compileTypeScript compiles server/sync.ts through the bundler.
func compileTypeScript(t *testing.T) sandbox.Program {
	t.Helper()
	out, err := bundle.Build(context.Background(), bundle.Input{
		Read: func(name string) ([]byte, bool) {
			text, ok := files[name]
			return []byte(text), ok
		},
		Entry: "server/sync.ts",
	})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := js.New(js.Config{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := engine.Compile(context.Background(), sandbox.Source{Name: "acme.notes/server/sync.ts", Code: out.Code, SourceMap: out.SourceMap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close(); engine.Close() })
	return program
}

// position returns where in a file of the author a text begins, "file:line:column".
func position(file, text string) string {
	source := files[file]
	before := source[:strings.Index(source, text)]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	return file + ":" + itoa(line) + ":" + itoa(column)
}

func itoa(n int) string {
	var digits []byte
	for ; n > 0; n /= 10 {
		digits = append([]byte{byte('0' + n%10)}, digits...)
	}
	return string(digits)
}

func TestStackIsTheAuthors(t *testing.T) {
	program := compileTypeScript(t)
	_, err := program.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{"request":{"body":1}}`)}}, nil)
	e, ok := err.(*sandbox.Error)
	if !ok || e.Name != "RangeError" || e.Message != "not a string" {
		t.Fatalf("got %#v", err)
	}
	want := "RangeError: not a string\n    at check (" + position("lib/check.ts", "new RangeError") + ")\n    at handler (" + position("server/sync.ts", "check(api")
	if !strings.HasPrefix(e.Stack, want) {
		t.Errorf("got\n%s\nwant it to begin\n%s", e.Stack, want)
	}
	if strings.Contains(e.Stack, "native") || strings.Contains(e.Stack, "annex:") {
		t.Errorf("frames that are not the author's:\n%s", e.Stack)
	}
}

func TestStackInTheRealm(t *testing.T) {
	program := compileTypeScript(t)
	out, err := program.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(`{"request":{"body":"stack"}}`)}}, nil)
	if want := position("server/sync.ts", "new Error"); err != nil || !strings.Contains(string(out.Result.JSON), want) {
		t.Errorf("got %s, %v, want it to name %s", out.Result.JSON, err, want)
	}
}

func TestStoppedStackSaysWhere(t *testing.T) {
	_, err := run(t, "function inner() {\n  for (let n = 0; ; n++) n += 1;\n}\nmodule.exports = () => inner()", sandbox.Invocation{Limits: sandbox.Limits{Wall: 50_000_000}}, nil)
	if e, ok := err.(*sandbox.Error); !ok || e.Code != sandbox.Timeout || !strings.Contains(e.Stack, "at inner (test.js:2:") {
		t.Errorf("got %#v", err)
	}
}

func TestSyntaxErrorSaysWhere(t *testing.T) {
	engine, err := js.New(js.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for _, c := range []struct{ rule, code, sourceMap, want string }{
		{"in the first line", "let a = ;", "", "x.js:1:9: "},
		{"in another line", "let a\nlet b = )", "", "x.js:2:9: "},
		{"found by the compiler", "let a\nlet a", "", "x.js:2:5: "},
		{"found by the compiler in the first line", "let a; let a", "", "x.js:1:12: "},
		{"in the author's file", "let a = ;", `{"version":3,"sources":["src/a.ts"],"mappings":"QAIE"}`, "src/a.ts:5:3: "},
		{"found by the compiler in the author's file", "let a; let a", `{"version":3,"sources":["src/a.ts"],"mappings":"AAIE,UAEA"}`, "src/a.ts:7:3: "},
	} {
		_, err := engine.Compile(context.Background(), sandbox.Source{Name: "x.js", Code: []byte(c.code), SourceMap: []byte(c.sourceMap)})
		e, ok := err.(*sandbox.Error)
		if !ok || e.Code != sandbox.Invalid || !strings.HasPrefix(e.Message, c.want) {
			t.Errorf("%s: got %v, want it to begin %s", c.rule, err, c.want)
		}
	}
}
