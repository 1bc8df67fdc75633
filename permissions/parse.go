package permissions

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// ParseError says why a text is not a permission, and what would be.
type ParseError struct {
	Permission string // as written
	Problem    string // "unknown server permission", …
	Expected   string // what may stand there
	Hint       string // what to do about it; may be empty
}

// Error joins all of it in one line.
func (e *ParseError) Error() string {
	s := fmt.Sprintf("%s %q: expected %s", e.Problem, e.Permission, e.Expected)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Parse reads one permission as a manifest declares it and returns its
// canonical form. Names are exact; the host of http:domain: is brought into the
// form of [NormalizeHost]. The error is a *[ParseError].
func Parse(side Side, s string, pol Policy) (Permission, error) {
	if host, ok := strings.CutPrefix(s, domainPrefix); ok && side == Server {
		return parseDomain(s, host, pol)
	}
	p := Permission(s)
	if e, ok := Lookup(side, p); ok && e.Name == p {
		return p, nil
	}
	return "", &ParseError{
		Permission: s,
		Problem:    fmt.Sprintf("unknown %s permission", side),
		Expected:   "one of " + names(side),
		Hint:       otherSide(side, p),
	}
}

// names lists what may be declared on one side.
func names(side Side) string {
	var list []string
	for _, e := range table {
		switch {
		case e.Side != side:
		case e.Name == HTTPDomain:
			list = append(list, domainPrefix+"HOST")
		default:
			list = append(list, string(e.Name))
		}
	}
	return strings.Join(list, ", ")
}

// otherSide is the hint for a permission that exists, but not on this side.
func otherSide(side Side, p Permission) string {
	for _, other := range []Side{Client, Server} {
		if _, ok := Lookup(other, p); ok && other != side {
			return fmt.Sprintf("it is a %s permission", other)
		}
	}
	return ""
}

func parseDomain(s, host string, pol Policy) (Permission, error) {
	fail := func(problem, hint string) (Permission, error) {
		return "", &ParseError{
			Permission: s,
			Problem:    problem,
			Expected:   "http:domain: and a host name, such as http:domain:api.example.com",
			Hint:       hint,
		}
	}
	if problem, hint := writtenHost(host); problem != "" {
		return fail(problem, hint)
	}
	name, err := NormalizeHost(host)
	if err != nil {
		var he *HostError
		if errors.As(err, &he) && he.Address {
			return fail("address in the permission", addressHint)
		}
		return fail("malformed host in the permission", hostProblem(err))
	}
	if !strings.Contains(name, ".") {
		return fail("name without a domain in the permission", addressHint)
	}
	if hint := suffixHint(name, pol); hint != "" {
		return fail("public suffix in the permission", hint)
	}
	return Domain(name), nil
}

const addressHint = "declare a name; the operator can point it at an address with --resolve HOST=ADDR:PORT and --allow-cidr"

func hostProblem(err error) string {
	var he *HostError
	if errors.As(err, &he) {
		return "the host " + he.Problem
	}
	return ""
}

// writtenHost recognizes what authors write in place of a host.
func writtenHost(host string) (problem, hint string) {
	switch {
	case strings.Contains(host, "*"):
		return "wildcard in the permission", "wildcards are not supported: declare each host"
	case isAddress(host):
		return "", ""
	case strings.Contains(host, "/"):
		return "URL in the permission", "declare the host alone, without scheme and path"
	case strings.Contains(host, "@"):
		return "user in the permission", "declare the host alone"
	case strings.Contains(host, ":"):
		return "port in the permission", "declare the host alone; which ports are open is the operator's decision"
	}
	return "", ""
}

// suffixHint is empty when name is below every public suffix that matters, and
// the remedy otherwise. A suffix that a registry manages is never one party's.
// One that a company manages (github.io) is a host like others, unless names
// under it are covered too, which belong to strangers.
func suffixHint(name string, pol Policy) string {
	suffix, icann := publicsuffix.PublicSuffix(name)
	if suffix == name && icann {
		return name + " is a public suffix under which anyone can register: declare a host under it"
	}
	if pol.Subdomains && (suffix == name || strangersBelow(name)) {
		return "names under " + name + " belong to many parties, and this host covers subdomains: declare a host under it"
	}
	return ""
}

// strangersBelow reports whether every name directly under name is a public
// suffix, by a rule such as *.kawasaki.jp. The label is one that no exception
// of the list has.
func strangersBelow(name string) bool {
	child := "annex--no--exception." + name
	suffix, _ := publicsuffix.PublicSuffix(child)
	return suffix == child
}

// SetError is what is wrong with one entry of a list of permissions.
type SetError struct {
	Side  Side
	Index int // in the list of that side
	Err   *ParseError
}

// Error says where and what.
func (e *SetError) Error() string { return fmt.Sprintf("%s[%d]: %v", e.Side, e.Index, e.Err) }

// Unwrap returns the *[ParseError].
func (e *SetError) Unwrap() error { return e.Err }

// ParseSet reads the two lists of a manifest. It reads to the end: the set
// holds what is right, sorted and without repetitions, and the errors name
// everything else.
func ParseSet(client, server []string, pol Policy) (Set, []*SetError) {
	var set Set
	var errs []*SetError
	read := func(side Side, texts []string) {
		for i, s := range texts {
			p, err := Parse(side, s, pol)
			var pe *ParseError
			if errors.As(err, &pe) {
				errs = append(errs, &SetError{Side: side, Index: i, Err: pe})
				continue
			}
			set.add(side, p)
		}
	}
	read(Client, client)
	read(Server, server)
	set.sort()
	set.Subdomains = pol.Subdomains && set.hasDomain()
	return set, errs
}

func isDomain(p Permission) bool {
	_, ok := p.Host()
	return ok
}
