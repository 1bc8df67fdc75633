package bundle

import (
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// loader answers every question that esbuild would otherwise put to the file
// system of the host: which file an import means, and what is in it.
type loader struct {
	files    *files
	entry    string
	appended string // to the text of the entry
}

func (l *loader) plugin() api.Plugin {
	return api.Plugin{Name: "annex", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, l.resolve)
		b.OnLoad(api.OnLoadOptions{Filter: ".*"}, l.load)
	}}
}

func (l *loader) resolve(args api.OnResolveArgs) (api.OnResolveResult, error) {
	if args.Kind == api.ResolveEntryPoint {
		return api.OnResolveResult{Path: args.Path, Namespace: space}, nil
	}
	name, err := l.find(args.Path, args.Importer)
	if err == nil {
		return api.OnResolveResult{Path: name, Namespace: space}, nil
	}
	message := []api.Message{{Text: err.Error()}}
	if args.Kind == api.ResolveJSImportStatement {
		return api.OnResolveResult{Errors: message}, nil
	}
	return api.OnResolveResult{Path: args.Path, Namespace: missing, PluginData: err.Error(), Warnings: message}, nil
}

func (l *loader) load(args api.OnLoadArgs) (api.OnLoadResult, error) {
	switch args.Namespace {
	case missing:
		text := fmt.Sprintf(`var e = new Error(%q); e.code = "MODULE_NOT_FOUND"; throw e;`, args.PluginData)
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	case space:
		data, err := l.files.use(args.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		text := disarm(string(data))
		if args.Path == l.entry {
			text += l.appended
		}
		return api.OnLoadResult{Contents: &text, Loader: loaderFor(args.Path)}, nil
	default:
		return api.OnLoadResult{}, fmt.Errorf("%s is not a file of the package", args.Path)
	}
}

func loaderFor(name string) api.Loader {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	case ".json":
		return api.LoaderJSON
	default:
		return api.LoaderJS
	}
}

// extensions are tried in this order for an import that names none.
var extensions = []string{".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs", ".json"}

func (l *loader) find(spec, importer string) (string, error) {
	if !strings.HasPrefix(spec, "./") && !strings.HasPrefix(spec, "../") && spec != "." && spec != ".." {
		return "", fmt.Errorf("cannot find the package %q", spec)
	}
	name := path.Join(path.Dir(importer), spec)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("%q leads out of the package", spec)
	}
	if l.files.exists(name) {
		return name, nil
	}
	for _, base := range []string{name, name + "/index"} {
		for _, ext := range extensions {
			if l.files.exists(base + ext) {
				return base + ext, nil
			}
		}
	}
	return "", fmt.Errorf("cannot find %q in the package", spec)
}
