package admin

import (
	"context"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Version is one version that an organization runs or has run.
type Version struct {
	Version string          `json:"version"`
	Current bool            `json:"current"`
	Digest  string          `json:"digest" doc:"SHA-256 of the package's content, hex"`
	Granted permissions.Set `json:"granted" doc:"what it had when it last ran; a rollback returns to it"`
	Since   time.Time       `json:"since" doc:"when it last became the current one"`
	Left    time.Time       `json:"left,omitzero" doc:"when another took its place"`
	By      string          `json:"by"`
}

// VersionList is all versions, the current one first.
type VersionList struct {
	Versions []Version `json:"versions"`
}

// ListVersions lists what a rollback can return to.
var ListVersions = Define(Spec{
	Name: "listVersions", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/versions", Right: identity.Extensions,
	Doc: "Lists the versions that the organization runs and has run, the current one first; at most 50 are kept",
}, func(ctx context.Context, c *Call, in OfExtension) (VersionList, error) {
	all, err := c.Host.Versions(ctx, in.Org, in.Extension)
	list := VersionList{Versions: []Version{}}
	for i, v := range all {
		list.Versions = append(list.Versions, Version{
			Version: v.Version, Current: i == 0, Digest: v.Digest, Granted: v.Granted, Since: v.Since, Left: v.Left, By: v.By,
		})
	}
	return list, err
})

// UpdateIn is another version of what is installed.
type UpdateIn struct {
	InOrg
	Package []byte `json:"package" doc:"the .bpx archive"`
	Digest  string `json:"digest,omitempty" doc:"of the package that a person was shown"`
	How     string `json:"how,omitempty" doc:"how it came, for the audit"`

	AcceptKey string `json:"acceptKey,omitempty" doc:"id of the package's key, or none, where it is not the one that its publisher had before"`
}

// Updated is what came of an update.
type Updated struct {
	State     string    `json:"state" doc:"updated, pending (it asks for more, and the old version runs on) or same"`
	Plan      Plan      `json:"plan" doc:"the difference"`
	Extension Extension `json:"extension" doc:"as it is now"`
}

// Update brings another version of what is installed.
var Update = Define(Spec{
	Name: "update", Method: "POST", Path: "/orgs/{org}/updates", Right: identity.Install, MaxBody: maxPackageBody,
	Doc: "Updates an extension at once when it asks for nothing new, and otherwise keeps the update until it is approved",
}, func(ctx context.Context, c *Call, in UpdateIn) (Updated, error) {
	p, plan, err := c.plan(ctx, in.Org, in.Package)
	if err != nil {
		return Updated{}, err
	}
	if in.Digest != "" && in.Digest != plan.Digest {
		return Updated{}, sandbox.Errorf(sandbox.Conflict, "the package is %s, and %s was shown", plan.Digest, in.Digest)
	}
	plan, inst, err := c.Host.Update(ctx, in.Org, p, runtime.Consent{By: c.by(in.How), AcceptKey: in.AcceptKey})
	if err != nil {
		return Updated{}, err
	}
	done := Updated{State: "updated", Plan: PlanOf(plan)}
	switch {
	case inst.Pending != nil && inst.Pending.Digest == plan.Digest:
		done.State = "pending"
	case plan.Same:
		done.State = "same"
	}
	done.Extension, err = c.show(ctx, inst)
	return done, err
})

// PendingUpdate is an update that waits for approval.
type PendingUpdate struct {
	Version string          `json:"version"`
	Digest  string          `json:"digest" doc:"approving names it, so that what was shown is what is approved"`
	Asks    permissions.Set `json:"asks"`
	Added   permissions.Set `json:"added" doc:"what nobody approved yet"`
	Removed permissions.Set `json:"removed" doc:"what is not asked for any more"`
	Consent []Statement     `json:"consent" doc:"what added means, the highest risk first"`
	Since   time.Time       `json:"since"`
	By      string          `json:"by"`
}

// ShowUpdate shows the update that waits.
var ShowUpdate = Define(Spec{
	Name: "getUpdate", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/update", Right: identity.Extensions,
	Doc: "Shows the update that waits for approval",
}, func(ctx context.Context, c *Call, in OfExtension) (PendingUpdate, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return PendingUpdate{}, err
	}
	p := inst.Pending
	if p == nil {
		return PendingUpdate{}, sandbox.Errorf(sandbox.NotFound, "extension %s has no update that waits for approval", inst.Extension)
	}
	diff := permissions.Diff(inst.Granted, p.Asks)
	return PendingUpdate{
		Version: p.Version, Digest: p.Digest, Asks: p.Asks, Added: diff.Added, Removed: diff.Removed,
		Consent: StatementsOf(diff.Added), Since: p.Since, By: p.By,
	}, nil
})

// ApproveIn is a decision about the update that waits.
type ApproveIn struct {
	OfExtension
	Digest  string           `json:"digest" doc:"of the update that a person was shown"`
	Granted *permissions.Set `json:"granted,omitempty" doc:"what was approved; left out: all that it asks for"`
	How     string           `json:"how,omitempty" doc:"how it was approved, for the audit"`
}

// ApproveUpdate makes the update the current version.
var ApproveUpdate = Define(Spec{
	Name: "approveUpdate", Method: "POST", Path: "/orgs/{org}/extensions/{extension}/update/approve", Right: identity.Install,
	Doc: "Approves the update that waits: it takes the place of the current version at once",
}, func(ctx context.Context, c *Call, in ApproveIn) (Extension, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Extension{}, err
	}
	consent := runtime.Consent{By: c.by(in.How)}
	if in.Granted != nil {
		consent.Granted = *in.Granted
	} else if inst.Pending != nil {
		consent.Granted = inst.Pending.Asks
	}
	return c.shown(ctx)(c.Host.Approve(ctx, in.Org, inst.Extension, in.Digest, consent))
})

// shown makes the answer of what a host returned.
func (c *Call) shown(ctx context.Context) func(registry.Installation, error) (Extension, error) {
	return func(inst registry.Installation, err error) (Extension, error) {
		if err != nil {
			return Extension{}, err
		}
		return c.show(ctx, inst)
	}
}

// WithdrawUpdate drops the update that waits.
var WithdrawUpdate = Define(Spec{
	Name: "withdrawUpdate", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/update", Right: identity.Install,
	Doc: "Drops the update that waits for approval", Status: 200,
}, func(ctx context.Context, c *Call, in OfExtension) (Extension, error) {
	return c.shown(ctx)(c.Host.Withdraw(ctx, in.Org, in.Extension, c.Caller.Actor))
})

// RollbackIn says where to return to.
type RollbackIn struct {
	OfExtension
	Version string `json:"version,omitempty" doc:"left out: the version before the current one"`
}

// Rollback returns to an earlier version.
var Rollback = Define(Spec{
	Name: "rollback", Method: "POST", Path: "/orgs/{org}/extensions/{extension}/rollback", Right: identity.Install,
	Doc: "Makes an earlier version the current one again, with the grants that it had; data stays as it is",
}, func(ctx context.Context, c *Call, in RollbackIn) (Extension, error) {
	return c.shown(ctx)(c.Host.Rollback(ctx, in.Org, in.Extension, in.Version, c.Caller.Actor))
})

// PinIn says why a version is kept.
type PinIn struct {
	OfExtension
	Reason string `json:"reason,omitempty" doc:"at most 500 characters"`
}

// SetPin keeps an extension at its version.
var SetPin = Define(Spec{
	Name: "pin", Method: "PUT", Path: "/orgs/{org}/extensions/{extension}/pin", Right: identity.Install,
	Doc: "Keeps an extension at its version: updates are refused",
}, func(ctx context.Context, c *Call, in PinIn) (Extension, error) {
	if len(in.Reason) > 500 {
		return Extension{}, sandbox.Errorf(sandbox.Invalid, "the reason is too long: %d bytes (max 500)", len(in.Reason))
	}
	return c.shown(ctx)(c.Host.Pin(ctx, in.Org, in.Extension, c.Caller.Actor, in.Reason))
})

// RemovePin lets an extension be updated again.
var RemovePin = Define(Spec{
	Name: "unpin", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/pin", Right: identity.Install,
	Doc: "Lets an extension be updated again", Status: 200,
}, func(ctx context.Context, c *Call, in OfExtension) (Extension, error) {
	return c.shown(ctx)(c.Host.Unpin(ctx, in.Org, in.Extension, c.Caller.Actor))
})
