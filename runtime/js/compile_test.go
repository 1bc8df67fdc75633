package js_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

func compile(t *testing.T, c js.Config, src sandbox.Source) (sandbox.Program, error) {
	t.Helper()
	engine, err := js.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	program, err := engine.Compile(context.Background(), src)
	if err == nil {
		t.Cleanup(func() { program.Close() })
	}
	return program, err
}

func TestCompileRefuses(t *testing.T) {
	deep := func(unit string) string { return "module.exports = " + strings.Repeat(unit, 5_000_000/len(unit)) }
	for _, c := range []struct{ rule, code, want string }{
		{"too large a source", strings.Repeat(";", 1001), "too large: 1001 bytes (max 1000)"},
		{"brackets that end a process", deep("["), "nest"},
		{"parentheses", deep("("), ""},
		{"unary operators", deep("!"), ""},
		{"arrow functions", deep("a=>"), ""},
		{"members", deep(".a"), ""},
		{"templates", deep("`${"), ""},
		{"operators", deep("1+"), ""},
	} {
		config := js.Config{MaxSource: 1000}
		if c.rule != "too large a source" {
			config.MaxSource = 10 << 20
		}
		start := time.Now()
		_, err := compile(t, config, sandbox.Source{Name: "deep.js", Code: []byte(c.code)})
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "deep.js") {
			t.Errorf("%s: got %v, want code invalid and %q", c.rule, err, c.want)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", c.rule, took)
		}
	}
}

// TestCompileReadsNoFiles names a file in a comment that the parser understands.
func TestCompileReadsNoFiles(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.map")
	if err := os.WriteFile(secret, []byte(`{"version":3,"sources":["leaked.ts"],"mappings":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{secret, "file://" + secret, filepath.Join(dir, "absent.map")} {
		body := "module.exports = () => new Error('x').stack\n//# sourceMappingURL=" + url
		program, err := compile(t, js.Config{}, sandbox.Source{Name: filepath.Join(dir, "a.js"), Code: []byte(body)})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		out, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		if err != nil || strings.Contains(string(out.Result.JSON), "leaked") {
			t.Errorf("%s: got %s, %v", url, out.Result.JSON, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		rule string
		api  sandbox.API
		want string
	}{
		{"a name twice", sandbox.API{{Name: "a.b"}, {Name: "a.b"}}, "a.b"},
		{"a method where there is a namespace", sandbox.API{{Name: "a.b"}, {Name: "a"}}, "a"},
		{"a namespace where there is a method", sandbox.API{{Name: "a"}, {Name: "a.b"}}, "a.b"},
		{"a name of the engine's", sandbox.API{{Name: "request"}}, "request"},
		{"a name below one of the engine's", sandbox.API{{Name: "response.x"}}, "response.x"},
		{"no name", sandbox.API{{Name: ""}}, "name"},
		{"an empty part", sandbox.API{{Name: "a."}}, "a."},
		{"a wrapper that does not compile", sandbox.API{{Name: "a.b", JS: "(call) =>"}}, "a.b"},
	} {
		if _, err := js.New(js.Config{API: c.api}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that names %q", c.rule, err, c.want)
		}
	}
}

func TestExports(t *testing.T) {
	for _, c := range []struct{ rule, body, export, want string }{
		{"module.exports", `module.exports = () => 1`, "", "1"},
		{"exports.default", `exports.default = () => 2`, "", "2"},
		{"default wins over the module", `module.exports = () => 1; module.exports.default = () => 2`, "", "2"},
		{"a getter", `Object.defineProperty(exports, "default", {get: () => () => 3})`, "", "3"},
		{"a named export", `exports.other = () => 4`, "other", "4"},
		{"this is the exports", `this.default = () => 5`, "", "5"},
		{"an async function", `exports.default = async () => 6`, "", "6"},
		{"a thenable", `exports.default = () => ({then(f) { f(7) }})`, "", "7"},
		{"a class is called and fails", `exports.default = class {}`, "", "TypeError"},
		{"a generator is called: its object has no members", `exports.default = function* () {}`, "", "{}"},
		{"no such export", `exports.default = () => 1`, "other", "invalid"},
		{"nothing exported", ``, "", "invalid"},
		{"null exported", `module.exports = null`, "", "invalid"},
	} {
		program, err := compile(t, js.Config{}, sandbox.Source{Name: "x.js", Code: []byte(c.body), Export: c.export})
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		out, err := program.Run(context.Background(), sandbox.Invocation{}, nil)
		got := string(out.Result.JSON)
		if e, ok := err.(*sandbox.Error); ok {
			if got = string(e.Code); e.Code == sandbox.Thrown {
				got = e.Name
			}
		}
		if got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.rule, got, err, c.want)
		}
	}
}
