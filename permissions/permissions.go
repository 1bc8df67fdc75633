// Package permissions is the vocabulary of what an extension may ask for: the
// table of permissions, the grammar of http:domain:, the sentences that the
// person who installs reads, and the check of one call against what was
// approved.
//
// The package is pure: text in, decision out. It reads no file, opens no
// connection and keeps no state, so that every rule here is one line in a test.
//
// A permission that is not in the table does not exist: [Parse] refuses it and
// [Grants.Check] denies it.
package permissions

import "strings"

// Permission is the name of one permission in its canonical form, such as
// "storage:database" or "http:domain:api.example.com". [Parse] makes one from
// what a manifest says.
type Permission string

// None is what a method that needs no permission names. It is always granted,
// and cannot be asked for.
const None Permission = "none"

// The client permissions: what an extension may do in the application.
const (
	UIToast          Permission = "ui:toast"
	UIDialog         Permission = "ui:dialog" // grants UIQuickPick and UIInputBox too
	UIStatus         Permission = "ui:status"
	UIProgress       Permission = "ui:progress"
	UIQuickPick      Permission = "ui:quickpick"
	UIInputBox       Permission = "ui:inputbox"
	StorageLocal     Permission = "storage:local"
	NetworkOrgAPI    Permission = "network:orgApi"
	NetworkStoreAPI  Permission = "network:storeApi"
	NetworkFetch     Permission = "network:fetch" // to the hosts of HTTPDomain
	CommandsRegister Permission = "commands:register"
	CommandsExecute  Permission = "commands:execute"
	WorkspaceFiles   Permission = "workspace:files"
	WorkspaceVaults  Permission = "workspace:vaults"
	Telemetry        Permission = "telemetry"
)

// The server permissions: what a handler may do.
const (
	StorageDatabase Permission = "storage:database"
	SecretsRead     Permission = "secrets:read"
	SecretsUse      Permission = "secrets:use" // send them where they are bound to, unseen
	SecretsWrite    Permission = "secrets:write"
	HTTPFetch       Permission = "http:fetch" // any host

	// HTTPDomain stands in the table for every "http:domain:HOST". It cannot be
	// asked for; [Grants.Check] grants it when at least one host is granted.
	HTTPDomain Permission = "http:domain:*"
)

const domainPrefix = "http:domain:"

// Domain is the permission for one host. host is in the form that
// [NormalizeHost] gives.
func Domain(host string) Permission { return Permission(domainPrefix + host) }

// Host returns the host of an http:domain: permission. ok is false for every
// other permission, [HTTPDomain] included.
func (p Permission) Host() (host string, ok bool) {
	host, ok = strings.CutPrefix(string(p), domainPrefix)
	if !ok || p == HTTPDomain {
		return "", false
	}
	return host, true
}

// Side is where a permission counts.
type Side string

// The sides.
const (
	Client Side = "client" // the application of the person who uses it
	Server Side = "server" // handlers in the host
)

// Risk is how much harm an extension could do with a permission, so that a
// consent page can show the worst first.
type Risk string

// The risks, lowest first.
const (
	Low    Risk = "low"
	Medium Risk = "medium"
	High   Risk = "high"
)

// Entry is a line of the table.
type Entry struct {
	Name Permission
	Side Side
	Risk Risk

	// Consent is the sentence for the person who installs. [Consent] gives it
	// with the host filled in.
	Consent string

	// Doc says to the author of an extension what the permission is for.
	Doc string

	// Guards are the methods of the API that need it.
	Guards []string
}

// Policy is what the operator decided about permissions.
type Policy struct {
	// Subdomains makes http:domain:d cover the names under d too.
	Subdomains bool
}
