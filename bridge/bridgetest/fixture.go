// Package bridgetest is a session of the bridge with fakes behind it, and the
// conformance suite of the table: for whoever adds a method, or another way to
// call one.
package bridgetest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// The identity that every fixture has, and the clock that stands still.
const (
	Org        = "org-1"
	Extension  = "acme.notes"
	ShortName  = "notes"
	Invocation = "inv-1"
	Host       = "api.example.com" // the host that AllPermissions grant
)

// Now is what the clock of every fixture says.
var Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// AllPermissions are all server permissions, with one host in place of any.
func AllPermissions() []permissions.Permission {
	var all []permissions.Permission
	for _, e := range permissions.All() {
		switch {
		case e.Side != permissions.Server, e.Name == permissions.HTTPFetch:
		case e.Name == permissions.HTTPDomain:
			all = append(all, permissions.Domain(Host))
		default:
			all = append(all, e.Name)
		}
	}
	return all
}

// Config says in what a fixture differs from the usual one.
type Config struct {
	Granted []permissions.Permission // nil means AllPermissions
	Limits  bridge.Limits
	Config  json.RawMessage // the extension's configuration
	User    *bridge.User
}

// Fixture is a session and the fakes behind it. Replace a fake's Err to make it
// fail.
type Fixture struct {
	Session *bridge.Session
	Storage *Storage
	Secrets *Secrets
	Fetcher *Fetcher
	Events  *Events
	Audit   *Audit
	Log     *Log
	Faults  *Faults
}

// New returns a fixture.
func New(c Config) *Fixture {
	granted := c.Granted
	if granted == nil {
		granted = AllPermissions()
	}
	f := &Fixture{
		Storage: newStorage(), Secrets: newSecrets(), Fetcher: newFetcher(),
		Events: new(Events), Audit: new(Audit), Log: new(Log), Faults: new(Faults),
	}
	f.Session = bridge.NewSession(bridge.SessionConfig{
		Invocation: Invocation, Org: Org, Extension: Extension, ShortName: ShortName, Version: "1.0.0",
		Grants:  permissions.NewGrants(Extension, permissions.Set{Server: granted}, permissions.Policy{}),
		User:    c.User,
		Config:  c.Config,
		Storage: f.Storage, Secrets: f.Secrets, Fetcher: f.Fetcher, Events: f.Events,
		Audit: f.Audit, Log: f.Log, Faults: f.Faults,
		Limits: c.Limits, Now: func() time.Time { return Now },
	})
	return f
}

// Call calls a method with the JSON of its arguments and returns the JSON of its
// result, empty for undefined.
func (f *Fixture) Call(method, args string) (string, error) {
	result, err := f.Session.Call(context.Background(), method, sandbox.Payload{JSON: []byte(args)})
	return string(result.JSON), err
}
