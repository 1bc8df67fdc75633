package gobuild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// write makes a directory of an extension with these handlers and files.
func write(t *testing.T, handlers string, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	names = append(names, "extension.json")
	for _, name := range names {
		text := "package main"
		if name == "extension.json" {
			text = `{"contributes": {"apiRoutes": [` + handlers + `]}}`
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	const two = `{"handler": "server/a.wasm#x"}, {"handler": "./server/a.wasm#y"}, {"handler": "b.wasm"}, {"handler": "c.js"}`
	for _, c := range []struct {
		rule, handlers string
		files          []string
		want           []Module
	}{
		{"each module once", two, []string{"go.mod", "server/a/main.go", "b/b.go", "c/c.go"}, []Module{{"server/a.wasm", "server/a"}, {"b.wasm", "b"}}},
		{"without go.mod nothing", two, []string{"server/a/main.go"}, nil},
		{"without Go files nothing", two, []string{"go.mod", "server/a/readme"}, nil},
		{"nothing outside", `{"handler": "../a.wasm"}, {"handler": "/a.wasm"}, {"handler": "a/../../b.wasm"}, {"handler": ".wasm"}`, []string{"go.mod", "a/a.go"}, nil},
		{"no manifest", `{`, []string{"go.mod", "a/a.go"}, nil},
	} {
		if got := Find(write(t, c.handlers, c.files...)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.rule, got, c.want)
		}
	}
}

func TestBuildWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Build(context.Background(), write(t, `{"handler": "a.wasm"}`, "go.mod", "a/a.go")); !errors.Is(err, ErrNoGo) {
		t.Errorf("%v, want %v", err, ErrNoGo)
	}
	if _, err := Build(context.Background(), write(t, `{"handler": "a.js"}`, "go.mod")); err != nil {
		t.Errorf("nothing to build: %v", err)
	}
}

func TestProblems(t *testing.T) {
	got := problems(Module{"a.wasm", "a"}, "# acme.x/a\na/main.go:5:2: undefined: x\n./a/b.go:7: wrong\n\tmore of it\ngo.mod:3: unknown directive: y\npackage z is not in std\n")
	want := []string{"a/main.go:5:2: undefined: x", "a/b.go:7:1: wrong more of it", "go.mod:3:1: unknown directive: y", "a: go build: package z is not in std"}
	var lines []string
	for _, m := range got.Messages {
		lines = append(lines, m.String())
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
	if got := problems(Module{"a.wasm", "a"}, ""); len(got.Messages) != 1 {
		t.Errorf("a compiler that says nothing: %v", got)
	}
}
