package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/manifest"
)

// Permissions says how what the code does compares with what is declared.
type Permissions struct {
	Used       []string `json:"used"`       // declared, and used
	Undeclared []string `json:"undeclared"` // used and not declared
	Unused     []string `json:"unused"`     // declared, and surely not used
	Unknown    []string `json:"unknown"`    // declared, and the code does not tell
}

// needs returns the permission that each method of a side needs.
func needs(side permissions.Side) map[string]permissions.Permission {
	all := map[string]permissions.Permission{}
	if side == permissions.Server {
		for _, m := range bridge.Methods() {
			all[m.Name] = m.Permission
		}
		return all
	}
	for _, e := range permissions.All() {
		if e.Side == side {
			for _, name := range e.Guards {
				all[name] = e.Name
			}
		}
	}
	return all
}

// compare reports the differences between what a side uses and what the
// manifest declares for it.
func (c *checker) compare(u *usage) {
	declared := c.pkg.Manifest.Permissions
	grants := permissions.NewGrants(string(c.pkg.Manifest.ID), declared, permissions.Policy{})
	need := needs(u.side)
	used := map[permissions.Permission]bool{}
	for _, method := range slices.Sorted(maps.Keys(u.methods)) {
		p := need[method]
		if p == permissions.HTTPDomain || p == permissions.None {
			continue
		}
		used[p] = true
		if grants.Check(u.side, p) != nil {
			c.undeclared(u.side, string(p), u.methods[method], "api."+method)
		}
	}
	if u.side == permissions.Server {
		c.compareHosts(u, grants, used)
		c.compareModules(u, grants, used)
	}
	c.tellUse(u, declared.Side(u.side), used)
	c.tellOpen(u)
}

func (c *checker) undeclared(side permissions.Side, p string, at place, what string) {
	if !slices.Contains(c.report.Permissions.Undeclared, p) {
		c.report.Permissions.Undeclared = append(c.report.Permissions.Undeclared, p)
	}
	severity := Error
	if side == permissions.Client { // the client's host decides what that means
		severity = Warning
	}
	c.find(severity, at, fmt.Sprintf("%s needs the %s permission %s, which the manifest does not declare", what, side, p))
}

// compareHosts looks at the hosts of http.fetch.
func (c *checker) compareHosts(u *usage, grants *permissions.Grants, used map[permissions.Permission]bool) {
	for _, host := range slices.Sorted(maps.Keys(u.hosts)) {
		p := permissions.Domain(host)
		used[p] = true
		if grants.CheckHost(host) != nil {
			c.undeclared(u.side, string(p), u.hosts[host], "a request to "+host)
		}
	}
	if u.secrets {
		used[permissions.SecretsUse] = true
	}
	anyDeclared := slices.ContainsFunc(c.pkg.Manifest.Permissions.Server, isHost)
	for _, at := range u.anyHost {
		if !anyDeclared {
			c.undeclared(u.side, string(permissions.HTTPFetch)+" or http:domain:HOST", at, "http.fetch")
			continue
		}
		c.find(Note, at, "the host of this request is computed: whether it is declared cannot be known")
	}
	if len(u.anyHost) > 0 || len(u.hosts) > 0 && grants.CheckHost("example.com") == nil {
		used[permissions.HTTPFetch] = true
	}
	if declares(c.pkg.Manifest, permissions.HTTPFetch) && len(u.anyHost) == 0 && len(u.hosts) > 0 && len(u.open) == 0 {
		c.find(Warning, c.permissionPlace(permissions.Server, permissions.HTTPFetch),
			"http:fetch allows any host, and the code asks for "+strings.Join(slices.Sorted(maps.Keys(u.hosts)), ", ")+": declare http:domain: with these instead")
	}
}

func isHost(p permissions.Permission) bool {
	_, ok := p.Host()
	return ok || p == permissions.HTTPFetch
}

func declares(m *manifest.Manifest, p permissions.Permission) bool {
	return slices.Contains(m.Permissions.Server, p)
}

// tellUse sorts what is declared by whether it is used.
func (c *checker) tellUse(u *usage, declared []permissions.Permission, used map[permissions.Permission]bool) {
	r := &c.report.Permissions
	unsure := len(u.open) > 0 || len(u.missing) > 0
	for _, p := range declared {
		covers := used[p]
		if p == permissions.UIDialog {
			covers = covers || used[permissions.UIQuickPick] || used[permissions.UIInputBox]
		}
		switch {
		case covers:
			r.Used = append(r.Used, string(p))
		case unsure, isHost(p) && len(u.anyHost) > 0:
			r.Unknown = append(r.Unknown, string(p))
			c.find(Note, c.permissionPlace(u.side, p), fmt.Sprintf("whether %s is used cannot be known from the code", p))
		default:
			r.Unused = append(r.Unused, string(p))
			if len(u.modules) > 0 {
				c.find(Warning, c.permissionPlace(u.side, p), fmt.Sprintf("%s is declared, and no handler names what needs it; leave it out, so that nobody is asked for it", p))
				continue
			}
			c.find(Warning, c.permissionPlace(u.side, p), fmt.Sprintf("%s is declared and never used; leave it out, so that nobody is asked for it", p))
		}
	}
}

// tellOpen says what could not be followed, and what does not exist.
func (c *checker) tellOpen(u *usage) {
	for _, name := range slices.Sorted(maps.Keys(u.unknown)) {
		c.find(Warning, u.unknown[name], name+" does not exist; a call of it is denied")
	}
	for at, what := range u.open {
		c.find(Note, at, what+": which permissions that needs cannot be known")
	}
	for _, name := range u.missing {
		c.find(Note, place{File: name}, "its handler was not found in the code: which permissions it needs cannot be known")
	}
}
