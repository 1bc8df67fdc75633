package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The author's section of the README, tried line by line as it stands there.
// Only serve is told where to listen, and what it serves is called.
func TestReadmeForAuthors(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "## Write an extension\n")
	block := regexp.MustCompile("(?s)```console\n(.*?)```").FindStringSubmatch(section)
	if !ok || block == nil {
		t.Fatal("the README has no section for authors with a console block")
	}
	var script strings.Builder
	script.WriteString("env ANNEX_KEYS=$WORK/keys\n")
	count := 0
	for line := range strings.Lines(block[1]) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok {
			t.Fatalf("%q is no command", line)
		}
		count++
		for _, command := range strings.Split(line, " && ") {
			switch {
			case strings.HasPrefix(command, "annex serve "):
				script.WriteString("exec sh -c 'exec " + command + " --listen 127.0.0.1:0 --json >greeting 2>said' &serve&\nserving greeting\n")
			case strings.HasPrefix(command, "cd "):
				script.WriteString(command + "\n")
			default:
				script.WriteString("exec " + command + "\n")
			}
		}
	}
	if count >= 10 || !strings.Contains(script.String(), "serving") {
		t.Errorf("%d lines, want less than ten that end in a host:\n%s", count, script.String())
	}
	script.WriteString("http 200 GET /extensions/acme.notes/hello?name=Ada\nstdout 'Hello, Ada!'\ngrep 'signed with acme-2026' said\nkill -INT serve\nwait serve\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "readme.txtar"), []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Setup:               func(env *testscript.Env) error { env.Setenv("ANNEX_LOG", "error"); leaveAtOnce(env); return nil },
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"serving": serving, "http": request},
		RequireExplicitExec: true,
	})
}
