package permissions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Set is what an extension asks for, or what a person approved.
type Set struct {
	Client []Permission `json:"client"`
	Server []Permission `json:"server"`

	// Public says that routes answer callers who are not signed in. It is asked
	// for by such a route in the manifest, and approved like a permission.
	Public bool `json:"public,omitempty"`

	// Subdomains says that the http:domain: permissions were declared and
	// approved as covering the names under them. Without it they are exact,
	// whatever the operator decides later.
	Subdomains bool `json:"subdomains,omitempty"`
}

// IsEmpty reports whether nothing is asked for.
func (s Set) IsEmpty() bool { return len(s.Client) == 0 && len(s.Server) == 0 && !s.Public }

// Side returns the permissions of one side.
func (s Set) Side(side Side) []Permission {
	switch side {
	case Client:
		return s.Client
	case Server:
		return s.Server
	}
	return nil
}

// String lists what is in the set, for logs and audit lines.
func (s Set) String() string {
	var parts []string
	for _, side := range []Side{Client, Server} {
		for _, p := range s.Side(side) {
			parts = append(parts, fmt.Sprintf("%s %s", side, p))
		}
	}
	if s.Subdomains {
		parts = append(parts, "subdomains")
	}
	if s.Public {
		parts = append(parts, "public routes")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON writes empty lists as [], not as null.
func (s Set) MarshalJSON() ([]byte, error) {
	type plain Set
	p := plain(s)
	if p.Client == nil {
		p.Client = []Permission{}
	}
	if p.Server == nil {
		p.Server = []Permission{}
	}
	return json.Marshal(p)
}

// Difference is what changes for a person who approved one set and is shown
// another.
type Difference struct {
	Added   Set // not covered by what was approved
	Removed Set // approved, and not covered any more
}

// NeedsConsent reports whether a person has to approve before the new set
// counts. Removing is silent.
func (d Difference) NeedsConsent() bool { return !d.Added.IsEmpty() }

// Narrows reports whether something that was approved is not covered any more.
func (d Difference) Narrows() bool { return !d.Removed.IsEmpty() }

// Diff compares by what is covered, not by what is listed: a host is nothing
// new for who approved http:fetch, nor ui:inputbox for who approved ui:dialog.
// A host that is to cover its subdomains is new for who approved the host alone.
func Diff(old, new Set) Difference {
	return Difference{Added: uncovered(new, old), Removed: uncovered(old, new)}
}

// uncovered is the part of s that by does not cover.
func uncovered(s, by Set) Set {
	g := by.grants()
	rest := Set{Public: s.Public && !by.Public}
	for _, side := range []Side{Client, Server} {
		for _, p := range s.Side(side) {
			wider := isDomain(p) && s.Subdomains && !g.coversSubdomains()
			if wider || g.Check(side, p) != nil {
				rest.add(side, p)
			}
		}
	}
	rest.Subdomains = s.Subdomains && rest.hasDomain()
	return rest
}

// Intersect is what both sets cover. What a person granted before and an update
// still asks for is Intersect(asks, granted).
func Intersect(a, b Set) Set {
	ga, gb := a.grants(), b.grants()
	both := Set{Public: a.Public && b.Public}
	for _, side := range []Side{Client, Server} {
		for _, p := range a.Side(side) {
			if gb.Check(side, p) == nil {
				both.add(side, p)
			}
		}
		for _, p := range b.Side(side) {
			if ga.Check(side, p) == nil {
				both.add(side, p)
			}
		}
	}
	both.sort()
	both.Subdomains = both.hasDomain() && ga.coversSubdomains() && gb.coversSubdomains()
	return both
}

// grants are the grants of s as it was approved, whatever the operator says.
func (s Set) grants() *Grants { return NewGrants("", s, Policy{Subdomains: s.Subdomains}) }

func (s Set) hasDomain() bool { return slices.ContainsFunc(s.Server, isDomain) }

func (s *Set) add(side Side, p Permission) {
	if side == Client {
		s.Client = append(s.Client, p)
		return
	}
	s.Server = append(s.Server, p)
}

// sort orders both lists and removes repetitions.
func (s *Set) sort() {
	slices.Sort(s.Client)
	slices.Sort(s.Server)
	s.Client, s.Server = slices.Compact(s.Client), slices.Compact(s.Server)
}
