package bundle

import (
	"fmt"
	"strings"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/evanw/esbuild/pkg/api"
)

// forGoja returns text with what goja would misunderstand written in another way,
// and the offsets of properties of characters that are unknown:
//
//   - goja takes \p{L} for the letters p, {, L and }, silently: a check of a name
//     that should pass fails. The characters are written out.
//   - goja takes get, set and async for the start of an accessor or a method where
//     they are fields of a class. They are quoted.
func forGoja(text string) (rewritten string, unknown []int) {
	var out strings.Builder
	copied := 0
	replace := func(start, end int, by string) {
		out.WriteString(text[copied:start])
		out.WriteString(by)
		copied = end
	}
	nesting.Find([]byte(text), nesting.Places{
		Field: func(start, end int) { replace(start, end, `"`+text[start:end]+`"`) },
		Pattern: func(start, end int) {
			slash := start + strings.LastIndexByte(text[start:end], '/')
			if !strings.Contains(text[slash:end], "u") || !strings.Contains(text[start:slash], `{`) {
				return
			}
			pattern, bad := expandPattern(text[start:slash])
			for _, at := range bad {
				unknown = append(unknown, start+at)
			}
			replace(start, slash, pattern)
		},
	})
	out.WriteString(text[copied:])
	return out.String(), unknown
}

func expandPattern(pattern string) (expanded string, unknown []int) {
	var out strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '\\' && i+1 < len(pattern):
			name, isProperty := propertyAt(pattern[i:])
			set, known := property(name)
			switch {
			case !isProperty:
				out.WriteByte(c)
				i++
			case !known:
				unknown = append(unknown, i)
				out.WriteByte(c)
				i++
			default:
				writeProperty(&out, set, pattern[i+1] == 'P', class)
				i += len(`\p{`) + len(name)
				continue
			}
		}
		out.WriteByte(pattern[i])
	}
	return out.String(), unknown
}

// propertyAt returns the name of the property that starts here.
func propertyAt(pattern string) (name string, ok bool) {
	if !strings.HasPrefix(pattern, `\p{`) && !strings.HasPrefix(pattern, `\P{`) {
		return "", false
	}
	name, _, ok = strings.Cut(pattern[len(`\p{`):], "}")
	return name, ok
}

func writeProperty(out *strings.Builder, set runeSet, negated, class bool) {
	if negated {
		set = set.complement()
	}
	if !class {
		out.WriteByte('[')
		defer out.WriteByte(']')
	}
	for _, r := range set {
		writeRune(out, r.first)
		if r.last > r.first {
			out.WriteByte('-')
			writeRune(out, r.last)
		}
	}
}

func writeRune(out *strings.Builder, r rune) {
	if r > 0xFFFF {
		fmt.Fprintf(out, `\u{%X}`, r)
		return
	}
	fmt.Fprintf(out, `\u%04X`, r)
}

// unknownProperties warns about the properties at these offsets.
func unknownProperties(text string, offsets []int) []api.Message {
	var warnings []api.Message
	for _, offset := range offsets[:min(len(offsets), maxMessages)] {
		name, _ := propertyAt(text[offset:])
		line, column := place(text, offset)
		warnings = append(warnings, api.Message{
			Text:     fmt.Sprintf(`\p{%s} is not supported here and matches nothing`, name),
			Location: &api.Location{Line: line, Column: column},
		})
	}
	return warnings
}
