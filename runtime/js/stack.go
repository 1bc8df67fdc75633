package js

import (
	"bytes"
	"strings"

	"github.com/dop251/goja"
)

// preludeName starts the file names of the engine's own code in a realm.
const preludeName = "annex:"

// formatFrames writes frames the way that goja writes them into error.stack.
func formatFrames(frames []goja.StackFrame) string {
	var b bytes.Buffer
	for i := range frames {
		b.WriteString("\tat ")
		frames[i].Write(&b)
		b.WriteByte('\n')
	}
	return b.String()
}

// cleanStack turns a stack of goja ("\tat f (a.js:1:2(34))") into the form that
// people know ("    at f (a.js:1:2)") and leaves out the frames that are not the
// author's.
func cleanStack(stack string) string {
	var b strings.Builder
	for line := range strings.Lines(stack) {
		frame, isFrame := strings.CutPrefix(strings.TrimRight(line, "\n"), "\tat ")
		if !isFrame {
			b.WriteString(line)
			continue
		}
		if strings.HasSuffix(frame, "native)") || frame == "native" || strings.Contains(frame, preludeName) {
			continue
		}
		b.WriteString("    at ")
		b.WriteString(withoutProgramCounter(frame))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// withoutProgramCounter drops the "(34)" after the position.
func withoutProgramCounter(frame string) string {
	body, closed := strings.CutSuffix(frame, "))")
	if !closed {
		body, _ = strings.CutSuffix(frame, ")")
	}
	at := strings.LastIndexByte(body, '(')
	if at < 0 || strings.Trim(body[at+1:], "0123456789") != "" {
		return frame
	}
	if closed {
		return body[:at] + ")"
	}
	return body[:at]
}
