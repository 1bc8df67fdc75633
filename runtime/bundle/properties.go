package bundle

import (
	"fmt"
	"strings"

	"github.com/annexhost/annex/internal/nesting"
	"github.com/evanw/esbuild/pkg/api"
)

// goja takes \p{L} for the letters p, {, L and }, silently: a check of a name that
// should pass fails. So the classes of characters are written out.

// expandProperties returns text with \p{…} and \P{…} written out in the regular
// expressions that have the flag u, and the offsets of those that are unknown.
func expandProperties(text string) (expanded string, unknown []int) {
	if !strings.Contains(text, `\p{`) && !strings.Contains(text, `\P{`) {
		return text, nil
	}
	var out strings.Builder
	copied := 0
	nesting.Patterns([]byte(text), func(start, end int) {
		slash := start + strings.LastIndexByte(text[start:end], '/')
		if !strings.Contains(text[slash:end], "u") {
			return
		}
		pattern, bad := expandPattern(text[start:slash])
		for _, at := range bad {
			unknown = append(unknown, start+at)
		}
		out.WriteString(text[copied:start])
		out.WriteString(pattern)
		copied = slash
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
