package check

import "strings"

// kind is what is known of a value.
type kind byte

const (
	isAPI    kind = iota // the api object
	isSpace              // a namespace of it: api.storage
	isMethod             // a method of it: api.storage.get
	isFunc               // a function of the author
	isText               // a string that is known
	isPrefix             // a string that starts so
)

// atom is one thing that a value may be.
type atom struct {
	kind kind
	name string    // of a namespace or method, or the text
	fn   *function // of isFunc
}

// set is all that a value may be, as far as is known. Empty is no knowledge.
type set map[atom]struct{}

// The bounds of a set's texts: sets only grow, and must not do so for ever.
const (
	maxTexts = 32
	maxText  = 300
)

// add puts atoms in, and reports whether that changed anything.
func (s set) add(from set) bool {
	changed := false
	for a := range from {
		if _, there := s[a]; there || len(s) >= maxTexts && (a.kind == isText || a.kind == isPrefix) {
			continue
		}
		s[a] = struct{}{}
		changed = true
	}
	return changed
}

func one(a atom) set { return set{a: {}} }

func union(sets ...set) set {
	all := set{}
	for _, s := range sets {
		all.add(s)
	}
	return all
}

// touchesAPI reports whether the api or a part of it may be in s.
func (s set) touchesAPI() bool {
	for a := range s {
		if a.kind == isAPI || a.kind == isSpace || a.kind == isMethod {
			return true
		}
	}
	return false
}

// texts are the strings in s.
func (s set) texts() set {
	found := set{}
	for a := range s {
		if a.kind == isText || a.kind == isPrefix {
			found[a] = struct{}{}
		}
	}
	return found
}

func text(value string) set {
	if len(value) > maxText {
		return one(atom{kind: isPrefix, name: value[:maxText]})
	}
	return one(atom{kind: isText, name: value})
}

// concat is the strings of a followed by those of b. What follows an unknown
// string is not known, and what an unknown string follows is a prefix.
func concat(a, b set) set {
	result := set{}
	after := b.texts()
	for x := range a.texts() {
		if x.kind == isPrefix || len(after) == 0 {
			result.add(one(atom{kind: isPrefix, name: x.name}))
			continue
		}
		for y := range after {
			joined := text(x.name + y.name)
			if y.kind == isPrefix {
				joined = one(atom{kind: isPrefix, name: strings.TrimSpace(x.name + y.name)})
			}
			result.add(joined)
		}
	}
	return result
}
