package admin

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
)

// InOrg names an organization.
type InOrg struct {
	Org string `path:"org" json:"-" doc:"name of the organization, or ~ for the token's own; of an audit also @host, the host's own, for its operator"`
}

// OfExtension names an installation.
type OfExtension struct {
	InOrg
	Extension string `path:"extension" json:"-" doc:"full id, or a short name that is unique in the organization"`
}

// Page says which part of a list is wanted.
type Page struct {
	After string `query:"after" json:"-" doc:"only what comes after this one"`
	Limit int    `query:"limit" json:"-" doc:"at most this many, 1 to 1000; 100 unless given"`
}

// limit is the number of entries that a page has.
func (p Page) limit() int {
	if p.Limit <= 0 {
		return 100
	}
	return min(p.Limit, 1000)
}

// Extension is an installation, as it is shown.
type Extension struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	Enabled     bool            `json:"enabled"`
	Digest      string          `json:"digest" doc:"SHA-256 of the package's content, hex"`
	Granted     permissions.Set `json:"granted"`
	InstalledAt time.Time       `json:"installedAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
	InstalledBy string          `json:"installedBy"`
	Epoch       uint64          `json:"epoch" doc:"grows with every change of the installation"`
	Pinned      bool            `json:"pinned,omitempty" doc:"it is kept at its version"`
	Pending     string          `json:"pending,omitempty" doc:"the version of an update that waits for approval"`
	Slowed      bool            `json:"slowed,omitempty" doc:"its calls wait for up to a second, because its last workers died before they had answered anything"`
	PurgeAt     time.Time       `json:"purgeAt,omitzero" doc:"set while uninstalled: when the data is destroyed"`
}

// ExtensionList is a page of installations.
type ExtensionList struct {
	Extensions []Extension `json:"extensions"`
	Next       string      `json:"next,omitempty" doc:"the after of the page that follows"`
}

// ListExtensionsIn asks for installations.
type ListExtensionsIn struct {
	InOrg
	Page
	Removed bool `query:"removed" json:"-" doc:"also what was uninstalled and whose data is still kept"`
}

// ListExtensions lists what is installed.
var ListExtensions = Define(Spec{
	Name: "listExtensions", Method: "GET", Path: "/orgs/{org}/extensions", Right: identity.Extensions,
	Doc: "Lists what is installed for an organization, in the order of ids",
}, func(ctx context.Context, c *Call, in ListExtensionsIn) (ExtensionList, error) {
	list := ExtensionList{Extensions: []Extension{}}
	for after := in.After; ; {
		found, err := c.Registry.List(ctx, in.Org, after, in.limit())
		if err != nil {
			return list, err
		}
		for _, inst := range found {
			after = inst.Extension
			if inst.Removed() && !in.Removed {
				continue
			}
			shown, err := c.show(ctx, inst)
			if err != nil {
				return list, err
			}
			list.Extensions = append(list.Extensions, shown)
			if len(list.Extensions) == in.limit() {
				list.Next = after
				return list, nil
			}
		}
		if len(found) < in.limit() {
			return list, nil
		}
	}
})

// show makes an Extension of an installation.
func (c *Call) show(ctx context.Context, inst registry.Installation) (Extension, error) {
	name, err := c.nameOf(ctx, inst)
	pending := ""
	if inst.Pending != nil {
		pending = inst.Pending.Version
	}
	return Extension{
		Pinned: inst.Pin != nil, Pending: pending, Slowed: c.slowed(inst),
		ID: inst.Extension, Name: name, Version: inst.Version, Enabled: inst.Enabled, Digest: inst.Digest, Granted: inst.Granted,
		InstalledAt: inst.InstalledAt, UpdatedAt: inst.UpdatedAt, InstalledBy: inst.InstalledBy, Epoch: inst.Epoch, PurgeAt: inst.PurgeAt,
	}, err
}

// slowed reports whether calls of an installation wait because its workers die.
func (c *Call) slowed(inst registry.Installation) bool {
	return c.Slowed != nil && slices.Contains(c.Slowed(), inst.Org+"/"+inst.Extension)
}

// nameOf reads the name that the manifest gives.
func (c *Call) nameOf(ctx context.Context, inst registry.Installation) (string, error) {
	pkg, err := c.Registry.Package(ctx, inst.Digest)
	if err != nil {
		return "", err
	}
	var m struct {
		Name string `json:"name"`
	}
	err = json.Unmarshal(pkg.Manifest, &m)
	return m.Name, err
}
