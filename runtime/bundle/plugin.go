package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/evanw/esbuild/pkg/api"
)

// loader answers every question that esbuild would otherwise put to the file
// system of the host: which file an import means, and what is in it.
type loader struct {
	files    *files
	resolver *resolver
	stars    stars
	misses   atomic.Int32 // imports that mean nothing
	entry    string
	appended string // to the text of the entry
}

// maxMisses is how many imports of one handler may mean nothing. There is no use
// in telling about more.
const maxMisses = 200

func newLoader(read func(string) ([]byte, bool), entry string) *loader {
	f := newFiles(read)
	p := &packages{files: f, known: map[string]*packageJSON{}}
	return &loader{files: f, resolver: &resolver{files: f, packages: p}, stars: stars{to: map[string][]string{}}, entry: entry}
}

func (l *loader) plugin() api.Plugin {
	return api.Plugin{Name: "annex", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, l.resolve)
		b.OnLoad(api.OnLoadOptions{Filter: ".*"}, l.load)
	}}
}

// resolve refuses an import statement that means nothing in the package. A call
// of require or import() that means nothing gets a module that throws.
func (l *loader) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	if args.Kind == api.ResolveEntryPoint {
		return api.OnResolveResult{Path: l.entry, Namespace: space}, nil
	}
	required := args.Kind == api.ResolveJSRequireCall || args.Kind == api.ResolveJSRequireResolve
	found, err := l.resolver.resolve(args.Path, args.Importer, required)
	if err == nil {
		err = l.loadable(found, args)
	}
	switch {
	case err == nil && found.name == "":
		return api.OnResolveResult{Path: args.Path, Namespace: nowhere}, nil
	case err == nil:
		result := api.OnResolveResult{Path: found.name, Namespace: space, PluginData: args.With["type"]}
		if found.noEffects {
			result.SideEffects = api.SideEffectsFalse
		}
		return result, nil
	default:
		return l.missed(args, err), nil
	}
}

// missed answers for an import that means nothing.
func (l *loader) missed(args api.OnResolveArgs, err error) api.OnResolveResult {
	switch n := l.misses.Add(1); {
	case n == maxMisses+1:
		return api.OnResolveResult{Errors: []api.Message{{Text: "too many imports cannot be found"}}}
	case n > maxMisses:
		return api.OnResolveResult{Path: args.Path, External: true}
	case args.Kind == api.ResolveJSImportStatement:
		return api.OnResolveResult{Errors: []api.Message{{Text: err.Error()}}}
	default:
		warning := []api.Message{{Text: err.Error() + "; this will fail at run time"}}
		return api.OnResolveResult{Path: args.Path, Namespace: missing, PluginData: err.Error(), Warnings: warning}
	}
}

// loadable reports whether the file is of a kind that can be imported.
func (l *loader) loadable(found target, args api.OnResolveArgs) error {
	if found.name == "" {
		return nil
	}
	for name, value := range args.With {
		if name != "type" || !slices.Contains([]string{"json", "text", "bytes"}, value) {
			return fmt.Errorf("importing with the attribute %s: %q is not supported", name, value)
		}
	}
	if loaderFor(found.name, args.With["type"]) == api.LoaderNone {
		return fmt.Errorf(`%s is not a file that can be imported; with { type: "text" } or { type: "bytes" } it can`, found.name)
	}
	return nil
}

func (l *loader) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	switch args.Namespace {
	case nowhere:
		text := "module.exports = {};"
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	case missing:
		text := fmt.Sprintf(`throw Object.assign(new Error(%q), { code: "MODULE_NOT_FOUND" });`, fmt.Sprint(args.PluginData))
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	case space:
		attribute, _ := args.PluginData.(string)
		return l.loadFile(args.Path, attribute)
	default:
		return api.OnLoadResult{}, fmt.Errorf("%s is not a file of the package", args.Path)
	}
}

func (l *loader) loadFile(name, attribute string) (api.OnLoadResult, error) {
	kind := loaderFor(name, attribute)
	if kind == api.LoaderNone {
		return api.OnLoadResult{}, errors.New("a handler is a file of JavaScript or TypeScript")
	}
	data, err := l.files.use(name)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	// esbuild loops for ever over a text that ends inside a character.
	if kind != api.LoaderBinary && !utf8.Valid(data) {
		return api.OnLoadResult{Errors: []api.Message{notText(name, data)}}, nil
	}
	text := string(data)
	switch kind {
	case api.LoaderText, api.LoaderBinary:
		return api.OnLoadResult{Contents: &text, Loader: kind}, nil
	case api.LoaderJSON:
		if err := nesting.JSON(data, nesting.Source); err != nil {
			return api.OnLoadResult{Errors: []api.Message{tooDeep(name, err)}}, nil
		}
		return api.OnLoadResult{Contents: &text, Loader: kind}, nil
	default:
		return l.loadScript(name, text, kind)
	}
}

// loadScript checks and disarms a source before esbuild sees it.
func (l *loader) loadScript(name, text string, kind api.Loader) (api.OnLoadResult, error) {
	if err := nesting.Check([]byte(text), nesting.Source); err != nil {
		return api.OnLoadResult{Errors: []api.Message{tooDeep(name, err)}}, nil
	}
	if name == l.entry {
		text += l.appended
	}
	d, err := disarm(text, kind)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	for _, w := range d.warnings {
		w.Location.File, w.Location.Namespace = name, space
	}
	var stars []string
	for _, spec := range d.stars {
		if found, err := l.resolver.resolve(spec, name, false); err == nil {
			stars = append(stars, found.name)
		}
	}
	if err := l.stars.add(name, stars); err != nil {
		return api.OnLoadResult{}, err
	}
	return api.OnLoadResult{Contents: &d.text, Loader: kind, Warnings: d.warnings}, nil
}

// notText points at the line of the first byte that is not UTF-8.
func notText(name string, data []byte) api.Message {
	valid := 0
	for valid < len(data) {
		r, size := utf8.DecodeRune(data[valid:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		valid += size
	}
	line := 1 + bytes.Count(data[:valid], []byte{'\n'})
	return api.Message{Text: "the file is not UTF-8 text", Location: &api.Location{File: name, Namespace: space, Line: line}}
}

func tooDeep(name string, err error) api.Message {
	m := api.Message{Text: err.Error()}
	var where *nesting.Error
	if errors.As(err, &where) {
		m.Text = where.What
		m.Location = &api.Location{File: name, Namespace: space, Line: where.Line, Column: where.Column - 1}
	}
	return m
}

// loaderFor returns how a file is read, LoaderNone when it is not.
func loaderFor(name, attribute string) api.Loader {
	switch attribute {
	case "json":
		return api.LoaderJSON
	case "text":
		return api.LoaderText
	case "bytes":
		return api.LoaderBinary
	}
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts", ".tsx":
		return api.LoaderTS
	case "", ".js", ".mjs", ".cjs", ".jsx":
		return api.LoaderJS
	case ".json":
		return api.LoaderJSON
	case ".txt", ".md", ".html", ".sql", ".graphql", ".csv":
		return api.LoaderText
	default:
		return api.LoaderNone
	}
}
