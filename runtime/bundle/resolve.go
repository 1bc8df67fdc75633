package bundle

import (
	"fmt"
	"path"
	"strings"
)

// resolver finds the file of the package that an import means. It follows the
// rules of bundlers for browsers: relative names, node_modules, package.json.
// It knows names only; there is no file system under it.
type resolver struct {
	files    *files
	packages *packages
}

// target is what an import means.
type target struct {
	name      string // of a file; empty when nothing stands for the module
	noEffects bool   // evaluating the file does nothing but define exports
}

// resolve returns the file that spec means where it stands in the file importer.
// required tells require() from import. The error is a text for the author.
func (r *resolver) resolve(spec, importer string, required bool) (target, error) {
	if err := plausible(spec); err != nil {
		return target{}, err
	}
	from := path.Dir(importer)
	scope := r.packages.around(from)
	if scope != nil {
		if replacement, ok := scope.browser[spec]; ok {
			return r.replaced(scope, spec, replacement)
		}
	}
	var name string
	var err error
	switch {
	case isRelative(spec):
		name, err = r.relative(spec, from)
	case strings.HasPrefix(spec, "#"):
		name, err = r.private(scope, spec, required)
	default:
		name, err = r.packaged(spec, from, scope, required)
	}
	if err != nil {
		return target{}, err
	}
	return r.inPackage(name)
}

// inPackage applies what the package of a file says about the file.
func (r *resolver) inPackage(name string) (target, error) {
	p := r.packages.around(path.Dir(name))
	if p == nil {
		return target{name: name}, nil
	}
	inside := "./" + strings.TrimPrefix(name, p.prefix())
	if replacement, ok := p.browser[inside]; ok {
		return r.replaced(p, inside, replacement)
	}
	return target{name: name, noEffects: p.noEffects(inside)}, nil
}

// replaced follows an entry of the field "browser".
func (r *resolver) replaced(p *packageJSON, spec, replacement string) (target, error) {
	if replacement == "" {
		return target{}, nil
	}
	if isRelative(replacement) {
		name, err := r.relative(replacement, p.dir)
		return target{name: name}, err
	}
	name, err := r.packaged(replacement, p.dir, nil, false)
	if err != nil {
		err = fmt.Errorf("%s, which replaces %q", err, spec)
	}
	return target{name: name}, err
}

// plausible refuses what cannot name a file of the package.
func plausible(spec string) error {
	switch {
	case spec == "":
		return fmt.Errorf("the name of the module is empty")
	case strings.HasPrefix(spec, "/"), strings.Contains(spec, "\\"), strings.Contains(spec, "\x00"):
		return fmt.Errorf("%q is not a name inside of the package: name files relative to the importing file (./…)", spec)
	case strings.Contains(spec, ":") && !strings.HasPrefix(spec, "node:"):
		return fmt.Errorf("%q is a URL: only files of the package can be imported", spec)
	default:
		return nil
	}
}

func isRelative(spec string) bool {
	return spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../")
}

// relative finds a file by a name relative to a directory of the package.
func (r *resolver) relative(spec, from string) (string, error) {
	name := path.Join(from, spec)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("%q leads out of the package", spec)
	}
	if !strings.HasSuffix(spec, "/") {
		if found, ok := r.file(name); ok {
			return found, nil
		}
	}
	if found, ok := r.directory(name, false); ok {
		return found, nil
	}
	return "", fmt.Errorf("cannot find %q in the package", spec)
}

// Extensions that are tried for a name that has none, in this order: for the
// author's files, and for those of libraries, which ship JavaScript.
var (
	extensions        = []string{".ts", ".mts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"}
	libraryExtensions = []string{".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".tsx", ".json"}
)

// sources are the TypeScript files that a JavaScript name may mean: TypeScript
// has its authors import the name of the output.
var sources = map[string][]string{
	".js":  {".ts", ".tsx"},
	".jsx": {".tsx"},
	".mjs": {".mts"},
	".cjs": {".cts"},
}

// file finds a file by its name with or without its extension.
func (r *resolver) file(name string) (string, bool) {
	if r.files.exists(name) {
		return name, true
	}
	tried := extensions
	if isLibrary(name) {
		tried = libraryExtensions
	}
	for _, ext := range tried {
		if r.files.exists(name + ext) {
			return name + ext, true
		}
	}
	ext := path.Ext(name)
	for _, source := range sources[ext] {
		if found := strings.TrimSuffix(name, ext) + source; r.files.exists(found) {
			return found, true
		}
	}
	return "", false
}

// directory finds the file that stands for a directory.
func (r *resolver) directory(dir string, required bool) (string, bool) {
	if p := r.packages.read(dir); p != nil {
		for _, field := range p.mains(required) {
			if name := path.Join(dir, field); inside(name, dir) {
				if found, ok := r.file(name); ok {
					return found, true
				}
				if found, ok := r.file(path.Join(name, "index")); ok {
					return found, true
				}
			}
		}
	}
	return r.file(path.Join(dir, "index"))
}

func isLibrary(name string) bool {
	return strings.HasPrefix(name, "node_modules/") || strings.Contains(name, "/node_modules/")
}

// inside reports whether name is a file below dir. Both are cleaned.
func inside(name, dir string) bool {
	if dir == "." {
		return name != ".." && !strings.HasPrefix(name, "../")
	}
	return strings.HasPrefix(name, dir+"/")
}
