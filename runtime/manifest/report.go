package manifest

import (
	"fmt"
	"strings"
)

// maxIssues is how many errors a report lists.
const maxIssues = 100

// Issue is one thing that is wrong, or that an author should know.
type Issue struct {
	Path     string `json:"path"` // keys and positions joined by dots; empty for the whole
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Received string `json:"received,omitempty"`
}

// String is the issue in one line.
func (i Issue) String() string {
	s := i.Message
	if i.Path != "" {
		s = i.Path + ": " + s
	}
	switch {
	case i.Expected != "" && i.Received != "":
		s += fmt.Sprintf(" (expected %s, received %s)", i.Expected, i.Received)
	case i.Received != "":
		s += fmt.Sprintf(" (received %s)", i.Received)
	case i.Expected != "":
		s += fmt.Sprintf(" (expected %s)", i.Expected)
	}
	return s
}

// Report is what [Parse] found. Errors are in the order of the contract's
// fields; more than 100 are cut, and the last one then says so.
type Report struct {
	Valid    bool    `json:"valid"`
	Errors   []Issue `json:"errors,omitempty"`
	Warnings []Issue `json:"warnings,omitempty"`
}

// Err returns a *[ParseError] when the report has errors, else nil.
func (r Report) Err() error {
	if r.Valid {
		return nil
	}
	return &ParseError{Issues: r.Errors}
}

// String lists every error, a line each.
func (r Report) String() string { return lines(r.Errors) }

func lines(issues []Issue) string {
	var b strings.Builder
	for i, issue := range issues {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("  - " + issue.String())
	}
	return b.String()
}

// ParseError is a manifest that is not valid.
type ParseError struct {
	Issues []Issue // all of them
}

// Error is a text for people: the first three errors, and how many more.
func (e *ParseError) Error() string {
	const shown = 3
	text := "Invalid extension manifest:\n" + lines(e.Issues[:min(shown, len(e.Issues))])
	if more := len(e.Issues) - shown; more > 0 {
		text += fmt.Sprintf("\n  ... and %d more errors", more)
	}
	return text
}
