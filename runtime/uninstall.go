package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/secrets"
)

// Uninstall stops the routes of an extension and revokes its grants at once:
// invocations that run are ended. Its data is kept for the grace period, and is
// there again when the extension is installed within it. With purge it is
// destroyed now, the key of its secrets first; that may be asked for after
// uninstalling too, by the full id.
func (h *Host) Uninstall(ctx context.Context, org, extension, by string, purge bool) error {
	id, err := h.fullID(ctx, org, extension)
	var inst registry.Installation
	if err == nil {
		inst, err = h.registry.Get(ctx, org, id)
	}
	if errors.Is(err, registry.ErrNotFound) || err == nil && inst.Removed() && !purge {
		return notInstalled(extension)
	}
	if err != nil {
		return err
	}
	o := owner{org, id}
	if !inst.Removed() {
		if err := h.remove(ctx, o, by, purge); err != nil {
			return err
		}
	}
	if purge {
		return h.purge(ctx, o, by)
	}
	return nil
}

// remove ends an installation. What shall be purged is due at once: an
// interruption before it is done does not keep it for the grace period.
func (h *Host) remove(ctx context.Context, o owner, by string, purge bool) error {
	now := h.cfg.Now()
	at := now.Add(h.cfg.GracePeriod)
	if purge {
		at = now
	}
	err := h.cfg.Audit.Append(ctx, audit.Record{Time: now, Org: o.org, Extension: o.extension, Actor: by, Action: "uninstall", Outcome: "ok"})
	if err != nil {
		return fmt.Errorf("runtime: nothing is uninstalled without an audit record: %w", err)
	}
	_, err = h.registry.Remove(ctx, o.org, o.extension, at)
	h.installs.release(o)
	h.running.revoke(o)
	if errors.Is(err, registry.ErrNotFound) { // another call was first
		return notInstalled(o.extension)
	}
	return err
}

// purge destroys what an uninstalled extension left: first the key of its
// secrets, then its data, last its record, so that an interruption is found
// and finished by the next Tidy. Who has installed it again meanwhile keeps it all.
func (h *Host) purge(ctx context.Context, o owner, by string) error {
	err := h.registry.BeginPurge(ctx, o.org, o.extension, h.cfg.Now())
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = h.cfg.Audit.Append(ctx, audit.Record{
		Time: h.cfg.Now(), Org: o.org, Extension: o.extension, Actor: by, Action: "purge", Outcome: "ok",
	})
	if err != nil {
		return err
	}
	if err := h.cfg.Keeper.Destroy(ctx, secrets.Owner{Org: o.org, Extension: o.extension}); err != nil {
		return err
	}
	if err := h.space(o).Erase(ctx); err != nil {
		return err
	}
	if err := h.recordings.Erase(ctx, o.org, o.extension); err != nil {
		return err
	}
	if h.cfg.Logs != nil {
		if err := h.cfg.Logs.Erase(ctx, o.org, o.extension); err != nil {
			return err
		}
	}
	return h.registry.Forget(ctx, o.org, o.extension)
}
