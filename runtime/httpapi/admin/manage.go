package admin

import (
	"context"
	"errors"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// RouteView is a route that an extension answers.
type RouteView struct {
	Method    string `json:"method"`
	Path      string `json:"path" doc:"below /extensions/ID/"`
	Public    bool   `json:"public" doc:"answers callers who are not signed in, once that is approved"`
	RateLimit int    `json:"rateLimit,omitempty" doc:"calls a minute, where the route has a limit of its own"`
}

// StorageUsage is what an extension has stored.
type StorageUsage struct {
	Keys  int   `json:"keys"`
	Bytes int64 `json:"bytes"`
}

// ExtensionDetail is all that is shown of an installation.
type ExtensionDetail struct {
	Extension
	Publisher   string            `json:"publisher"`
	Description string            `json:"description,omitempty"`
	License     string            `json:"license"`
	Routes      []RouteView       `json:"routes"`
	Allows      []Statement       `json:"allows" doc:"what was approved, in the consent texts"`
	Missing     permissions.Set   `json:"missing" doc:"what it asks for and was not approved"`
	Configured  []string          `json:"configured" doc:"names of the configuration's properties that are set"`
	Pin         *registry.Pin     `json:"pin,omitempty"`
	Pending     *registry.Pending `json:"pending,omitempty" doc:"an update that waits for approval"`
	Storage     StorageUsage      `json:"storage"`
}

// ShowExtension shows an installation.
var ShowExtension = Define(Spec{
	Name: "getExtension", Method: "GET", Path: "/orgs/{org}/extensions/{extension}", Right: identity.Extensions,
	Doc: "Shows an installation: its routes, what it may do, and how much it has stored",
}, func(ctx context.Context, c *Call, in OfExtension) (ExtensionDetail, error) {
	var d ExtensionDetail
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return d, err
	}
	m, err := c.Host.Manifest(ctx, in.Org, inst.Extension)
	if err != nil {
		return d, err
	}
	if d.Extension, err = c.show(ctx, inst); err != nil {
		return d, err
	}
	usage, err := c.Space(in.Org, inst.Extension).Usage(ctx)
	if err != nil {
		return d, err
	}
	d.Publisher, d.Description, d.License = m.Publisher, m.Description, m.License
	d.Routes = []RouteView{}
	for _, r := range m.Contributes.APIRoutes {
		d.Routes = append(d.Routes, RouteView{Method: r.Method, Path: r.Path, Public: r.Public, RateLimit: r.RateLimit})
	}
	d.Allows = StatementsOf(inst.Granted)
	d.Missing = permissions.Diff(inst.Granted, m.Permissions).Added
	d.Pin, d.Pending = inst.Pin, inst.Pending
	d.Storage = StorageUsage{Keys: usage.Keys, Bytes: usage.Bytes}
	set, err := setValues(inst)
	d.Configured = sortedKeys(set)
	return d, err
})

// SetEnabledIn switches an extension on or off.
type SetEnabledIn struct {
	OfExtension
	Enabled bool `json:"enabled"`
}

// SetEnabled switches an extension on or off, from the next call on.
var SetEnabled = Define(Spec{
	Name: "setEnabled", Method: "PUT", Path: "/orgs/{org}/extensions/{extension}/enabled", Right: identity.Install,
	Doc: "Switches an extension on or off, from the next call on; what runs when it is switched off is ended",
}, func(ctx context.Context, c *Call, in SetEnabledIn) (Extension, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Extension{}, err
	}
	if inst.Enabled != in.Enabled {
		if inst, err = c.Host.SetEnabled(ctx, in.Org, inst.Extension, c.Caller.Actor, in.Enabled); err != nil {
			return Extension{}, err
		}
	}
	return c.show(ctx, inst)
})

// UninstallIn ends an installation.
type UninstallIn struct {
	OfExtension
	Purge bool `query:"purge" json:"-" doc:"destroy the data now, its key first, and keep nothing for the grace period"`
}

// Uninstalled says what became of the data.
type Uninstalled struct {
	ID      string `json:"id"`
	Purged  bool   `json:"purged" doc:"the data is destroyed"`
	PurgeAt string `json:"purgeAt,omitempty" doc:"until when the data is kept, RFC 3339"`
}

// Uninstall ends an installation.
var Uninstall = Define(Spec{
	Name: "uninstall", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}", Right: identity.Install,
	Doc: "Stops the routes of an extension and revokes its grants at once; its data is kept for the grace period, or destroyed with purge",
}, func(ctx context.Context, c *Call, in UninstallIn) (Uninstalled, error) {
	inst, err := c.Registry.Find(ctx, in.Org, in.Extension)
	if errors.Is(err, registry.ErrNotFound) || err == nil && inst.Removed() && !in.Purge {
		return Uninstalled{}, notInstalled(in.Org, in.Extension)
	}
	if err != nil {
		return Uninstalled{}, err
	}
	done := Uninstalled{ID: inst.Extension, Purged: in.Purge}
	if err := c.Host.Uninstall(ctx, in.Org, inst.Extension, c.Caller.Actor, in.Purge); err != nil || in.Purge {
		return done, err
	}
	left, err := c.Registry.Get(ctx, in.Org, inst.Extension)
	done.PurgeAt = left.PurgeAt.UTC().Format("2006-01-02T15:04:05Z07:00")
	return done, err
})

func notInstalled(org, name string) error {
	return sandbox.Errorf(sandbox.NotFound, "extension %.128s is not installed for organization %s", name, org)
}
