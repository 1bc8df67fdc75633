package identity

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a caller is in the organization, or on the host.
type Role string

// The roles. The zero Role may do nothing.
const (
	Member   Role = "member"   // uses the extensions of its organization
	Admin    Role = "admin"    // looks after the extensions of its organization
	Operator Role = "operator" // looks after the host, and so after every organization
)

// Right is one thing that may be done. A route names the one that it needs.
type Right string

// The rights.
const (
	Call       Right = "call"              // the handlers of installed extensions
	Extensions Right = "extensions:read"   // list and show what is installed, its stats
	Install    Right = "extensions:manage" // install, enable, disable, uninstall, update, grants, config
	Public     Right = "public:manage"     // show, rotate and revoke public addresses
	Data       Right = "storage:manage"    // what extensions have stored
	Secrets    Right = "secrets:manage"    // set, list and delete secrets; values are never shown
	Logs       Right = "logs:read"         // what handlers logged
	Audit      Right = "audit:read"        // list, verify and export the organization's audit
	Manage     Right = "tokens:manage"     // make, list and revoke tokens of the organization
	Operate    Right = "host:operate"      // organizations, backups, metrics, keys: whatever is the host's
)

// rights is the one table of what a role may do. What is not in it is denied.
var rights = []struct {
	right Right
	roles []Role
}{
	{Call, []Role{Member, Admin, Operator}},
	{Extensions, []Role{Member, Admin, Operator}},
	{Install, []Role{Admin, Operator}},
	{Public, []Role{Admin, Operator}},
	{Data, []Role{Admin, Operator}},
	{Secrets, []Role{Admin, Operator}},
	{Logs, []Role{Admin, Operator}},
	{Audit, []Role{Admin, Operator}},
	{Manage, []Role{Admin, Operator}},
	{Operate, []Role{Operator}},
}

// Rights lists every right, in the order of the table.
func Rights() []Right {
	all := make([]Right, len(rights))
	for i, row := range rights {
		all[i] = row.right
	}
	return all
}

// May reports whether the role has the right, in its own organization.
func (r Role) May(right Right) bool {
	for _, row := range rights {
		if row.right == right {
			return slices.Contains(row.roles, r)
		}
	}
	return false
}

// roles are all roles, the least first.
var roles = []Role{Member, Admin, Operator}

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, error) {
	if r := Role(name); slices.Contains(roles, r) {
		return r, nil
	}
	return "", fmt.Errorf("identity: role %.40q: want %s", name, joined(roles))
}

// AtLeast reports whether the role includes what other may do.
func (r Role) AtLeast(other Role) bool {
	mine, theirs := slices.Index(roles, r), slices.Index(roles, other)
	return theirs >= 0 && mine >= theirs
}

func joined[S ~string](list []S) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}
