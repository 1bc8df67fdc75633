package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Update brings another version of an extension that is installed. When it asks
// for nothing that was not approved, it takes the place of the current version
// at once: calls that begin afterwards run on it, those that run finish on the
// old one. Otherwise it becomes pending (Installation.Pending), and the current
// version runs on until [Host.Approve]. A pinned extension is not updated. Of
// the consent it takes who brings the update, and the key that was accepted.
func (h *Host) Update(ctx context.Context, org string, p *pack.Package, c Consent) (Plan, registry.Installation, error) {
	plan, err := h.Plan(ctx, org, p)
	if err != nil {
		return plan, registry.Installation{}, err
	}
	if plan.Installed == nil {
		return plan, registry.Installation{}, notInstalled(string(p.Manifest.ID))
	}
	if err := plan.fits(); err != nil {
		return plan, *plan.Installed, err
	}
	if err := h.accepts(ctx, plan, c.AcceptKey); err != nil {
		return plan, *plan.Installed, err
	}
	if plan.Same && plan.Added.IsEmpty() && !plan.Signature.First() && !plan.Signature.Changed() {
		return plan, *plan.Installed, nil
	}
	if plan.Added.IsEmpty() {
		c.Granted = plan.Keep()
		inst, err := h.Install(ctx, org, p, c)
		return plan, inst, err
	}
	inst, err := h.pend(ctx, plan, p, c.By)
	return plan, inst, err
}

// fits refuses what may not take the place of what is installed.
func (p Plan) fits() error {
	if p.Installed == nil || p.Same || p.Installed.Pin == nil {
		return nil
	}
	return sandbox.Errorf(sandbox.Conflict, "extension %s is pinned to version %s; unpin it to update", p.Manifest.ID, p.Installed.Version)
}

// holds refuses to go on when what was decided upon has changed since the plan
// was made, which bundling can make long ago: the extension was uninstalled or
// pinned, or something was taken from it, which the new record would give back.
func (p Plan) holds(now registry.Installation) error {
	was := p.Installed
	switch {
	case was == nil, was.Epoch == now.Epoch:
		return nil
	case now.Epoch == 0, now.Removed(), now.Pin != nil && !p.Same, permissions.Diff(was.Granted, now.Granted).Narrows():
		return sandbox.Errorf(sandbox.Conflict, "extension %s was changed meanwhile; look at it again", p.Manifest.ID)
	}
	return nil
}

// pend keeps a package that waits for approval.
func (h *Host) pend(ctx context.Context, plan Plan, p *pack.Package, by string) (registry.Installation, error) {
	now := h.cfg.Now().UTC()
	id := string(p.Manifest.ID)
	record := audit.Record{
		Time: now, Org: plan.Org, Extension: id, Actor: by, Action: "update.pending", Outcome: "ok", Target: p.Manifest.Version,
		Detail: map[string]string{"digest": p.Digest, "asks": fmt.Sprint(plan.Added)},
	}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return registry.Installation{}, fmt.Errorf("runtime: nothing is updated without an audit record: %w", err)
	}
	if err := h.pinKey(ctx, plan, by, now); err != nil {
		return registry.Installation{}, err
	}
	return h.place(ctx, owner{plan.Org, id}, p, func() (registry.Installation, error) {
		return h.registry.Change(ctx, plan.Org, id, func(i *registry.Installation) error {
			i.Pending = &registry.Pending{Version: p.Manifest.Version, Digest: p.Digest, Asks: plan.Asks, Since: now, By: by}
			return nil
		})
	})
}

// place puts a package into the registry and has change make it needed. A
// package that others stop needing between the two is put again; one that is
// not needed in the end is removed.
func (h *Host) place(ctx context.Context, o owner, p *pack.Package, change func() (registry.Installation, error)) (inst registry.Installation, err error) {
	for range 3 {
		if err = h.keep(ctx, o.org, p); err != nil {
			break
		}
		inst, err = change()
		h.installs.forget(o)
		if !errors.Is(err, registry.ErrNotFound) {
			break
		}
	}
	if err != nil {
		// A crash instead of this is found by the next start.
		err = errors.Join(err, h.registry.Release(context.WithoutCancel(ctx), p.Digest))
	}
	return inst, err
}

// Approve makes the pending update the current version, with what was approved
// of what it asks for. The digest is that of the update which was shown: another
// one that came meanwhile is not approved with it.
func (h *Host) Approve(ctx context.Context, org, extension, digest string, consent Consent) (registry.Installation, error) {
	if err := h.fitsNow(ctx, org, digest); err != nil {
		return registry.Installation{}, err
	}
	narrows := false
	inst, err := h.change(ctx, org, extension, consent.By, "update", func(i *registry.Installation) error {
		switch {
		case i.Pending == nil:
			return sandbox.Errorf(sandbox.NotFound, "extension %s has no update that waits for approval", i.Extension)
		case i.Pending.Digest != digest:
			return sandbox.Errorf(sandbox.Conflict, "another update of %s waits for approval by now: version %s; look at what it asks for", i.Extension, i.Pending.Version)
		case i.Pin != nil:
			return sandbox.Errorf(sandbox.Conflict, "extension %s is pinned to version %s; unpin it to update", i.Extension, i.Version)
		}
		if extra := permissions.Diff(i.Pending.Asks, consent.Granted).Added; !extra.IsEmpty() {
			return sandbox.Errorf(sandbox.Invalid, "%s does not ask for %v", i.Extension, extra)
		}
		narrows = takesBack(i.Pending.Asks, i.Granted, consent.Granted)
		i.Version, i.Digest, i.Granted = i.Pending.Version, i.Pending.Digest, consent.Granted
		i.InstalledBy, i.Pending = consent.By, nil
		return nil
	})
	if err == nil && narrows {
		h.running.revoke(owner{org, inst.Extension})
	}
	return inst, err
}

// takesBack reports whether a person took something back that an extension had
// and that its new version still asks for. What the new version does not ask
// for is no revocation: those who run finish on the old one.
func takesBack(asks, had, granted permissions.Set) bool {
	return !permissions.Diff(permissions.Intersect(asks, had), granted).Removed.IsEmpty()
}

// Withdraw drops the update that waits for approval.
func (h *Host) Withdraw(ctx context.Context, org, extension, by string) (registry.Installation, error) {
	return h.change(ctx, org, extension, by, "update.withdraw", func(i *registry.Installation) error {
		if i.Pending == nil {
			return sandbox.Errorf(sandbox.NotFound, "extension %s has no update that waits for approval", i.Extension)
		}
		i.Pending = nil
		return nil
	})
}

// Pin keeps an extension at the version that it has, until [Host.Unpin].
func (h *Host) Pin(ctx context.Context, org, extension, by, reason string) (registry.Installation, error) {
	return h.change(ctx, org, extension, by, "pin", func(i *registry.Installation) error {
		i.Pin = &registry.Pin{Since: h.cfg.Now().UTC(), By: by, Reason: reason}
		return nil
	})
}

// Unpin lets an extension be updated again.
func (h *Host) Unpin(ctx context.Context, org, extension, by string) (registry.Installation, error) {
	return h.change(ctx, org, extension, by, "unpin", func(i *registry.Installation) error {
		i.Pin = nil
		return nil
	})
}

// change audits and makes one change of an installation's record.
func (h *Host) change(ctx context.Context, org, extension, by, action string, f func(*registry.Installation) error) (registry.Installation, error) {
	inst, err := h.find(ctx, org, extension)
	if err != nil {
		return inst, err
	}
	now := h.cfg.Now().UTC()
	if err := f(&inst); err != nil { // what is refused is not put on record as done
		return inst, err
	}
	record := audit.Record{
		Time: now, Org: org, Extension: inst.Extension, Actor: by, Action: action, Outcome: "ok", Target: inst.Version,
		Detail: map[string]string{"digest": inst.Digest, "granted": fmt.Sprint(inst.Granted)},
	}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return inst, fmt.Errorf("runtime: nothing is changed without an audit record: %w", err)
	}
	id := inst.Extension
	inst, err = h.registry.Change(ctx, org, id, func(i *registry.Installation) error {
		digest := i.Digest
		if err := f(i); err != nil {
			return err
		}
		if i.Digest != digest {
			i.UpdatedAt = now
		}
		return nil
	})
	h.installs.forget(owner{org, id})
	return inst, err
}

// find returns the installation that a full id or a short name stands for.
func (h *Host) find(ctx context.Context, org, extension string) (registry.Installation, error) {
	id, err := h.fullID(ctx, org, extension)
	if err == nil {
		var inst registry.Installation
		inst, err = h.registry.Get(ctx, org, id)
		if err == nil && !inst.Removed() {
			return inst, nil
		}
	}
	if err == nil || errors.Is(err, registry.ErrNotFound) {
		err = notInstalled(extension)
	}
	return registry.Installation{}, err
}

// Versions returns the versions that an organization runs and has run of an
// extension, the current one first.
func (h *Host) Versions(ctx context.Context, org, extension string) ([]registry.Version, error) {
	inst, err := h.find(ctx, org, extension)
	if err != nil {
		return nil, err
	}
	return h.registry.Versions(ctx, org, inst.Extension)
}

// Rollback makes an earlier version the current one again, with the grants that
// it had; empty means the one before. An update that waits for approval is
// dropped. Data, secrets and configuration stay as they are. Invocations that
// run finish on the version that they began with. A pinned extension may be
// rolled back, and is pinned to the version that it then has.
func (h *Host) Rollback(ctx context.Context, org, extension, version, by string) (registry.Installation, error) {
	inst, err := h.find(ctx, org, extension)
	if err != nil {
		return inst, err
	}
	all, err := h.registry.Versions(ctx, org, inst.Extension)
	if err != nil {
		return inst, err
	}
	to, ok := choose(all, version)
	switch {
	case version == inst.Version:
		return inst, sandbox.Errorf(sandbox.Conflict, "extension %s has version %s now", inst.Extension, version)
	case !ok && version == "":
		return inst, sandbox.Errorf(sandbox.NotFound, "extension %s has no earlier version", inst.Extension)
	case !ok:
		return inst, sandbox.Errorf(sandbox.NotFound, "extension %s has no version %s to return to", inst.Extension, version)
	}
	if err := h.fitsNow(ctx, org, to.Digest); err != nil {
		return inst, err
	}
	now := h.cfg.Now().UTC()
	record := audit.Record{
		Time: now, Org: org, Extension: inst.Extension, Actor: by, Action: "rollback", Outcome: "ok", Target: to.Version,
		Detail: map[string]string{"from": inst.Version, "digest": to.Digest, "granted": fmt.Sprint(to.Granted)},
	}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return inst, fmt.Errorf("runtime: nothing is rolled back without an audit record: %w", err)
	}
	id := inst.Extension
	inst, err = h.registry.Rollback(ctx, org, id, to.Version, by, now)
	h.installs.forget(owner{org, id})
	return inst, err
}

// choose returns the version to roll back to; all begins with the current one.
func choose(all []registry.Version, version string) (registry.Version, bool) {
	for _, v := range all[1:] {
		if version == "" || v.Version == version {
			return v, true
		}
	}
	return registry.Version{}, false
}

// fitsNow checks a kept package against what the operator demands now: it may
// have been kept under another version of Annex or of the platform, and its key
// may have been revoked since. A package that is not there is for the change
// itself to find.
func (h *Host) fitsNow(ctx context.Context, org, digest string) error {
	pkg, err := h.registry.Package(ctx, digest)
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, f := range pkg.Files {
		if files[f.Path], err = h.registry.Read(ctx, f); err != nil {
			return err
		}
	}
	p, err := pack.FromFiles(files, pack.Options{Manifest: h.manifests})
	if err != nil {
		return sandbox.Errorf(sandbox.Invalid, "the package is not valid for this host any more: %v", err)
	}
	_, err = h.signature(ctx, org, p)
	return err
}
