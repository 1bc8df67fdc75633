package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for name, want := range outputs() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("bridge/%s is not what the table says; run go generate ./bridge", name)
		}
	}
	if bridge.Typings() != outputs()["api.d.ts"] {
		t.Error("Typings is not api.d.ts")
	}
}

// A signature that is written by hand must name the parameters of the table. Only
// http.fetch, whose options cross the wall one by one, differs.
func TestSignaturesNameTheParameters(t *testing.T) {
	param := regexp.MustCompile(`(\w+)\??: `)
	for _, m := range bridge.Methods() {
		if m.TS == "" || m.Name == "http.fetch" {
			continue
		}
		var got, want []string
		for _, match := range param.FindAllStringSubmatch(m.TS, -1) {
			got = append(got, match[1])
		}
		for _, p := range m.Params {
			want = append(want, p.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: its signature %s has the parameters %v, the table %v", m.Name, m.TS, got, want)
		}
	}
}

func TestEveryMethodAndPermissionIsInTheReference(t *testing.T) {
	page, types := reference(), typings()
	for _, m := range bridge.Methods() {
		if !strings.Contains(page, "\n### api."+m.Name+"\n") {
			t.Errorf("API.md has no section for %s", m.Name)
		}
		if m.Permission != permissions.None && m.Permission != permissions.HTTPDomain &&
			!strings.Contains(types, "Requires the `"+string(m.Permission)+"` permission.") {
			t.Errorf("api.d.ts does not say that %s requires %s", m.Name, m.Permission)
		}
	}
	for _, e := range permissions.All() {
		if !strings.Contains(page, e.Consent) {
			t.Errorf("API.md does not have the consent text of %s", e.Name)
		}
	}
}

// The compiler has checked the sample once; this keeps it calling every method.
func TestTheSampleCallsEveryMethod(t *testing.T) {
	sample, err := os.ReadFile("../testdata/every-method.ts")
	if err != nil {
		t.Fatal(err)
	}
	called := regexp.MustCompile(`\b(\w+\.\w+)(<\w+>)?\(`).FindAllStringSubmatch(string(sample), -1)
	known := map[string]bool{}
	for _, m := range bridge.Methods() {
		known[m.Name] = true
		if !slices.ContainsFunc(called, func(c []string) bool { return c[1] == m.Name }) {
			t.Errorf("testdata/every-method.ts does not call %s", m.Name)
		}
	}
	for _, c := range called {
		ns, _, _ := strings.Cut(c[1], ".")
		if slices.Contains([]string{"storage", "secrets", "http", "log", "events"}, ns) && !known[c[1]] {
			t.Errorf("testdata/every-method.ts calls %s, which is not in the table", c[1])
		}
	}
}

func TestWrapKeepsWordsAndWidth(t *testing.T) {
	text := strings.Repeat("word ", 100) + strings.Repeat("x", 150)
	lines := wrap(text)
	if strings.Join(lines, " ") != text {
		t.Error("words were lost")
	}
	for i, line := range lines {
		if len(line) > 100 && i != len(lines)-1 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}
