package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Plan is what installing a package would mean, for the person who decides.
type Plan struct {
	Org      string
	Manifest *manifest.Manifest
	Digest   string // of the package's content
	Warnings []string

	// Installed is what is there now; nil when the extension is new in the
	// organization. Same says that it is the same package already.
	Installed *registry.Installation
	Same      bool

	// Asks is everything that the package asks for; Added is the part that
	// nobody approved yet, Removed what is not asked for any more.
	Asks    permissions.Set
	Added   permissions.Set
	Removed permissions.Set

	// Signature says who made the package.
	Signature Signature
}

// NeedsConsent reports whether a person must approve something.
func (p Plan) NeedsConsent() bool { return !p.Added.IsEmpty() || p.Installed == nil }

// Keep is what may be granted without asking: what was approved before and is
// still asked for.
func (p Plan) Keep() permissions.Set {
	if p.Installed == nil {
		return permissions.Set{}
	}
	return permissions.Intersect(p.Asks, p.Installed.Granted)
}

// Consent is a person's decision about a package.
type Consent struct {
	// Granted is what was approved. What is not asked for by the package is
	// refused; what is asked for and not granted is denied when it is used.
	Granted permissions.Set

	// By says who approved, for the audit.
	By string

	// AcceptKey is the id of the key that the package is signed with, or
	// [NoKey], where a person accepted that its publisher had another before.
	AcceptKey string
}

// Plan tells what installing the package for the organization would mean. It
// changes nothing.
func (h *Host) Plan(ctx context.Context, org string, p *pack.Package) (Plan, error) {
	if err := registry.CheckOrg(org); err != nil {
		return Plan{}, &sandbox.Error{Code: sandbox.Invalid, Message: err.Error()}
	}
	if err := h.includeModules(ctx, org, p); err != nil {
		return Plan{}, err
	}
	plan := Plan{Org: org, Manifest: p.Manifest, Digest: p.Digest, Asks: p.Manifest.Permissions}
	for _, w := range p.Warnings {
		plan.Warnings = append(plan.Warnings, w.String())
	}
	approved := permissions.Set{}
	inst, err := h.registry.Get(ctx, org, string(p.Manifest.ID))
	switch {
	case err == nil && !inst.Removed():
		plan.Installed = &inst
		plan.Same = inst.Digest == p.Digest
		approved = inst.Granted
	case err != nil && !errors.Is(err, registry.ErrNotFound):
		return Plan{}, err
	}
	if plan.Signature, err = h.signature(ctx, org, p); err != nil {
		return Plan{}, err
	}
	diff := permissions.Diff(approved, plan.Asks)
	plan.Added, plan.Removed = diff.Added, diff.Removed
	return plan, nil
}

// Install bundles the handlers of a package and installs it for the
// organization with what was approved, in place of what was there. Data,
// secrets and configuration of an earlier installation are kept. Errors in the
// author's sources come all at once, as a *sandbox.Error of code Invalid.
func (h *Host) Install(ctx context.Context, org string, p *pack.Package, consent Consent) (registry.Installation, error) {
	plan, err := h.Plan(ctx, org, p)
	if err != nil {
		return registry.Installation{}, err
	}
	if extra := permissions.Diff(plan.Asks, consent.Granted).Added; !extra.IsEmpty() {
		return registry.Installation{}, &sandbox.Error{Code: sandbox.Invalid, Message: fmt.Sprintf("%s does not ask for %v", p.Manifest.ID, extra)}
	}
	if err := plan.fits(); err != nil {
		return registry.Installation{}, err
	}
	if err := h.accepts(ctx, plan, consent.AcceptKey); err != nil {
		return registry.Installation{}, err
	}
	// What is wrong with the sources is found before anything is on record.
	if err := h.keep(ctx, org, p); err != nil {
		return registry.Installation{}, err
	}
	now := h.cfg.Now().UTC()
	record := audit.Record{
		Time: now, Org: org, Extension: string(p.Manifest.ID), Actor: consent.By, Action: "install", Outcome: "ok",
		Target: p.Manifest.Version, Detail: map[string]string{"digest": p.Digest, "granted": fmt.Sprint(consent.Granted), "signature": plan.Signature.detail()},
	}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return registry.Installation{}, fmt.Errorf("runtime: nothing is installed without an audit record: %w", err)
	}
	if err := h.pinKey(ctx, plan, consent.By, now); err != nil {
		return registry.Installation{}, err
	}
	o := owner{org, string(p.Manifest.ID)}
	inst, err := h.place(ctx, o, p, func() (registry.Installation, error) {
		return h.registry.Install(ctx, registry.Installation{
			Org: org, Extension: string(p.Manifest.ID), Version: p.Manifest.Version, Digest: p.Digest,
			Granted: consent.Granted, Enabled: true, InstalledAt: now, UpdatedAt: now, InstalledBy: consent.By,
		}, plan.holds)
	})
	if err != nil {
		return registry.Installation{}, err
	}
	if plan.Installed != nil && takesBack(plan.Asks, plan.Installed.Granted, consent.Granted) {
		h.running.revoke(o)
	}
	return inst, nil
}

func notInstalled(extension string) error {
	return &sandbox.Error{Code: sandbox.NotFound, Message: fmt.Sprintf("extension %s is not installed", extension)}
}

// Installations returns up to limit installed extensions of an organization,
// in the order of their ids, from the one after the id given.
func (h *Host) Installations(ctx context.Context, org, after string, limit int) ([]registry.Installation, error) {
	var found []registry.Installation
	for len(found) < limit {
		page, err := h.registry.List(ctx, org, after, limit)
		if err != nil {
			return nil, err
		}
		for _, inst := range page {
			after = inst.Extension
			if !inst.Removed() && len(found) < limit {
				found = append(found, inst)
			}
		}
		if len(page) < limit {
			break
		}
	}
	return found, nil
}

// Event is something that an extension raised, or that happened to it.
type Event struct {
	Org, Extension string
	Name           string // "acme.notes.saved", "config:changed"
	Payload        []byte // JSON, may be empty
	Time           time.Time
}

func (h *Host) emit(e Event) {
	if h.cfg.OnEvent != nil {
		h.cfg.OnEvent(e)
	}
}
