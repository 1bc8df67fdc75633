package gobuild

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/annexhost/annex/runtime/bundle"
)

// diagnostic is a line of the compiler: "server/hello/main.go:12:3: undefined: x".
var diagnostic = regexp.MustCompile(`^(?:\./)?(.+\.go|go\.mod):(\d+)(?::(\d+))?: (.*)$`)

// problems reads what the compiler said.
func problems(m Module, output string) *bundle.Errors {
	var found []bundle.Message
	var rest []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		at := diagnostic.FindStringSubmatch(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# "): // the name of the package
		case at != nil:
			message := bundle.Message{File: filepath.ToSlash(at[1]), Column: 1, Text: at[4]}
			message.Line, _ = strconv.Atoi(at[2])
			if at[3] != "" {
				message.Column, _ = strconv.Atoi(at[3])
			}
			found = append(found, message)
		case strings.HasPrefix(line, "\t") && len(found) > 0: // goes on
			found[len(found)-1].Text += " " + strings.TrimSpace(line)
		default:
			rest = append(rest, line)
		}
	}
	if len(rest) == 0 && len(found) == 0 {
		rest = []string{"it failed and says nothing"}
	}
	if len(rest) > 0 {
		found = append(found, bundle.Message{File: m.Dir, Text: "go build: " + strings.Join(rest, "\n")})
	}
	return &bundle.Errors{Messages: found}
}
