package bundle

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"
)

// packageJSON is what a package.json says about finding files. A field of the
// wrong type counts as absent, as it does elsewhere.
type packageJSON struct {
	name    string
	main    string
	module  string
	exports *mapping
	imports *mapping

	dir         string            // where it is
	browserMain string            // the field browser, where it is a string
	browser     map[string]string // and where it is an object; "" stands for nothing
	pure        bool              // no file has side effects
	impure      []string          // or only those that match
	selective   bool              // impure counts
	problem     error
}

// packages reads each package.json once.
type packages struct {
	files *files
	mu    sync.Mutex
	known map[string]*packageJSON // by directory; nil: there is none
}

// read returns the package.json in dir, nil when there is none.
func (ps *packages) read(dir string) *packageJSON {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p, ok := ps.known[dir]; ok {
		return p
	}
	name := path.Join(dir, "package.json")
	var p *packageJSON
	if ps.files.exists(name) {
		p = parsePackage(ps.files, dir, name)
	}
	ps.known[dir] = p
	return p
}

// around returns the package.json of the package that dir belongs to.
func (ps *packages) around(dir string) *packageJSON {
	for {
		if p := ps.read(dir); p != nil {
			return p
		}
		if dir == "." || path.Base(dir) == "node_modules" {
			return nil
		}
		dir = path.Dir(dir)
	}
}

func parsePackage(f *files, dir, name string) *packageJSON {
	var fields map[string]json.RawMessage
	data, err := f.use(name)
	if err == nil {
		err = json.Unmarshal(data, &fields)
	}
	if err != nil {
		return &packageJSON{dir: dir, problem: fmt.Errorf("cannot read %s: %v", name, err)}
	}
	p := &packageJSON{dir: dir}
	// What has the wrong type stays zero.
	_ = json.Unmarshal(fields["name"], &p.name)
	_ = json.Unmarshal(fields["main"], &p.main)
	_ = json.Unmarshal(fields["module"], &p.module)
	_ = json.Unmarshal(fields["exports"], &p.exports)
	_ = json.Unmarshal(fields["imports"], &p.imports)
	p.readBrowser(fields["browser"])
	p.readSideEffects(fields["sideEffects"])
	return p
}

// readBrowser understands both forms of the field "browser".
func (p *packageJSON) readBrowser(data json.RawMessage) {
	if json.Unmarshal(data, &p.browserMain) == nil {
		return
	}
	var replacements map[string]any
	if json.Unmarshal(data, &replacements) != nil {
		return
	}
	p.browser = make(map[string]string, len(replacements))
	for from, to := range replacements {
		switch to := to.(type) {
		case string:
			p.browser[from] = to
		case bool:
			if !to {
				p.browser[from] = ""
			}
		}
	}
}

func (p *packageJSON) readSideEffects(data json.RawMessage) {
	effects := true
	if json.Unmarshal(data, &effects) == nil {
		p.pure = !effects
		return
	}
	p.selective = json.Unmarshal(data, &p.impure) == nil
}

// noEffects reports whether the file ("./x.js") can be left out when none of its
// exports are used.
func (p *packageJSON) noEffects(file string) bool {
	if !p.selective {
		return p.pure
	}
	for _, pattern := range p.impure {
		if matches(pattern, file) {
			return false
		}
	}
	return true
}

// matches reports whether a pattern of "sideEffects" means the file. One without
// a slash means files of that name in any directory.
func matches(pattern, file string) bool {
	file = strings.TrimPrefix(file, "./")
	pattern = strings.TrimPrefix(pattern, "./")
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	return matchParts(strings.Split(pattern, "/"), strings.Split(file, "/"))
}

// matchParts goes back to the last ** only, which is enough and keeps it from
// trying all combinations of several.
func matchParts(pattern, file []string) bool {
	p, f := 0, 0
	star, resume := -1, 0
	for f < len(file) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, resume = p, f
			p++
		case p < len(pattern) && matchPart(pattern[p], file[f]):
			p++
			f++
		case star >= 0:
			resume++
			p, f = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

func matchPart(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// mains are the fields that name the main file, the best first. What is imported
// and required gets the form made for that.
func (p *packageJSON) mains(required bool) []string {
	order := []string{p.browserMain, p.module, p.main}
	if required {
		order = []string{p.browserMain, p.main, p.module}
	}
	fields := order[:0]
	for _, field := range order {
		if field != "" {
			fields = append(fields, field)
		}
	}
	return fields
}

func (p *packageJSON) prefix() string {
	if p.dir == "." {
		return ""
	}
	return p.dir + "/"
}

func (p *packageJSON) title() string {
	if p.name != "" {
		return p.name
	}
	return p.dir
}
