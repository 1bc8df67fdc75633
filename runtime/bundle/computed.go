package bundle

import (
	"errors"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// maxComputed is how many imports of computed names one file may have. Real code
// has a handful.
const maxComputed = 200

// The functions that imports of computed names call. The names are as long as
// those that they replace, so that columns stay right.
const (
	computedImport  = "$annex"
	computedRequire = "$annex_"
)

// computed defines them, in the first line of a bundle that needs it.
const computed = `var ` + computedRequire + `=n=>{throw Object.assign(new Error("Cannot find module "+JSON.stringify(String(n))+": only modules named by a string literal are in the bundle"),{code:"MODULE_NOT_FOUND"})},` +
	computedImport + `=async n=>` + computedRequire + `(n);`

// withoutComputed returns text with imports of computed names replaced by calls
// that fail at run time, a warning for each, and the text as CommonJS.
func withoutComputed(text string, loader api.Loader) (cleaned string, warnings []api.Message, commonJS []byte, err error) {
	// The second round finds nothing, unless the first one was mistaken.
	for range 3 {
		found, commonJS := computedImports(text, loader)
		if len(found) == 0 {
			return text, warnings, commonJS, nil
		}
		if len(found) > maxComputed {
			return "", nil, nil, errors.New("too many imports of computed names")
		}
		if text, err = rename(text, found); err != nil {
			return "", nil, nil, err
		}
		for _, m := range found {
			m.Text = "the name of this module is computed at run time, so it is not in the bundle and the import will fail: name it by a string literal"
			warnings = append(warnings, m)
		}
	}
	return "", nil, nil, errors.New("imports of computed names cannot be read")
}

// computedImports finds the calls of import and require that do not name a module
// by a string literal, in the order of the text. Transform has no file system.
func computedImports(text string, loader api.Loader) (found []api.Message, commonJS []byte) {
	levels := logged()
	levels["unsupported-dynamic-import"] = api.LogLevelWarning
	levels["unsupported-require-call"] = api.LogLevelWarning
	result := api.Transform(text, api.TransformOptions{
		Loader:           loader,
		Format:           api.FormatCommonJS,
		Target:           api.ESNext,
		Supported:        lowered(),
		Define:           defines(),
		MinifyWhitespace: true,
		TsconfigRaw:      "{}",
		LogLevel:         api.LogLevelSilent,
		LogOverride:      levels,
	})
	for _, m := range result.Warnings {
		if (m.ID == "unsupported-dynamic-import" || m.ID == "unsupported-require-call") && m.Location != nil {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, byPlace)
	return slices.CompactFunc(found, func(a, b api.Message) bool { return byPlace(a, b) == 0 }), result.Code
}

// rename replaces the keywords import, and the names require, that the messages
// are about.
func rename(text string, found []api.Message) (string, error) {
	var out strings.Builder
	copied, line, start := 0, 1, 0
	for _, m := range found {
		ahead, ok := lineStart(text[start:], m.Location.Line-line+1)
		line, start = m.Location.Line, start+ahead
		at := start + m.Location.Column
		end := at + m.Location.Length
		if !ok || at < copied || end > len(text) {
			return "", errors.New("an import of a computed name cannot be read")
		}
		name := computedRequire // also where it is spelled with escapes
		if text[at:end] == "import" {
			name = computedImport
		}
		out.WriteString(text[copied:at])
		out.WriteString(name)
		copied = end
	}
	out.WriteString(text[copied:])
	return out.String(), nil
}
