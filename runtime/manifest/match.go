package manifest

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Match is the answer to a request.
type Match struct {
	Found  bool
	Route  Route
	Params map[string]string // percent-decoded; nil when the route has none

	// Allowed are the methods that the path answers, sorted, when the method is
	// all that is wrong. It is empty when a route was found, and when no route
	// has the path.
	Allowed []string
}

// Match finds the route for a request. path is the part after the extension's
// id as it was sent, still percent-escaped, with or without its first slash and
// without a query. It is split before it is decoded, so an escaped slash is
// part of a segment. Where several routes match, the one whose first difference
// is a literal wins.
func (m *Manifest) Match(method, path string) Match {
	segments, ok := decodePath(path)
	if !ok {
		return Match{}
	}
	var best *Route
	routes := m.Contributes.APIRoutes
	for i := range routes {
		r := &routes[i]
		if r.Method == method && r.matches(segments) && (best == nil || r.before(best)) {
			best = r
		}
	}
	if best == nil {
		return Match{Allowed: m.allowed(segments)}
	}
	return Match{Found: true, Route: *best, Params: best.params(segments)}
}

// allowed are the methods of the routes that match, sorted.
func (m *Manifest) allowed(segments []string) []string {
	var methods []string
	for _, r := range m.Contributes.APIRoutes {
		if r.matches(segments) {
			methods = append(methods, r.Method)
		}
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// decodePath splits an escaped path and decodes each segment. ok is false for
// what is not a path: broken escapes, or bytes that are not UTF-8.
func decodePath(path string) (segments []string, ok bool) {
	segments = strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		if !strings.Contains(s, "%") {
			continue
		}
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments[i] = decoded
	}
	for _, s := range segments {
		if !utf8.ValidString(s) {
			return nil, false
		}
	}
	return segments, true
}

func escapePath(segments []string) string {
	escaped := make([]string, len(segments))
	for i, s := range segments {
		escaped[i] = url.PathEscape(s)
	}
	return strings.Join(escaped, "/")
}

func (r *Route) matches(segments []string) bool {
	if len(segments) != len(r.segments) {
		return false
	}
	for i, s := range r.segments {
		if s.param && segments[i] == "" || !s.param && segments[i] != s.text {
			return false
		}
	}
	return true
}

// before reports whether r wins over another route that matches the same path.
func (r *Route) before(other *Route) bool {
	for i, s := range r.segments {
		if s.param != other.segments[i].param {
			return !s.param
		}
	}
	return false
}

func (r *Route) params(segments []string) map[string]string {
	var params map[string]string
	for i, s := range r.segments {
		if !s.param {
			continue
		}
		if params == nil {
			params = make(map[string]string)
		}
		params[s.text] = segments[i]
	}
	return params
}
