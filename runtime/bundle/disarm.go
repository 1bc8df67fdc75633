package bundle

import (
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// markers make esbuild follow the source map that a comment names. It opens
// file: URLs for that, of the map and of the sources that a map in a data: URL
// lists, and puts what it read into the map that it writes. The marker is spelled
// with an escape: in a comment esbuild no longer sees it, and in a string, a
// template or a pattern it still means the same text.
var markers = strings.NewReplacer(
	"# sourceMappingURL=", `# sourceMappingUR\u004c=`,
	"@ sourceMappingURL=", `@ sourceMappingUR\u004c=`,
)

// disarmed is a source that esbuild may bundle.
type disarmed struct {
	text     string
	warnings []api.Message
	stars    []string // modules of which everything is exported
}

// disarm takes out of a source what would make esbuild reach for the file system
// of the host in places that no plugin is asked about: source maps, and imports
// of computed names ("./" + x), for which it lists the directory that they seem
// to mean. It also writes out what goja would misunderstand.
func disarm(source string, loader api.Loader) (disarmed, error) {
	source = markers.Replace(source)
	if strings.HasPrefix(source, "#!") {
		source = "//" + source[2:] // esbuild would make it the first line of the bundle
	}
	text, unknown := forGoja(source)
	text, warnings, commonJS, err := withoutComputed(text, loader)
	d := disarmed{text: text, warnings: append(warnings, unknownProperties(source, unknown)...)}
	for _, match := range starred.FindAllSubmatch(commonJS, -1) {
		if module, err := strconv.Unquote(string(match[1])); err == nil {
			d.stars = append(d.stars, module)
		}
	}
	return d, err
}
