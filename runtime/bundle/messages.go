package bundle

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// messages translates what esbuild says. The author's own line is quoted, not
// the text that esbuild was given.
func messages(f *files, list []api.Message) []Message {
	out := make([]Message, 0, len(list))
	for _, m := range list {
		out = append(out, translate(f, m))
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return out
}

func translate(f *files, m api.Message) Message {
	out := Message{Text: m.Text}
	if m.Location == nil {
		return out
	}
	out.File = strings.TrimPrefix(m.Location.File, space+":")
	data, ok := f.read(out.File)
	if !ok {
		return out
	}
	line, ok := lineOf(data, m.Location.Line)
	if !ok {
		return out
	}
	out.Line = m.Location.Line
	out.LineText = line
	column := min(m.Location.Column, len(line))
	out.Column = utf8.RuneCountInString(line[:column]) + 1
	return out
}

func lineOf(data []byte, n int) (string, bool) {
	text := string(data)
	for i := 1; i < n; i++ {
		_, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return "", false
		}
		text = rest
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), true
}
