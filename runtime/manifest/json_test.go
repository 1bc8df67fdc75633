package manifest_test

import (
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/manifest"
)

func TestInvalidJSON(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct{ rule, data, path, want string }{
		{"nothing", "", "", "Invalid JSON: unexpected end of JSON input (line 1, column 1)"},
		{"half of it", "{\n  \"id\": ", "", "Invalid JSON: unexpected end of JSON input (line 2, column 8)"},
		{"a comma too much", "{\"id\": \"a.b\",\n}", "", "Invalid JSON: invalid character '}' looking for beginning of object key string (line 2, column 1)"},
		{"a comment", "// notes\n{}", "", "Invalid JSON: invalid character '/'"},
		{"two texts", "{} {}", "", "Invalid JSON: invalid character '{' after top-level value"},
		{"invalid UTF-8", "{\n\"é\xff\": 1}", "", "Invalid JSON: invalid UTF-8 (line 2, column 3)"},
		{"a NUL in a string", "{\"a\x00\": 1}", "", "Invalid JSON: invalid character '\\x00' in string literal"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", "Invalid JSON: invalid UTF-8 (line 1, column 1)"},
		{"deep", nested(65), "", "Invalid JSON: nested deeper than 64 levels"},
		{"deeper than the standard library reads", nested(20_000), "", "Invalid JSON: "},
		{"too large", `"` + strings.Repeat("x", manifest.MaxBytes) + `"`, "", "Too large (expected at most 1048576 bytes, received 1048578 bytes)"},
		{"a list", "[]", "", "Must be an object (expected an object, received a list of 0)"},
		{"null", "null", "", "Must be an object (expected an object, received null)"},
	} {
		m, report := manifest.Parse([]byte(c.data), manifest.Options{})
		if m != nil || len(report.Errors) != 1 {
			t.Errorf("%s: %d errors, want 1: %v", c.rule, len(report.Errors), report)
			continue
		}
		if got := report.Errors[0]; got.Path != c.path || !strings.Contains(got.String(), c.want) {
			t.Errorf("%s: got %q at %q, want %q at %q", c.rule, got, got.Path, c.want, c.path)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		rule  string
		field string
		value string
		want  string
	}{
		{"twice at the top", "id", `"acme.notes", "id": "evil.notes"`, "id: Duplicate key (expected each key once, received \"id\" again)"},
		{"twice by an escape", "id", `"acme.notes", "\u0069d": "evil.notes"`, "id: Duplicate key"},
		{"twice further down", "contributes", `{"views": [], "views": []}`, "contributes.views: Duplicate key"},
		{"a prototype", "__proto__", `{"admin": true}`, "__proto__: This key is not allowed"},
		{"a prototype further down", "contributes", `{"constructor": {"prototype": 1}}`, "contributes.constructor: This key is not allowed"},
		{"a prototype by an escape", "\\u005f_proto__", `{}`, "__proto__: This key is not allowed"},
		{"a prototype in a field that nobody reads", "x", `[{"prototype": 1}]`, "x.0.prototype: This key is not allowed"},
	} {
		data := strings.Replace(string(write(nil)), "{", `{"`+c.field+`": `+c.value+", ", 1)
		if c.field == "id" || c.field == "contributes" {
			data = string(write(fields{c.field: c.value}))
		}
		m, report := manifest.Parse([]byte(data), manifest.Options{})
		if m != nil || !strings.Contains(report.String(), c.want) {
			t.Errorf("%s: got %v, want %q", c.rule, report, c.want)
		}
	}
	// Keys are compared with case: encoding/json would take ID for id.
	m, report := manifest.Parse(write(fields{"ID": `"evil.notes"`}), manifest.Options{})
	if m == nil || m.ID != "acme.notes" {
		t.Errorf("a key in another case: %v", report)
	}
}

func TestByteOrderMark(t *testing.T) {
	if _, report := manifest.Parse(append([]byte("\ufeff"), write(nil)...), manifest.Options{}); !report.Valid {
		t.Error(report)
	}
}

func TestCheckFile(t *testing.T) {
	for _, name := range []string{
		"a", "extension.json", "server/sync.ts", "node_modules/@acme/lib/index.js", "a b/c (1).txt", "[id].js", ".hidden",
		"a..b", "console.js", "com10.js", "auxiliary", "$1~a,b=c+d.js", strings.Repeat("a", 240), "a" + strings.Repeat("/a", 23),
	} {
		if err := manifest.CheckFile(name); err != nil {
			t.Errorf("CheckFile(%q): %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "/", "/a", "a/", "//", "a//b", "./a", "a/.", "a/..", "../a", "a/../b", `a\b`, "C:", "c:/a", "a:b", "a*b",
		"a?b", "a|b", "a<b", "a\"b", "a%2eb", "a#b", "a\x00", "a\nb", "a\x7f", "é", "a\u0301", "a\u200b", "\xff", " a", "a ", "a.", "a /b", "a./b",
		"con", "CON", "Prn.txt", "aux", "nul.tar.gz", "com0", "COM9.js", "lpt1", "conin$", "CONOUT$.x", "a/nul/b", "aux .js",
		strings.Repeat("a", 241), "a" + strings.Repeat("/a", 24),
	} {
		if manifest.CheckFile(name) == nil {
			t.Errorf("CheckFile(%q) passes", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(write(nil))
	f.Add(write(fields{"contributes": `{"apiRoutes": [{"method": "GET", "path": "a/:b", "handler": "a.js"}], "configuration": {"title": "T", "properties": {"a": {"type": "array", "items": {"type": "number", "minimum": 1}}}}}`}))
	f.Add([]byte(`{"a": {"__proto__": 1, "a": [[[]]]}, "a": 2}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, report := manifest.Parse(data, manifest.Options{})
		if (m != nil) != report.Valid || report.Valid != (len(report.Errors) == 0) || (report.Err() == nil) != report.Valid {
			t.Fatalf("manifest %v, report %+v", m != nil, report)
		}
		if m == nil {
			return
		}
		if !manifest.IsID(string(m.ID)) || m.ID.Publisher() != m.Publisher {
			t.Errorf("id %q of %q passes", m.ID, m.Publisher)
		}
		for _, r := range m.Contributes.APIRoutes {
			if err := manifest.CheckFile(r.Handler); err != nil {
				t.Error(err)
			}
			if got := m.Match(r.Method, r.Example()); !got.Found {
				t.Errorf("route %s %q does not answer %q", r.Method, r.Path, r.Example())
			}
		}
		if _, err := m.Contributes.Configuration.WithDefaults(nil); err != nil {
			t.Error(err)
		}
	})
}
