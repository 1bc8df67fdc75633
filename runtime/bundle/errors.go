package bundle

import (
	"fmt"
	"strings"
)

// Message is one error or warning about a source.
type Message struct {
	File     string `json:"file,omitempty"`     // relative to the package; empty when it is about no file
	Line     int    `json:"line,omitempty"`     // from 1; 0 when it is about the whole file
	Column   int    `json:"column,omitempty"`   // from 1, in characters
	Text     string `json:"text"`               // what is wrong, and the remedy where there is one
	LineText string `json:"lineText,omitempty"` // the author's line
}

// String returns "file:line:column: text", as compilers do.
func (m Message) String() string {
	switch {
	case m.File == "":
		return m.Text
	case m.Line == 0:
		return m.File + ": " + m.Text
	default:
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	}
}

// Errors is everything that was found wrong in one build. It has at least one
// message.
type Errors struct{ Messages []Message }

// Error returns one line for each message.
func (e *Errors) Error() string {
	lines := make([]string, len(e.Messages))
	for i, m := range e.Messages {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

func refuse(file, text string) *Errors {
	return &Errors{Messages: []Message{{File: file, Text: text}}}
}
