package corpus

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
)

// outcome says in a line what became of an invocation, in the words of
// [attacks.Attack.Expects]. An attack on the response gets what HTTP would answer.
func (s *Subject) outcome(a attacks.Attack, result sandbox.Payload, err error) string {
	if err != nil {
		return failed(err)
	}
	starts := func(word string) bool {
		return slices.ContainsFunc(a.Expect, func(e string) bool { return strings.HasPrefix(e, word) })
	}
	if !starts("answer") && (a.Class != "response" || starts("value")) {
		if len(result.JSON) == 0 {
			return "value undefined"
		}
		return "value " + clip(string(result.JSON))
	}
	status, fields, err := s.Answer(result)
	if err != nil {
		return failed(err)
	}
	return strings.TrimSpace(fmt.Sprintf("answer %d %s", status, strings.Join(fields, ",")))
}

// failed names an error of an invocation.
func failed(err error) string {
	var e *sandbox.Error
	if !errors.As(err, &e) {
		return "NO SANDBOX ERROR " + clip(err.Error())
	}
	switch {
	case e.Code == sandbox.Thrown && e.Permission != "":
		return "DENIED"
	case e.Code == sandbox.Thrown:
		return "THROWN " + clip(e.Name)
	case e.Code == sandbox.Timeout:
		return "TIMEOUT"
	case e.Code == sandbox.Exhausted && e.Reason == sandbox.ReasonMemory:
		return "MEMORY_EXCEEDED"
	case e.Code == sandbox.Exhausted && e.Reason == sandbox.ReasonDepth:
		return "DEPTH_EXCEEDED"
	case e.Code == sandbox.Exhausted:
		return "LIMIT " + string(e.Reason)
	}
	return strings.ToUpper(string(e.Code))
}

// refused names an error of Compile.
func refused(err error) string {
	if errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
		return "REFUSED"
	}
	return "NOT COMPILED " + failed(err)
}

// clip makes a text of a guest one short line.
func clip(s string) string {
	const most = 160
	s = strings.ToValidUTF8(s, "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
