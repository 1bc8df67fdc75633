package permissions

import (
	"cmp"
	"fmt"
	"slices"
)

// PublicConsent is the sentence for routes that answer callers who are not
// signed in.
const PublicConsent = "Answer anyone on the internet who has its address, without signing in"

// Statement is one line of a consent page.
type Statement struct {
	Side       Side       `json:"side"`
	Permission Permission `json:"permission,omitempty"` // empty for public routes
	Risk       Risk       `json:"risk"`
	Text       string     `json:"text"`
}

// Consent is the sentence for the person who installs. It is empty for what is
// not a permission. A host that is written differently for people and for
// machines is shown in both forms, the machines' first: it is the one that
// cannot be mistaken for another.
func Consent(p Permission, pol Policy) string {
	if host, ok := p.Host(); ok {
		return connectTo(host, pol)
	}
	for _, side := range []Side{Client, Server} {
		if e, ok := Lookup(side, p); ok {
			return e.Consent
		}
	}
	return ""
}

func connectTo(host string, pol Policy) string {
	entry, _ := Lookup(Server, HTTPDomain)
	text := entry.Consent + " " + host
	if written, err := lookup.ToUnicode(host); err == nil && written != host {
		text += fmt.Sprintf(" (written %s)", written)
	}
	if pol.Subdomains {
		text += " and every name under it"
	}
	return text
}

// Statements are the lines of a consent page for s, the highest risk first.
// Whether hosts cover the names under them is what s says.
func (s Set) Statements() []Statement {
	var lines []Statement
	if s.Public {
		lines = append(lines, Statement{Side: Server, Risk: High, Text: PublicConsent})
	}
	pol := Policy{Subdomains: s.Subdomains}
	for _, side := range []Side{Server, Client} {
		for _, p := range s.Side(side) {
			e, ok := Lookup(side, p)
			if !ok {
				continue
			}
			lines = append(lines, Statement{Side: side, Permission: p, Risk: e.Risk, Text: Consent(p, pol)})
		}
	}
	slices.SortStableFunc(lines, func(a, b Statement) int {
		return cmp.Compare(b.Risk.rank(), a.Risk.rank())
	})
	return lines
}

func (r Risk) rank() int { return slices.Index([]Risk{Low, Medium, High}, r) }
