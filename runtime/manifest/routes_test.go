package manifest_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/manifest"
)

// routes parses a manifest with these routes, each "METHOD path". The handler
// of the n-th is n.js.
func routes(routes ...string) (*manifest.Manifest, manifest.Report) {
	var entries []string
	for i, r := range routes {
		method, path, _ := strings.Cut(r, " ")
		entries = append(entries, fmt.Sprintf(`{"method": %q, "path": %q, "handler": "%d.js"}`, method, path, i))
	}
	return manifest.Parse(write(fields{"contributes": `{"apiRoutes": [` + strings.Join(entries, ",") + `]}`}), manifest.Options{})
}

func TestMatch(t *testing.T) {
	all := []string{
		"GET notes", "POST notes", "GET notes/:id", "DELETE notes/:id", "GET notes/latest", "POST notes/:id/tags/:tag",
		"GET notes/:id/tags/all", "GET a/b/:x", "GET a/:x/c", "GET notes/", "GET /", "GET caf\u00e9 au lait", "GET v1.0/:_p1",
	}
	m, report := routes(all...)
	if m == nil {
		t.Fatal(report)
	}
	for _, c := range []struct {
		rule, method, path string
		want               string // the route; "" is none
		params             map[string]string
		allowed            string
	}{
		{"a literal", "GET", "notes", "GET notes", nil, ""},
		{"with a leading slash", "GET", "/notes", "GET notes", nil, ""},
		{"another method of the path", "POST", "notes", "POST notes", nil, ""},
		{"a method that the path does not have", "PUT", "notes", "", nil, "GET POST"},
		{"a method that no route of the path has", "PATCH", "notes/latest", "", nil, "DELETE GET"},
		{"a method in lower case", "get", "notes", "", nil, "GET POST"},
		{"no such path", "GET", "other", "", nil, ""},
		{"a parameter", "GET", "notes/7", "GET notes/:id", map[string]string{"id": "7"}, ""},
		{"a literal wins over a parameter", "GET", "notes/latest", "GET notes/latest", nil, ""},
		{"the parameter answers where the literal has no such method", "DELETE", "notes/latest", "DELETE notes/:id", map[string]string{"id": "latest"}, ""},
		{"two parameters", "POST", "notes/7/tags/x", "POST notes/:id/tags/:tag", map[string]string{"id": "7", "tag": "x"}, ""},
		{"a literal wins later, too", "GET", "notes/7/tags/all", "GET notes/:id/tags/all", map[string]string{"id": "7"}, ""},
		{"the first difference decides", "GET", "a/b/c", "GET a/b/:x", map[string]string{"x": "c"}, ""},
		{"the other one where the first does not match", "GET", "a/z/c", "GET a/:x/c", map[string]string{"x": "z"}, ""},
		{"a trailing slash is another path", "GET", "notes/", "GET notes/", nil, ""},
		{"a trailing slash too many", "GET", "other/", "", nil, ""},
		{"the root", "GET", "", "GET /", nil, ""},
		{"the root by a slash", "GET", "/", "GET /", nil, ""},
		{"two leading slashes", "GET", "//notes", "", nil, ""},
		{"case counts", "GET", "Notes", "", nil, ""},
		{"an escaped literal", "GET", "n%6Ftes", "GET notes", nil, ""},
		{"a literal with a space", "GET", "caf%C3%A9%20au%20lait", "GET caf\u00e9 au lait", nil, ""},
		{"a plus is a plus", "GET", "notes/a+b", "GET notes/:id", map[string]string{"id": "a+b"}, ""},
		{"an escaped parameter", "GET", "notes/a%20b%3F", "GET notes/:id", map[string]string{"id": "a b?"}, ""},
		{"an escaped slash is part of the segment", "GET", "notes/a%2Fb", "GET notes/:id", map[string]string{"id": "a/b"}, ""},
		{"escapes are decoded once", "GET", "notes/%252e", "GET notes/:id", map[string]string{"id": "%2e"}, ""},
		{"a broken escape", "GET", "notes/%zz", "", nil, ""},
		{"half an escape", "GET", "notes/%2", "", nil, ""},
		{"bytes that are not UTF-8", "GET", "notes/%ff", "", nil, ""},
		{"an empty parameter", "GET", "notes//tags/all", "", nil, ""},
		{"a path that is too long", "GET", "notes/7/8", "", nil, ""},
		{"a dot and an underscore", "GET", "v1.0/x", "GET v1.0/:_p1", map[string]string{"_p1": "x"}, ""},
	} {
		got := m.Match(c.method, c.path)
		route := ""
		if got.Found {
			route = got.Route.Method + " " + got.Route.Path
			if got.Route.Path == "" {
				route += "/"
			}
		}
		if route != c.want || !maps.Equal(got.Params, c.params) || strings.Join(got.Allowed, " ") != c.allowed {
			t.Errorf("%s: %s %s is %q %v allowed %v; want %q %v allowed %v", c.rule, c.method, c.path, route, got.Params, got.Allowed, c.want, c.params, c.allowed)
		}
		if got.Found && got.Route.Handler != fmt.Sprintf("%d.js", slices.Index(all, route)) {
			t.Errorf("%s: handler %s", c.rule, got.Route.Handler)
		}
	}
}

func TestRoutesRefused(t *testing.T) {
	for _, c := range []struct {
		rule   string
		routes []string
		want   string
	}{
		{"the same route", []string{"GET a", "GET a"}, "contributes.apiRoutes.1.path: Answers the same requests as contributes.apiRoutes.0"},
		{"the same route with a slash", []string{"GET a", "GET /a"}, "contributes.apiRoutes.1.path: Answers the same requests"},
		{"the same route with another parameter", []string{"GET a/:x", "GET a/:y"}, "contributes.apiRoutes.1.path: Answers the same requests"},
		{"a wildcard", []string{"GET a/*"}, "Wildcards are not supported"},
		{"a wildcard in a segment", []string{"GET a*"}, "Wildcards are not supported"},
		{"an empty segment", []string{"GET a//b"}, "Has an empty segment"},
		{"two leading slashes", []string{"GET //a"}, "Has an empty segment"},
		{"a parent", []string{"GET a/../b"}, "a segment that clients resolve"},
		{"a dot", []string{"GET ./b"}, "a segment that clients resolve"},
		{"an escape", []string{"GET a%20b"}, "without percent escapes"},
		{"a query", []string{"GET a?b=c"}, "without percent escapes, query"},
		{"a fragment", []string{"GET a#b"}, "without percent escapes"},
		{"a backslash", []string{`GET a\b`}, "without percent escapes"},
		{"a parameter without a name", []string{"GET a/:"}, "A parameter's name"},
		{"a parameter with a pattern", []string{"GET a/:x(.+)"}, "A parameter's name"},
		{"an optional parameter", []string{"GET a/:x?"}, "without percent escapes"},
		{"a parameter that starts with a digit", []string{"GET a/:1"}, "A parameter's name"},
		{"a parameter that is a prototype", []string{"GET a/:constructor"}, "A parameter's name"},
		{"a parameter twice", []string{"GET a/:x/:x"}, "Has the parameter :x twice"},
		{"a control character", []string{"GET a\nb"}, "Has control characters"},
	} {
		m, report := routes(c.routes...)
		if m != nil || len(report.Errors) != 1 || !strings.Contains(report.Errors[0].String(), c.want) {
			t.Errorf("%s: got %v, want %q", c.rule, report, c.want)
		}
	}
	many := make([]string, manifest.MaxRoutes+1)
	for i := range many {
		many[i] = fmt.Sprintf("GET r%d", i)
	}
	if m, report := routes(many...); m != nil || report.Errors[0].Message != "Too many routes" {
		t.Errorf("too many routes: %v", report)
	}
	if m, report := routes(many[1:]...); m == nil {
		t.Errorf("as many routes as are allowed: %v", report)
	}
	if m, report := routes("GET a", "POST a", "GET a/:x", "GET a/b", "GET :x", "GET a/"); m == nil {
		t.Errorf("routes that differ: %v", report)
	}
}

func TestExample(t *testing.T) {
	m, report := routes("GET notes/:id/tags/:tag", "GET a b/c", "GET /")
	if m == nil {
		t.Fatal(report)
	}
	for i, want := range []string{"notes/1/tags/1", "a%20b/c", ""} {
		if got := m.Contributes.APIRoutes[i].Example(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	m, report := routes("GET notes", "GET notes/:id", "GET notes/latest", "GET notes/:id/:tag", "GET /", "GET a/", "GET :_")
	if m == nil {
		f.Fatal(report)
	}
	for _, s := range []string{"", "/", "notes", "notes/%2F", "notes/latest", "notes//", "%", "%ff", "a/", "x/y/z", "notes/a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := m.Match("GET", path)
		if !got.Found {
			if len(got.Params) > 0 || len(got.Allowed) > 0 {
				t.Errorf("%q: nothing found, and %+v", path, got)
			}
			return
		}
		// Putting the parameters into the pattern gives the path that was asked for.
		segments := strings.Split(got.Route.Path, "/")
		for i, s := range segments {
			if name, ok := strings.CutPrefix(s, ":"); ok {
				segments[i] = got.Params[name]
			}
		}
		asked := strings.Split(strings.TrimPrefix(path, "/"), "/")
		for i, s := range asked {
			decoded, err := url.PathUnescape(s)
			if err != nil {
				t.Fatalf("%q matches and cannot be decoded", path)
			}
			asked[i] = decoded
		}
		if !slices.Equal(segments, asked) {
			t.Errorf("%q matches %s as %q", path, got.Route.Path, segments)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	m, report := routes("GET notes", "POST notes", "GET notes/:id", "PUT notes/:id", "DELETE notes/:id", "GET notes/latest", "POST sync", "GET status")
	if m == nil {
		b.Fatal(report)
	}
	for _, path := range []string{"status", "notes/7"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !m.Match("GET", path).Found {
					b.Fatal("no match")
				}
			}
		})
	}
}
