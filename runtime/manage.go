package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// SetEnabled switches an extension on or off: the next call finds it so. What
// runs at that moment is ended when it is switched off. Data, grants and public
// addresses stay.
func (h *Host) SetEnabled(ctx context.Context, org, extension, by string, on bool) (registry.Installation, error) {
	action := "disable"
	if on {
		action = "enable"
	}
	inst, err := h.change(ctx, org, extension, by, action, func(i *registry.Installation) error {
		i.Enabled = on
		return nil
	})
	if err == nil && !on {
		h.running.revoke(owner{org, inst.Extension})
	}
	return inst, err
}

// Regrant replaces what was approved for an extension. It can be no more than
// the version that is installed asks for. What is taken away is gone with the
// next call, and invocations that run, which might hold it, are ended.
func (h *Host) Regrant(ctx context.Context, org, extension string, consent Consent) (registry.Installation, error) {
	narrows := false
	m, err := h.Manifest(ctx, org, extension)
	if err != nil {
		return registry.Installation{}, err
	}
	version := m.Version
	inst, err := h.change(ctx, org, extension, consent.By, "grant", func(i *registry.Installation) error {
		if i.Version != version {
			return sandbox.Errorf(sandbox.Conflict, "extension %s has version %s by now; look at what it asks for", i.Extension, i.Version)
		}
		if extra := permissions.Diff(m.Permissions, consent.Granted).Added; !extra.IsEmpty() {
			return sandbox.Errorf(sandbox.Invalid, "%s does not ask for %v", i.Extension, extra)
		}
		narrows = permissions.Diff(i.Granted, consent.Granted).Narrows()
		i.Granted = consent.Granted
		return nil
	})
	if err == nil && narrows {
		h.running.revoke(owner{org, inst.Extension})
	}
	return inst, err
}

// Manifest returns the manifest of the version that is installed.
func (h *Host) Manifest(ctx context.Context, org, extension string) (*manifest.Manifest, error) {
	inst, err := h.find(ctx, org, extension)
	if err != nil {
		return nil, err
	}
	ready, err := h.installs.get(ctx, owner{org, inst.Extension})
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notInstalled(extension)
	}
	if err != nil {
		return nil, err
	}
	return ready.manifest, nil
}

// SetOrgState says whether the extensions of an organization are called. In any
// state but active they answer as if they did not exist, from the next call on;
// what runs is ended.
func (h *Host) SetOrgState(ctx context.Context, org string, state registry.OrgState, by string) (registry.Org, error) {
	record := audit.Record{Time: h.cfg.Now(), Org: org, Actor: by, Action: "org.state", Target: string(state), Outcome: "ok"}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return registry.Org{}, fmt.Errorf("runtime: nothing is changed without an audit record: %w", err)
	}
	changed, err := h.registry.ChangeOrg(ctx, org, func(o *registry.Org) error {
		if o.State == registry.OrgErasing && state != registry.OrgErasing { // its keys are gone
			return sandbox.Errorf(sandbox.Conflict, "organization %s is being erased", org)
		}
		o.State = state
		return nil
	})
	h.installs.forgetOrg(org)
	if err == nil && state != registry.OrgActive {
		h.running.revokeOrg(org)
	}
	return changed, err
}
