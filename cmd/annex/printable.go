package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// harmless keeps what strangers wrote (extensions, manifests, packages, callers)
// from steering the terminal that it is shown in, whatever a command prints.
// Messages are for people, wherever they are kept; data that goes into a file or
// to a program stays as it is.
func harmless(out, errOut io.Writer) (io.Writer, io.Writer) {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		out = printableWriter{f}
	}
	return out, printableWriter{errOut}
}

// printableWriter writes what is [printable].
type printableWriter struct{ w io.Writer }

// Write reports p as written whole: what is written may be longer or shorter.
func (p printableWriter) Write(b []byte) (int, error) {
	if isPrintable(b) {
		return p.w.Write(b)
	}
	if _, err := io.WriteString(p.w, printable(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// isPrintable reports whether printable changes nothing. It knows ASCII alone.
func isPrintable(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// printable is a stranger's text as a terminal can show it: what would move the
// cursor, change colours or turn the direction of writing is marked.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && steers(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// steers reports whether a terminal obeys r, or reorders the text around it.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// onOneLine escapes what would move a terminal's cursor or reorder its text: a
// stranger's text stays in its line and within what is printed there.
func onOneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}
