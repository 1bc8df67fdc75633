package admin

import (
	"context"
	"fmt"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
)

// maxPackageBody is room for the largest package in base64 and what comes with it.
const maxPackageBody = pack.MaxPacked/3*4 + 1<<20

// Statement is a consent text.
type Statement struct {
	Permission string `json:"permission,omitempty" doc:"empty for public routes"`
	Text       string `json:"text"`
	Risk       string `json:"risk" doc:"low, medium or high"`
}

// StatementsOf are the consent texts of permissions, the highest risk first.
func StatementsOf(set permissions.Set) []Statement {
	list := []Statement{}
	for _, s := range set.Statements() {
		list = append(list, Statement{Permission: string(s.Permission), Text: s.Text, Risk: string(s.Risk)})
	}
	return list
}

// Plan is what installing a package would mean, for the person who decides.
type Plan struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Publisher string          `json:"publisher"`
	Digest    string          `json:"digest" doc:"of the package's content; install refuses another one when it is given"`
	Installed string          `json:"installed,omitempty" doc:"the version that is installed now"`
	Same      bool            `json:"same" doc:"this very package is installed already"`
	Asks      permissions.Set `json:"asks"`
	Keep      permissions.Set `json:"keep" doc:"what was approved before and is still asked for"`
	Added     permissions.Set `json:"added" doc:"what nobody approved yet"`
	Removed   permissions.Set `json:"removed" doc:"what is not asked for any more"`
	Consent   []Statement     `json:"consent" doc:"what added means, the highest risk first"`
	Warnings  []string        `json:"warnings"`
	Signature Signature       `json:"signature"`
}

// Signature says who made a package.
type Signature struct {
	Tier        string `json:"tier" doc:"verified, community or sideloaded (not signed)"`
	KeyID       string `json:"keyId,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	PinnedKeyID string `json:"pinnedKeyId,omitempty" doc:"the key with which packages of this publisher were signed here before"`
	Pinned      string `json:"pinned,omitempty" doc:"its fingerprint"`
	First       bool   `json:"first" doc:"the key is pinned with this installation"`
	Changed     bool   `json:"changed" doc:"the publisher had another key, or one at all; install needs acceptKey"`
}

// signatureOf shows what a host found out.
func signatureOf(s runtime.Signature) Signature {
	shown := Signature{Tier: string(s.Tier), First: s.First(), Changed: s.Changed()}
	if s.Key != nil {
		shown.KeyID, shown.Fingerprint = s.Key.KeyID, s.Key.Fingerprint()
	}
	if s.Pinned != nil {
		shown.PinnedKeyID, shown.Pinned = s.Pinned.KeyID, s.Pinned.Fingerprint
	}
	return shown
}

// PlanIn asks what a package would mean.
type PlanIn struct {
	InOrg
	Package []byte `json:"package" doc:"the .bpx archive"`
}

// PlanInstall tells what installing a package would mean and changes nothing.
var PlanInstall = Define(Spec{
	Name: "planInstall", Method: "POST", Path: "/orgs/{org}/plans", Right: identity.Install, MaxBody: maxPackageBody,
	Doc: "Checks a package and tells what installing it would mean; changes nothing",
}, func(ctx context.Context, c *Call, in PlanIn) (Plan, error) {
	_, plan, err := c.plan(ctx, in.Org, in.Package)
	if err != nil {
		return Plan{}, err
	}
	return PlanOf(plan), nil
})

// PlanOf shows what a host found out.
func PlanOf(plan runtime.Plan) Plan {
	m := plan.Manifest
	shown := Plan{
		ID: string(m.ID), Name: m.Name, Version: m.Version, Publisher: m.Publisher, Digest: plan.Digest, Same: plan.Same,
		Asks: plan.Asks, Keep: plan.Keep(), Added: plan.Added, Removed: plan.Removed, Consent: StatementsOf(plan.Added), Warnings: plan.Warnings,
		Signature: signatureOf(plan.Signature),
	}
	if plan.Installed != nil {
		shown.Installed = plan.Installed.Version
	}
	if shown.Warnings == nil {
		shown.Warnings = []string{}
	}
	return shown
}

func (c *Call) plan(ctx context.Context, org string, archive []byte) (*pack.Package, runtime.Plan, error) {
	p, err := pack.OpenArchive(archive, pack.Options{Manifest: c.Host.ManifestOptions()})
	if err != nil {
		return nil, runtime.Plan{}, err
	}
	plan, err := c.Host.Plan(ctx, org, p)
	return p, plan, err
}

// InstallIn is a package with a decision about it.
type InstallIn struct {
	InOrg
	Package []byte           `json:"package" doc:"the .bpx archive"`
	Digest  string           `json:"digest,omitempty" doc:"of the package that a person was shown"`
	Granted *permissions.Set `json:"granted,omitempty" doc:"what was approved; left out: what was approved before"`
	How     string           `json:"how,omitempty" doc:"how it was approved, for the audit"`

	AcceptKey string `json:"acceptKey,omitempty" doc:"id of the package's key, or none, where it is not the one that its publisher had before"`
}

// Install installs a package with what was approved, in place of what was there.
var Install = Define(Spec{
	Name: "install", Method: "POST", Path: "/orgs/{org}/extensions", Right: identity.Install, MaxBody: maxPackageBody, Status: 201,
	Doc: "Installs a package with what was approved, in place of what was there; data, secrets and configuration are kept",
}, func(ctx context.Context, c *Call, in InstallIn) (Extension, error) {
	p, plan, err := c.plan(ctx, in.Org, in.Package)
	if err != nil {
		return Extension{}, err
	}
	if in.Digest != "" && in.Digest != plan.Digest {
		return Extension{}, sandbox.Errorf(sandbox.Conflict, "the package is %s, and %s was approved", plan.Digest, in.Digest)
	}
	granted := plan.Keep()
	switch {
	case in.Granted != nil:
		granted = *in.Granted
	case !plan.Added.IsEmpty():
		return Extension{}, sandbox.Errorf(sandbox.Conflict, "%s needs consent to: %v", plan.Manifest.ID, plan.Added)
	}
	if plan.Same && in.Granted == nil && !plan.Signature.First() && !plan.Signature.Changed() {
		return c.show(ctx, *plan.Installed)
	}
	inst, err := c.Host.Install(ctx, in.Org, p, runtime.Consent{Granted: granted, By: c.by(in.How), AcceptKey: in.AcceptKey})
	if err != nil {
		return Extension{}, err
	}
	return c.show(ctx, inst)
})

// by names the caller, and how a decision was made.
func (c *Call) by(how string) string {
	if how == "" {
		return c.Caller.Actor
	}
	return fmt.Sprintf("%s: %.200s", c.Caller.Actor, how)
}
