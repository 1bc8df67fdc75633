package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n": "plain\ttext\n",
		"größe 漢字 👩\u200d👩\u200d👧 می\u200cخواهم": "größe 漢字 👩\u200d👩\u200d👧 می\u200cخواهم",
		"header: x\r\nbody":        "header: x\nbody",
		"over\rwritten":            "over\uFFFDwritten",
		"\x1b]0;title\a":           "\uFFFD]0;title\uFFFD",
		"c1 \u009b31m":             "c1 \uFFFD31m",
		"\u202egnol.exe":           "\uFFFDgnol.exe",
		"\u200fmark \u061c \u2067": "\uFFFDmark \uFFFD \uFFFD",
		"broken \x9b31m":           "broken \uFFFD31m",
	} {
		var b bytes.Buffer
		n, err := printableWriter{&b}.Write([]byte(in))
		if got := b.String(); got != want || n != len(in) || err != nil {
			t.Errorf("%q: printed %q (%d, %v), want %q", in, got, n, err, want)
		}
	}
}

// What an extension logs and throws cannot steer the terminal of who runs it.
func TestWhatAnExtensionSaysDoesNotSteerTheTerminal(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"extension.json": `{"id": "me.evil", "name": "Evil", "version": "1.0.0", "publisher": "me", "license": "MIT",
			"engines": {"blueplm": "^3.0.0"}, "serverMain": "e.js", "activationEvents": ["onStartup"],
			"contributes": {"apiRoutes": [{"method": "GET", "path": "e", "handler": "e.js"}]}, "permissions": {}}`,
		"e.js": `export default ({ log }) => { log.info('logged \x1b[8m', { a: '\u009b8m' }); throw new Error('thrown \x1b]52;c;AAAA\x07 \u202e') }`,
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut bytes.Buffer
	if code := execute(t.Context(), []string{"run", "--approve-all", dir}, strings.NewReader(""), &out, &errOut); code != 1 {
		t.Errorf("exit code %d", code)
	}
	said := errOut.String()
	if !strings.Contains(said, "logged") || !strings.Contains(said, "thrown") || strings.ContainsAny(said, "\x1b\x07\u009b\u202e") {
		t.Errorf("said %q", said)
	}
}
