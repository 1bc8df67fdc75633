package bundle

import (
	"errors"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// esbuild reaches for the host's file system in two places that no plugin is
// asked about. What leads there is taken out of a source before esbuild bundles
// it.

// markers make esbuild follow the source map that a comment names. It opens
// file: URLs for that, of the map and of the sources that a map in a data: URL
// lists, and puts what it read into the map that it writes. The marker is spelled
// with an escape: in a comment esbuild no longer sees it, and in a string, a
// template or a pattern it still means the same text.
var markers = strings.NewReplacer(
	"# sourceMappingURL=", `# sourceMappingUR\u004c=`,
	"@ sourceMappingURL=", `@ sourceMappingUR\u004c=`,
)

// disarm returns text without what would make esbuild read the host's files, and
// a warning for each import that will fail.
//
// The second place are imports of computed names ("./" + x): esbuild lists the
// directory that they seem to mean. Only an exact parse finds them all, so
// esbuild does that: Transform has no file system, and says where they are. They
// become calls of functions that fail at run time.
func disarm(text string, loader api.Loader) (string, []api.Message, error) {
	text = markers.Replace(text)
	if strings.HasPrefix(text, "#!") {
		text = "//" + text[2:] // esbuild would make it the first line of the bundle
	}
	var warnings []api.Message
	// The second round finds nothing, unless the first one was mistaken.
	for range 3 {
		found := computedImports(text, loader)
		if len(found) == 0 {
			return text, warnings, nil
		}
		for _, m := range slices.Backward(found) {
			var ok bool
			if text, ok = rename(text, m); !ok {
				return "", nil, errors.New("an import of a computed name cannot be read")
			}
			m.Text = "the name of this module is computed at run time, so it is not in the bundle and the import will fail: name it by a string literal"
			warnings = append(warnings, m)
		}
	}
	return "", nil, errors.New("imports of computed names cannot be read")
}

// computedImports finds the calls of import and require that do not name a module
// by a string literal, in the order of the text.
func computedImports(text string, loader api.Loader) []api.Message {
	result := api.Transform(text, api.TransformOptions{
		Loader:      loader,
		Format:      api.FormatCommonJS,
		Target:      api.ESNext,
		Supported:   lowered(),
		Define:      defines(),
		TsconfigRaw: "{}",
		LogLevel:    api.LogLevelSilent,
		LogOverride: map[string]api.LogLevel{
			"unsupported-dynamic-import": api.LogLevelWarning,
			"unsupported-require-call":   api.LogLevelWarning,
		},
	})
	var found []api.Message
	for _, m := range result.Warnings {
		if (m.ID == "unsupported-dynamic-import" || m.ID == "unsupported-require-call") && m.Location != nil {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b api.Message) int {
		if a.Location.Line != b.Location.Line {
			return a.Location.Line - b.Location.Line
		}
		return a.Location.Column - b.Location.Column
	})
	return slices.CompactFunc(found, func(a, b api.Message) bool {
		return a.Location.Line == b.Location.Line && a.Location.Column == b.Location.Column
	})
}

// rename replaces the keyword import, or the name require, that m is about.
func rename(text string, m api.Message) (string, bool) {
	start, ok := lineStart(text, m.Location.Line)
	if !ok {
		return "", false
	}
	start += m.Location.Column
	end := start + m.Location.Length
	if end > len(text) {
		return "", false
	}
	switch word := text[start:end]; {
	case word == "import":
		return text[:start] + computedImport + text[end:], true
	case word == "require", strings.Contains(word, `\`):
		return text[:start] + computedRequire + text[end:], true
	default:
		return "", false
	}
}

// The functions that imports of computed names call. The names are as long as
// those that they replace, so that columns stay right.
const (
	computedImport  = "$annex"
	computedRequire = "$annex_"
)

// computed defines them, in the first line of a bundle that needs it.
const computed = `var ` + computedRequire + `=n=>{throw Object.assign(new Error("Cannot find module "+JSON.stringify(String(n))+": only modules named by a string literal are in the bundle"),{code:"MODULE_NOT_FOUND"})},` +
	computedImport + `=async n=>` + computedRequire + `(n);`
