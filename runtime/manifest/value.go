package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reader collects what is wrong while the tree is read.
type reader struct {
	opts   Options
	report Report
}

func (r *reader) fail(i Issue) {
	switch n := len(r.report.Errors); {
	case n < maxIssues:
		r.report.Errors = append(r.report.Errors, i)
	case n == maxIssues:
		r.report.Errors = append(r.report.Errors, Issue{Message: "Too many errors; the others are left out"})
	}
}

func (r *reader) warn(path, message string) {
	if len(r.report.Warnings) < maxIssues {
		r.report.Warnings = append(r.report.Warnings, Issue{Path: path, Message: message})
	}
}

// value is a place in the manifest: where it is and what stands there.
type value struct {
	r    *reader
	path string
	v    any
	set  bool // something stands there, be it null

	s *shape // where the rules are recorded instead, see Schema; else nil
}

func (v value) fail(message, expected string) {
	v.r.fail(Issue{Path: v.path, Message: message, Expected: expected, Received: v.received()})
}

// received describes what stands there: the kind, and what is short of it.
func (v value) received() string {
	if !v.set {
		return "nothing"
	}
	switch x := v.v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case json.Number:
		return "number " + shorten(x.String())
	case string:
		return quote(x)
	case []any:
		return fmt.Sprintf("a list of %d", len(x))
	default:
		return "an object"
	}
}

func shorten(s string) string {
	const shown = 60
	if utf8.RuneCountInString(s) <= shown {
		return s
	}
	return string([]rune(s)[:shown]) + "…"
}

func quote(s string) string { return strconv.Quote(shorten(s)) }

// at returns the place of a field. The field of what is no object is nothing.
func (v value) at(key string) value {
	if v.s != nil {
		return value{r: v.r, s: v.s.property(key), set: true}
	}
	field := value{r: v.r, path: join(v.path, key)}
	if o, ok := v.v.(*object); ok {
		field.v, field.set = o.fields[key]
	}
	return field
}

// object reports whether an object stands there, and warns of fields that
// nobody reads.
func (v value) object(required bool, known ...string) bool {
	if v.s != nil {
		v.s.object(required, known)
		return true
	}
	if !v.set && !required {
		return false
	}
	o, ok := v.v.(*object)
	if !ok {
		v.fail(missingOr(v, "Must be an object"), "an object")
		return false
	}
	for _, k := range o.keys {
		if !slices.Contains(known, k) {
			v.r.warn(join(v.path, k), "Unknown field, ignored")
		}
	}
	return true
}

func missingOr(v value, message string) string {
	if !v.set {
		return "Required"
	}
	return message
}

// list returns the places of a list's entries.
func (v value) list(required bool) []value {
	if v.s != nil {
		return []value{{r: v.r, s: v.s.list(required), set: true}}
	}
	if !v.set && !required {
		return nil
	}
	entries, ok := v.v.([]any)
	if !ok {
		v.fail(missingOr(v, "Must be a list"), "a list")
		return nil
	}
	places := make([]value, len(entries))
	for i, e := range entries {
		places[i] = value{r: v.r, path: join(v.path, strconv.Itoa(i)), v: e, set: true}
	}
	return places
}

// text is the rule for a string.
type text struct {
	required bool
	min, max int            // characters; max 0 is no limit
	pattern  *regexp.Regexp // nil is any
	enum     []string       // nil is any
	check    func(string) bool
	expected string // in words; made from the limits when empty
	message  string // what is wrong; made from the kind when empty
	multi    bool   // lines and tabs are allowed
	approx   string // check as a pattern, for the schema; it may let more pass
}

// text returns the string that stands there, or "" when it is none or breaks
// the rule.
func (v value) text(rule text) string {
	if v.s != nil {
		v.s.text(rule)
		return ""
	}
	if !v.set && !rule.required {
		return ""
	}
	expected := rule.describe()
	s, ok := v.v.(string)
	if !ok {
		v.fail(missingOr(v, "Must be a string"), expected)
		return ""
	}
	n := utf8.RuneCountInString(s)
	switch {
	case !isPlain(s, rule.multi):
		v.fail("Has control characters", expected)
	case n < rule.min, rule.max > 0 && n > rule.max,
		rule.pattern != nil && !rule.pattern.MatchString(s),
		rule.enum != nil && !slices.Contains(rule.enum, s),
		rule.check != nil && !rule.check(s):
		message := rule.message
		if message == "" {
			message = "Invalid value"
		}
		v.fail(message, expected)
	default:
		return s
	}
	return ""
}

func (rule text) describe() string {
	switch {
	case rule.expected != "":
		return rule.expected
	case rule.enum != nil:
		return "one of " + strings.Join(rule.enum, ", ")
	case rule.max > 0:
		return fmt.Sprintf("a string of %d to %d characters", rule.min, rule.max)
	case rule.min > 0:
		return "a non-empty string"
	}
	return "a string"
}

// isPlain reports whether s can be shown to a person as it is: without
// characters that move a terminal's cursor, turn the direction of writing, or
// are not seen, so that one name can pass for another. The two that join letters
// or keep them apart are needed to write Persian, Hindi and family emoji.
func isPlain(s string, multi bool) bool {
	for _, r := range s {
		switch {
		case multi && (r == '\n' || r == '\r' || r == '\t'), r == '\u200c', r == '\u200d':
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return false
		}
	}
	return true
}

// texts returns the strings of a list; those that break the rule are left out.
func (v value) texts(rule text) []string {
	rule.required = true
	var all []string
	for _, e := range v.list(false) {
		before := len(v.r.report.Errors)
		if s := e.text(rule); len(v.r.report.Errors) == before {
			all = append(all, s)
		}
	}
	return all
}

// boolean returns false for nothing.
func (v value) boolean() bool {
	v.s.kind("boolean")
	if !v.set || v.s != nil {
		return false
	}
	b, ok := v.v.(bool)
	if !ok {
		v.fail("Must be true or false", "true or false")
	}
	return b
}

// integer returns nil for nothing.
func (v value) integer(least, most int) *int {
	v.s.integer(least, most)
	if !v.set || v.s != nil {
		return nil
	}
	n, ok := v.float()
	if !ok || n != math.Trunc(n) || n < float64(least) || n > float64(most) {
		v.fail("Must be a whole number", fmt.Sprintf("a whole number from %d to %d", least, most))
		return nil
	}
	i := int(n)
	return &i
}

// number returns nil for nothing.
func (v value) number() *float64 {
	v.s.kind("number")
	if !v.set || v.s != nil {
		return nil
	}
	n, ok := v.float()
	if !ok {
		v.fail("Must be a number", "a number")
		return nil
	}
	return &n
}

func (v value) float() (float64, bool) {
	number, ok := v.v.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Float64()
	return n, err == nil
}

// raw returns what stands there as JSON, nil for nothing.
func (v value) raw() json.RawMessage {
	if !v.set || v.s != nil {
		return nil
	}
	data, err := json.Marshal(v.v)
	if err != nil {
		v.fail("Cannot be kept: "+err.Error(), "JSON")
		return nil
	}
	return data
}
