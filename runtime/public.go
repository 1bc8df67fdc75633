package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// RotatePublic gives the public routes of an extension a new address. When it
// returns, there is nothing at the old one.
func (h *Host) RotatePublic(ctx context.Context, org, extension, by string) (registry.Installation, error) {
	return h.changePublic(ctx, org, extension, by, "public.rotate", func(i *registry.Installation) {
		i.PublicToken = "" // the registry makes another one
	})
}

// RevokePublic takes back the approval of public routes, and so their address.
// Invocations that run are ended. Installing with consent approves them again.
func (h *Host) RevokePublic(ctx context.Context, org, extension, by string) (registry.Installation, error) {
	return h.changePublic(ctx, org, extension, by, "public.revoke", func(i *registry.Installation) {
		i.Granted.Public = false
	})
}

// changePublic records and then makes a change of an approved public address.
func (h *Host) changePublic(ctx context.Context, org, extension, by, action string, f func(*registry.Installation)) (registry.Installation, error) {
	inst, err := h.registry.Get(ctx, org, extension)
	if err == nil && inst.Removed() {
		err = registry.ErrNotFound
	}
	if errors.Is(err, registry.ErrNotFound) {
		return registry.Installation{}, notInstalled(extension)
	}
	if err != nil {
		return registry.Installation{}, err
	}
	if !inst.Granted.Public {
		return registry.Installation{}, noPublic(extension)
	}
	now := h.cfg.Now().UTC()
	err = h.cfg.Audit.Append(ctx, audit.Record{Time: now, Org: org, Extension: extension, Actor: by, Action: action, Outcome: "ok"})
	if err != nil {
		return registry.Installation{}, fmt.Errorf("runtime: no public address is changed without an audit record: %w", err)
	}
	o := owner{org, extension}
	inst, err = h.registry.Change(ctx, org, extension, func(i *registry.Installation) error {
		if !i.Granted.Public {
			return noPublic(extension)
		}
		f(i)
		i.UpdatedAt = now
		return nil
	})
	h.installs.forget(o)
	if err == nil && !inst.Granted.Public {
		h.running.revoke(o)
	}
	return inst, err
}

func noPublic(extension string) error {
	return &sandbox.Error{Code: sandbox.Conflict, Message: fmt.Sprintf("no public routes are approved for %s", extension)}
}
