package bundle

import "strings"

// esbuild follows the source map that a comment names, and opens file: URLs on
// the host to do so, also for files that a plugin has loaded. The marker is
// spelled with an escape: esbuild no longer sees it in a comment, and inside of
// a string, a template or a pattern it still means the same text.
var disarmer = strings.NewReplacer(
	"# sourceMappingURL=", `# sourceMappingUR\u004c=`,
	"@ sourceMappingURL=", `@ sourceMappingUR\u004c=`,
)

// disarm takes out of a source what would make esbuild read the host's files.
func disarm(text string) string { return disarmer.Replace(text) }
