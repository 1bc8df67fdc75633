package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/storage"
)

// Restore writes an installation that was exported elsewhere, with the versions
// that it can return to. All packages must have been put before. Its public
// address stays what it was, unless somebody has it here. Where something is
// installed already, it is ErrExists.
func (r *Registry) Restore(ctx context.Context, inst Installation, kept []Version) (Installation, error) {
	if len(kept) > MaxVersions {
		return Installation{}, fmt.Errorf("registry: %d versions, at most %d are kept", len(kept), MaxVersions)
	}
	inst.Epoch, inst.Purging, inst.PurgeAt = 1, false, time.Time{}
	all := map[string]Version{}
	for _, v := range kept {
		all[v.Version] = v
	}
	now := current(inst)
	if known, ok := all[inst.Version]; ok {
		now.Since = known.Since
	}
	all[inst.Version] = now
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		if err := ensureOrg(ctx, tx, inst.Org, inst.InstalledBy, inst.UpdatedAt); err != nil {
			return err
		}
		switch _, err := read(ctx, tx, inst.Org, inst.Extension); {
		case err == nil:
			return ErrExists
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if free, err := doorIsFree(ctx, tx, inst.PublicToken); err != nil {
			return err
		} else if !free {
			inst.PublicToken = ""
		}
		inst.door()
		if _, err := settle(ctx, tx, inst, nil, all, nil, needs(all, inst)); err != nil {
			return err
		}
		return write(tx, inst)
	})
	return inst, err
}

// doorIsFree reports whether a token may become that of a public address.
func doorIsFree(ctx context.Context, from storage.Reader, token string) (bool, error) {
	if secret, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(secret) != tokenSize {
		return false, nil
	}
	_, err := from.Get(ctx, doorKey(token))
	if errors.Is(err, storage.ErrNotFound) {
		return true, nil
	}
	return false, err
}
