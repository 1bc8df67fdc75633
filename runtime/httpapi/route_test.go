package httpapi

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/annexhost/annex/runtime/sandbox"
)

func TestParseTarget(t *testing.T) {
	long := strings.Repeat("a", maxName)
	tests := []struct {
		rule string
		path string
		want target
	}{
		{"a full id", "/extensions/acme.notes/sync", target{doorExtension, "acme.notes", "sync"}},
		{"a short name", "/extensions/notes/sync", target{doorExtension, "notes", "sync"}},
		{"no rest", "/extensions/acme.notes", target{doorExtension, "acme.notes", ""}},
		{"an empty rest", "/extensions/acme.notes/", target{doorExtension, "acme.notes", ""}},
		{"a trailing slash is significant", "/extensions/acme.notes/a/", target{doorExtension, "acme.notes", "a/"}},
		{"the rest stays escaped", "/extensions/acme.notes/files/a%2Fb%20c", target{doorExtension, "acme.notes", "files/a%2Fb%20c"}},
		{"an escaped escape is decoded once by the host", "/extensions/acme.notes/%252e%252e", target{doorExtension, "acme.notes", "%252e%252e"}},
		{"dots inside names", "/extensions/acme.notes/a..b/.c/d./...", target{doorExtension, "acme.notes", "a..b/.c/d./..."}},
		{"UTF-8", "/extensions/acme.notes/%C3%A4", target{doorExtension, "acme.notes", "%C3%A4"}},
		{"a public door", "/public/tok_EN-1/hook", target{doorPublic, "tok_EN-1", "hook"}},
		{"health", "/healthz", target{door: doorHealth}},
		{"the longest name", "/extensions/" + long + "/x", target{doorExtension, long, "x"}},

		{"nothing at the root", "/", target{}},
		{"no extension named", "/extensions", target{}},
		{"an empty extension name", "/extensions/", target{}},
		{"an empty token", "/public/", target{}},
		{"health has nothing below it", "/healthz/", target{}},
		{"the fixed part is exact", "/Extensions/acme.notes/sync", target{}},
		{"the fixed part is not decoded", "/%65xtensions/acme.notes/sync", target{}},
		{"a name is not decoded", "/extensions/acme%2Enotes/sync", target{}},
		{"a name has no other characters", "/extensions/acme$notes/sync", target{}},
		{"a name that is too long", "/extensions/" + long + "a/x", target{}},
	}
	for _, tt := range tests {
		if got, err := parseTarget(tt.path); err != nil || got != tt.want {
			t.Errorf("%s: %q: got %+v, %v; want %+v", tt.rule, tt.path, got, err, tt.want)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	const p = "/extensions/acme.notes/"
	tests := []struct{ rule, path, want string }{
		{"a path that climbs", p + "../acme.other/sync", "dot segment"},
		{"at its end", p + "a/..", "dot segment"},
		{"from the front", "/../extensions/acme.notes/a", "dot segment"},
		{"past the id", "/extensions/../acme.notes/a", "dot segment"},
		{"with escaped dots", p + "%2e%2E/b", "dot segment"},
		{"with one escaped dot", p + ".%2e/b", "dot segment"},
		{"inside one segment", p + "a%2F..%2Fb", "dot segment"},
		{"with a backslash", p + "a%5C..", "dot segment"},
		{"a raw backslash", p + `..\b`, "dot segment"},
		{"the segment that means here", p + "./a", "dot segment"},
		{"an empty segment", p + "a//b", "empty segment"},
		{"at the front", "//extensions/acme.notes/a", "empty segment"},
		{"before the id", "/extensions//acme.notes/a", "empty segment"},
		{"after the id", p + "/a", "empty segment"},
		{"a NUL", p + "a%00b", "control character"},
		{"a line feed", p + "a%0ab", "control character"},
		{"a raw control character", p + "a\x01b", "control character"},
		{"a delete", p + "%7f", "control character"},
		{"an escape without digits", p + "%zz", "invalid escape"},
		{"an escape cut short", p + "a%2", "invalid escape"},
		{"a percent sign alone", p + "100%", "invalid escape"},
		{"an invalid escape in the fixed part", "/ext%zzensions/a/b", "invalid escape"},
		{"an overlong slash", p + "%c0%af", "not UTF-8"},
		{"an overlong dot", p + "%c0%ae%c0%ae/a", "not UTF-8"},
		{"half a character", p + "%e2%82", "not UTF-8"},
		{"a surrogate", p + "%ed%a0%80", "not UTF-8"},
		{"a raw byte that is not UTF-8", p + "\xff", "not UTF-8"},
		{"a path that is too long", p + strings.Repeat("a", maxPath), "longer than 2048 bytes"},
		{"no path", "", "start with a slash"},
		{"the form of OPTIONS *", "*", "start with a slash"},
	}
	for _, tt := range tests {
		_, err := parseTarget(tt.path)
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q: got error %v, want invalid, %q", tt.rule, tt.path, err, tt.want)
		}
	}
}

// FuzzRoute: whatever the path, what comes out was sent, stands where it was
// sent, and climbs nowhere once it is decoded.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{
		"/extensions/acme.notes/files/a%2Fb", "/extensions/acme.notes/%2e%2e/%c0%af", "/public/abc/x//y", "/healthz",
		"/extensions/a/b%5c..%5cc", "/extensions/a/%00", "/extensions/a/%", "*", "", "/extensions/../a", "/extensions/a/..%2f",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := parseTarget(path)
		if err != nil {
			if (got != target{}) {
				t.Fatalf("%q: refused, and yet %+v", path, got)
			}
			return
		}
		prefix := map[door]string{doorExtension: "/extensions/", doorPublic: "/public/"}[got.door]
		if prefix == "" {
			if (got != target{door: got.door}) {
				t.Fatalf("%q: no door, and yet %+v", path, got)
			}
			return
		}
		if whole := prefix + got.name + "/" + got.rest; whole != path && (got.rest != "" || prefix+got.name != path) {
			t.Fatalf("%q: read as %q", path, whole)
		}
		if !isName(got.name) || strings.ContainsAny(got.name, "%/\\\x00") {
			t.Fatalf("%q: name %q", path, got.name)
		}
		segments := strings.Split(got.rest, "/")
		for i, segment := range segments {
			decoded, err := url.PathUnescape(segment)
			if err != nil || !utf8.ValidString(decoded) || strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("%q: segment %q decodes to %q, %v", path, segment, decoded, err)
			}
			if segment == "" && i < len(segments)-1 {
				t.Fatalf("%q: an empty segment inside %q", path, got.rest)
			}
			for part := range strings.FieldsFuncSeq(decoded, func(r rune) bool { return r == '/' || r == '\\' }) {
				if part == "." || part == ".." {
					t.Fatalf("%q: segment %q climbs once decoded: %q", path, segment, decoded)
				}
			}
		}
	})
}
