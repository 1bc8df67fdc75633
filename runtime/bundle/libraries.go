package bundle

import (
	"fmt"
	"path"
	"strings"
)

// packaged finds the file of a library: in the node_modules directories of the
// package, from the importing file upwards.
func (r *resolver) packaged(spec, from string, scope *packageJSON, required bool) (string, error) {
	library, rest := splitSpec(spec)
	if library == "" {
		return "", fmt.Errorf("%q is not the name of a library", spec)
	}
	if scope != nil && scope.name == library && scope.exports != nil {
		return r.exported(scope, rest, required)
	}
	for dir := from; ; dir = path.Dir(dir) {
		if path.Base(dir) != "node_modules" {
			root := path.Join(dir, "node_modules", library)
			if name, found, err := r.inLibrary(root, rest, required); found || err != nil {
				return name, err
			}
		}
		if dir == "." {
			return "", unknownLibrary(spec, library)
		}
	}
}

// inLibrary looks in one place where a library may be.
func (r *resolver) inLibrary(root, rest string, required bool) (name string, found bool, err error) {
	p := r.packages.read(root)
	switch {
	case p != nil && p.problem != nil:
		return "", false, p.problem
	case p != nil && p.exports != nil:
		name, err = r.exported(p, rest, required)
		return name, err == nil, err
	case rest == ".":
		name, found = r.directory(root, required)
	default:
		wanted := path.Join(root, rest)
		if !inside(wanted, root) {
			return "", false, fmt.Errorf("%q leads out of the library %s", rest, path.Base(root))
		}
		if name, found = r.file(wanted); !found {
			name, found = r.directory(wanted, required)
		}
	}
	return name, found, nil
}

// exported finds what the field "exports" says that a path in the library means.
func (r *resolver) exported(p *packageJSON, rest string, required bool) (string, error) {
	found, ok := p.exports.lookup(rest, conditions(required))
	if !ok {
		return "", fmt.Errorf("the library %s does not export %q", p.title(), rest)
	}
	return r.published(p, found)
}

// private finds what the field "imports" of the importing file's own package
// says that a name with # means.
func (r *resolver) private(scope *packageJSON, spec string, required bool) (string, error) {
	if scope == nil || scope.imports == nil {
		return "", fmt.Errorf("cannot find %q: there is no package.json with imports", spec)
	}
	found, ok := scope.imports.lookup(spec, conditions(required))
	if !ok {
		return "", fmt.Errorf("cannot find %q in the imports of %s", spec, path.Join(scope.dir, "package.json"))
	}
	if isRelative(found) {
		return r.published(scope, found)
	}
	return r.packaged(found, scope.dir, nil, required)
}

// published returns the file that package.json names, which is in the package.
func (r *resolver) published(p *packageJSON, found string) (string, error) {
	name := path.Join(p.dir, found)
	if !strings.HasPrefix(found, "./") || !inside(name, p.dir) {
		return "", fmt.Errorf("%s names %q, which is not inside of it", path.Join(p.dir, "package.json"), found)
	}
	if file, ok := r.file(name); ok {
		return file, nil
	}
	return "", fmt.Errorf("%s names %q, which does not exist", path.Join(p.dir, "package.json"), found)
}

// conditions are those of a bundler for browsers.
func conditions(required bool) map[string]bool {
	c := map[string]bool{"browser": true, "module": true, "default": true}
	if required {
		c["require"] = true
	} else {
		c["import"] = true
	}
	return c
}

// splitSpec splits "@scope/name/path" into "@scope/name" and "./path". A library
// itself has the path ".".
func splitSpec(spec string) (library, rest string) {
	end := strings.IndexByte(spec, '/')
	if strings.HasPrefix(spec, "@") && end >= 0 {
		if next := strings.IndexByte(spec[end+1:], '/'); next >= 0 {
			end += 1 + next
		} else {
			end = -1
		}
	}
	library, rest = spec, "."
	if end >= 0 {
		library, rest = spec[:end], "."+spec[end:]
	}
	for part := range strings.SplitSeq(library, "/") {
		if part == "" || part == "@" || strings.HasPrefix(part, ".") {
			return "", ""
		}
	}
	return library, strings.TrimSuffix(rest, "/")
}

// unknownLibrary says what to do about a library that is not in the package.
func unknownLibrary(spec, library string) error {
	builtIn := strings.TrimPrefix(library, "node:")
	if hint, ok := instead[builtIn]; ok {
		return fmt.Errorf("%q is a module of Node and does not exist here: %s", spec, hint)
	}
	if builtIn != library {
		return fmt.Errorf("%q is a module of Node and does not exist here", spec)
	}
	return fmt.Errorf("cannot find the library %q: put it into node_modules inside of the package", library)
}

// instead says what handlers use in place of Node's modules.
var instead = map[string]string{
	"assert":         "throw an Error",
	"async_hooks":    "pass the context as an argument",
	"buffer":         "use Uint8Array, TextEncoder, TextDecoder, atob and btoa",
	"child_process":  "handlers cannot start programs",
	"cluster":        "handlers cannot start programs",
	"console":        "console is a global",
	"crypto":         "use the global crypto (randomUUID, getRandomValues, subtle)",
	"dgram":          "use api.http.fetch",
	"dns":            "use api.http.fetch",
	"events":         "use api.events.emit, or a library from npm",
	"fs":             "use api.storage, or import files of the package",
	"http":           "use api.http.fetch",
	"http2":          "use api.http.fetch",
	"https":          "use api.http.fetch",
	"module":         "import files of the package",
	"net":            "use api.http.fetch",
	"os":             "handlers see nothing of the machine",
	"path":           "use a library from npm",
	"perf_hooks":     "use Date.now",
	"process":        "settings are in api.config, secrets in api.secrets",
	"querystring":    "use the global URLSearchParams",
	"readline":       "handlers have no terminal",
	"stream":         "bodies are strings and bytes here",
	"string_decoder": "use the global TextDecoder",
	"timers":         "setTimeout and setInterval are globals",
	"tls":            "use api.http.fetch",
	"tty":            "handlers have no terminal",
	"url":            "use the globals URL and URLSearchParams",
	"util":           "use a library from npm",
	"v8":             "use structuredClone",
	"vm":             "handlers cannot make code at run time",
	"worker_threads": "handlers cannot start threads",
	"zlib":           "use a library from npm",
}
