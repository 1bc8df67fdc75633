package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Route is a handler and the requests that it answers.
type Route struct {
	Method string `json:"method"` // GET, POST, PUT, PATCH, DELETE

	// Path is the pattern below /extensions/<id>/, such as "notes/:id". It has
	// no leading slash and is written without percent escapes. Empty is the
	// root. A last slash counts.
	Path string `json:"path"`

	// Handler is the file, and Export the name in a WebAssembly module, empty
	// for the default.
	Handler string `json:"handler"`
	Export  string `json:"export,omitempty"`

	Public    bool `json:"public,omitempty"`    // answers callers who are not signed in
	RateLimit int  `json:"rateLimit,omitempty"` // requests a minute; 0 is the host's default

	segments []segment // of Path
}

// segment is a part of a pattern between two slashes.
type segment struct {
	text  string // the literal, or the parameter's name
	param bool
}

var (
	paramPattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	exportPattern = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.-]*$`)
)

// What handlers and paths look like, for the schema. More passes than is valid.
const (
	approxHandler = `^[^/#][^#]*$|^[^/#][^#]*\.wasm#[A-Za-z_$][A-Za-z0-9_$.-]*$`
	approxPath    = `^[^%?#\\*]+$`
)

func readRoutes(v value) []Route {
	entries := v.list(false)
	if len(entries) > MaxRoutes {
		v.fail("Too many routes", fmt.Sprintf("at most %d", MaxRoutes))
		return nil
	}
	var routes []Route
	first := map[string]string{} // method and shape to the place that has it
	for _, entry := range entries {
		route, ok := readRoute(entry)
		if !ok {
			continue
		}
		shape := route.shape()
		if earlier := first[shape]; earlier != "" {
			entry.at("path").fail("Answers the same requests as "+earlier, "a method and path of its own")
			continue
		}
		first[shape] = entry.path
		routes = append(routes, route)
	}
	return routes
}

func readRoute(v value) (Route, bool) {
	if !v.object(true, "method", "path", "handler", "public", "rateLimit") {
		return Route{}, false
	}
	r := Route{
		Method: v.at("method").text(text{required: true, enum: []string{"GET", "POST", "PUT", "PATCH", "DELETE"}}),
		Public: v.at("public").boolean(),
	}
	if limit := v.at("rateLimit").integer(1, maxRateLimit); limit != nil {
		r.RateLimit = *limit
	}
	r.readHandler(v.at("handler"))
	return r, r.readPath(v.at("path")) && r.Method != "" && r.Handler != ""
}

func (r *Route) readHandler(v value) {
	written, isText := v.v.(string)
	file, export, named := strings.Cut(written, "#")
	if !isText || !named {
		r.Handler = v.file(true)
		v.s.pattern(approxHandler)
		return
	}
	if !strings.HasSuffix(file, ".wasm") || !exportPattern.MatchString(export) {
		v.fail("Only a WebAssembly module has named handlers", "server/sync.js, or server/sync.wasm#name")
		return
	}
	v.v = file
	r.Handler, r.Export = v.file(true), export
}

// readPath reads the pattern. ok is false when it cannot be used.
func (r *Route) readPath(v value) (ok bool) {
	const expected = "a relative path such as notes/:id"
	before := len(v.r.report.Errors)
	written := v.text(text{required: true, min: 1, expected: expected, approx: approxPath})
	if len(v.r.report.Errors) > before {
		return false
	}
	if strings.HasPrefix(written, "/") && written != "/" {
		v.r.warn(v.path, "Paths are relative to the extension; the leading slash is ignored")
	}
	r.Path = strings.TrimPrefix(written, "/")
	segments, problem := parsePattern(r.Path)
	if problem != "" {
		v.fail(problem, expected)
		return false
	}
	r.segments = segments
	return true
}

// parsePattern splits a pattern. The problem is empty when there is none.
func parsePattern(pattern string) (segments []segment, problem string) {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		name, param := strings.CutPrefix(part, ":")
		switch {
		case part == "" && i < len(parts)-1:
			return nil, "Has an empty segment"
		case part == "." || part == "..":
			return nil, "Has a segment that clients resolve before they send it"
		case strings.ContainsAny(part, "%?#\\"):
			return nil, "Is written without percent escapes, query and backslashes"
		case strings.Contains(part, "*"):
			return nil, "Wildcards are not supported: use a :parameter for each segment"
		case param && (!paramPattern.MatchString(name) || isPrototypeKey(name)):
			return nil, "A parameter's name is a letter or _ and then letters, digits, _"
		case param && slices.Contains(segments, segment{name, true}):
			return nil, "Has the parameter :" + name + " twice"
		}
		if param {
			part = name
		}
		segments = append(segments, segment{part, param})
	}
	return segments, ""
}

// shape is equal for routes that answer the same requests.
func (r Route) shape() string {
	parts := []string{r.Method}
	for _, s := range r.segments {
		if s.param {
			parts = append(parts, ":")
			continue
		}
		parts = append(parts, "="+s.text)
	}
	return strings.Join(parts, "/")
}

// Example is the path with its parameters filled in, percent-escaped, for a
// line that can be tried.
func (r Route) Example() string {
	parts := make([]string, len(r.segments))
	for i, s := range r.segments {
		parts[i] = s.text
		if s.param {
			parts[i] = "1"
		}
	}
	return escapePath(parts)
}
