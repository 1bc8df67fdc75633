package admin

import (
	"context"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Grants is what an extension asks for and what of it was approved.
type Grants struct {
	ID      string          `json:"id"`
	Version string          `json:"version"`
	Asks    permissions.Set `json:"asks"`
	Granted permissions.Set `json:"granted"`
	Missing permissions.Set `json:"missing" doc:"what is asked for and not approved"`
	Allows  []Statement     `json:"allows" doc:"what granted means"`
	Would   []Statement     `json:"would" doc:"what missing would mean"`
	Epoch   uint64          `json:"epoch" doc:"of the installation"`
}

func (c *Call) grants(ctx context.Context, inst registry.Installation) (Grants, error) {
	m, err := c.Host.Manifest(ctx, inst.Org, inst.Extension)
	if err != nil {
		return Grants{}, err
	}
	missing := permissions.Diff(inst.Granted, m.Permissions).Added
	return Grants{
		ID: inst.Extension, Version: inst.Version, Asks: m.Permissions, Granted: inst.Granted, Missing: missing,
		Allows: StatementsOf(inst.Granted), Would: StatementsOf(missing), Epoch: inst.Epoch,
	}, nil
}

// ShowGrants shows what an extension may do.
var ShowGrants = Define(Spec{
	Name: "getGrants", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/grants", Right: identity.Extensions,
	Doc: "Shows what an extension asks for, and what of it was approved",
}, func(ctx context.Context, c *Call, in OfExtension) (Grants, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Grants{}, err
	}
	return c.grants(ctx, inst)
})

// SetGrantsIn is a decision about what an extension may do.
type SetGrantsIn struct {
	OfExtension
	Granted permissions.Set `json:"granted" doc:"all that shall be approved from now on"`
	Epoch   uint64          `json:"epoch,omitempty" doc:"of the installation that a person was shown; another one is a conflict"`
	How     string          `json:"how,omitempty" doc:"how it was decided, for the audit"`
}

// SetGrants narrows or widens what an extension may do.
var SetGrants = Define(Spec{
	Name: "setGrants", Method: "PUT", Path: "/orgs/{org}/extensions/{extension}/grants", Right: identity.Install,
	Doc: "Replaces what was approved, by nothing that is not asked for; invocations that run are ended when something is taken away",
}, func(ctx context.Context, c *Call, in SetGrantsIn) (Grants, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Grants{}, err
	}
	if in.Epoch != 0 && in.Epoch != inst.Epoch {
		return Grants{}, sandbox.Errorf(sandbox.Conflict, "extension %s was changed meanwhile; look at it again", inst.Extension)
	}
	inst, err = c.Host.Regrant(ctx, in.Org, inst.Extension, runtime.Consent{Granted: in.Granted, By: c.by(in.How)})
	if err != nil {
		return Grants{}, err
	}
	return c.grants(ctx, inst)
})
