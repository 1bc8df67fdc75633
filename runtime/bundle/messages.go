package bundle

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// judge sorts what esbuild says into what refuses the handler and what warns.
func judge(result api.BuildResult) (refused, warnings []api.Message) {
	refused = result.Errors
	for _, m := range result.Warnings {
		if strings.HasPrefix(m.Text, vFlag) {
			refused = append(refused, m)
		} else {
			warnings = append(warnings, m)
		}
	}
	return refused, warnings
}

// How esbuild names the flags of regular expressions that goja does not know.
const (
	vFlag = `The regular expression flag "v"`
	dFlag = `The regular expression flag "d"`
)

// maxMessages is how many errors, and how many warnings, are told. The last
// message then says how many more there are.
const maxMessages = 100

// messages translates what esbuild says, in the order of the files. It quotes the
// author's own lines, not those that esbuild was given.
func messages(f *files, list []api.Message) []Message {
	slices.SortStableFunc(list, byPlace)
	out := make([]Message, 0, min(len(list), maxMessages)+1)
	for _, m := range list[:min(len(list), maxMessages)] {
		if told := translate(f, m); !slices.Contains(out, told) {
			out = append(out, told)
		}
	}
	if more := len(list) - maxMessages; more > 0 {
		out = append(out, Message{Text: fmt.Sprintf("and %d more", more)})
	}
	return out
}

// byPlace orders messages by file and position, those about no file last.
func byPlace(a, b api.Message) int {
	if a.Location == nil || b.Location == nil {
		return cmp.Compare(known(a), known(b))
	}
	return cmp.Or(
		strings.Compare(a.Location.File, b.Location.File),
		cmp.Compare(a.Location.Line, b.Location.Line),
		cmp.Compare(a.Location.Column, b.Location.Column),
	)
}

func known(m api.Message) int {
	if m.Location == nil {
		return 1
	}
	return 0
}

func translate(f *files, m api.Message) Message {
	out := Message{Text: wording(m)}
	if m.Location == nil {
		return out
	}
	out.File = strings.TrimPrefix(m.Location.File, space+":")
	if ext := path.Ext(out.File); m.ID == "" && (ext == ".tsx" || ext == ".jsx") {
		out.Text += " (JSX is not supported)"
	}
	data, ok := f.read(out.File)
	if !ok {
		out.File = ""
		return out
	}
	text := string(data)
	start, ok := lineStart(text, m.Location.Line)
	if !ok || m.Location.Line == 0 {
		return out
	}
	out.Line = m.Location.Line
	out.LineText, out.Column = quote(text, start, m.Location.Column)
	return out
}

// environment is how esbuild speaks of the engine that it was told about.
var environment = regexp.MustCompile(` in the configured target environment( \([^)]*\))?`)

// wording replaces what esbuild says about itself by what an author can use.
func wording(m api.Message) string {
	text := m.Text
	switch {
	case m.ID == "direct-eval":
		return "eval is not available to handlers; this will fail at run time"
	case strings.HasPrefix(text, "Top-level await"):
		return "await is not possible outside of a function here: move it into the handler"
	case strings.HasPrefix(text, vFlag):
		return "the v flag of regular expressions is not supported: write the pattern with the u flag"
	case strings.HasPrefix(text, dFlag):
		return "the d flag of regular expressions is not supported; this will fail at run time"
	case strings.HasPrefix(text, "Using an arbitrary value as the second argument"):
		return "the second argument of import() is not supported"
	case strings.HasPrefix(text, "panic: "):
		return "the bundler failed on this file"
	}
	text = strings.ReplaceAll(text, `"`+space+":", `"`)
	text = strings.ReplaceAll(text, ` with the "esm" output format due to strict mode`, " here: handlers run in strict mode")
	return environment.ReplaceAllString(text, "")
}
