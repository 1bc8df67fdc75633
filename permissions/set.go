package permissions

import (
	"encoding/json"
	"slices"
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

// Diff compares by what is covered, not by what is listed: a host is nothing
// new for who approved http:fetch, nor ui:inputbox for who approved ui:dialog.
// A host that is to cover its subdomains is new for who approved the host alone.
func Diff(old, new Set) Difference {
	return Difference{Added: uncovered(new, old), Removed: uncovered(old, new)}
}

// uncovered is the part of s that by does not cover.
func uncovered(s, by Set) Set {
	g := NewGrants("", by, Policy{Subdomains: by.Subdomains})
	rest := Set{Public: s.Public && !by.Public}
	for _, side := range []Side{Client, Server} {
		for _, p := range s.Side(side) {
			wider := isDomain(p) && s.Subdomains && !by.Subdomains && !g.anyHost
			if wider || g.Check(side, p) != nil {
				rest.add(side, p)
			}
		}
	}
	rest.Subdomains = s.Subdomains && slices.ContainsFunc(rest.Server, isDomain)
	return rest
}

func (s *Set) add(side Side, p Permission) {
	if side == Client {
		s.Client = append(s.Client, p)
		return
	}
	s.Server = append(s.Server, p)
}
