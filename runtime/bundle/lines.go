package bundle

import (
	"strings"
	"unicode/utf8"
)

// maxLineText is how much of a line a message quotes, in bytes. Lines of minified
// code are as long as the file.
const maxLineText = 160

// lineStart returns the offset of a line (from 1), counted as esbuild counts.
func lineStart(text string, line int) (offset int, ok bool) {
	for ; line > 1; line-- {
		n := strings.IndexAny(text[offset:], "\r\n\u2028\u2029")
		if n < 0 {
			return 0, false
		}
		offset += n
		switch {
		case strings.HasPrefix(text[offset:], "\r\n"):
			offset += 2
		case text[offset] == '\r' || text[offset] == '\n':
			offset++
		default:
			offset += len("\u2028")
		}
	}
	return offset, true
}

// place returns the line (from 1) and the column (from 0, in bytes) of an offset.
func place(text string, offset int) (line, column int) {
	start := 0
	for line = 1; ; line++ {
		next, ok := lineStart(text[start:], 2)
		if !ok || start+next > offset {
			return line, offset - start
		}
		start += next
	}
}

// quote returns the line that starts at offset, cut round the column (in bytes),
// and the column in characters, from 1.
func quote(text string, offset, column int) (line string, character int) {
	line = text[offset:]
	if end := strings.IndexAny(line, "\r\n\u2028\u2029"); end >= 0 {
		line = line[:end]
	}
	column = min(column, len(line))
	character = utf8.RuneCountInString(line[:column]) + 1
	if len(line) > maxLineText {
		from := max(0, min(column-maxLineText/2, len(line)-maxLineText))
		line = line[from:min(from+maxLineText, len(line))]
	}
	return strings.ToValidUTF8(line, ""), character
}
