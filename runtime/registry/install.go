package registry

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/annexhost/annex/storage"
)

// Install writes inst in place of what was installed for the same extension,
// and returns the record as written: with its epoch, and with the time of the
// first installation kept. What was switched off stays off. allow, when not nil,
// is asked about the record that is there, in the transaction that replaces it.
// The package must have been put before. The package that it replaces is
// released when nobody else needs it.
func (r *Registry) Install(ctx context.Context, inst Installation, allow func(old Installation) error) (Installation, error) {
	if err := CheckOrg(inst.Org); err != nil {
		return Installation{}, err
	}
	err := r.change(ctx, inst.Org, inst.Extension, func(tx storage.Tx, old Installation) (Installation, error) {
		if err := ensureOrg(ctx, tx, inst.Org, inst.InstalledBy, inst.UpdatedAt); err != nil {
			return old, err
		}
		if old.Purging {
			return old, ErrPurging
		}
		if allow != nil {
			if err := allow(old); err != nil {
				return old, err
			}
		}
		if old.Epoch != 0 && !old.Removed() {
			inst.Enabled = old.Enabled
		}
		if !old.InstalledAt.IsZero() {
			inst.InstalledAt = old.InstalledAt
		}
		if len(inst.Config) == 0 {
			inst.Config = old.Config
		}
		inst.Pin, inst.PublicToken = old.Pin, old.PublicToken
		inst.Epoch = old.Epoch + 1
		inst.door()
		return inst, nil
	})
	return inst, err
}

// door gives the installation a public address while one is approved.
func (i *Installation) door() {
	if !i.Granted.Public {
		i.PublicToken = ""
	} else if i.PublicToken == "" {
		i.PublicToken = newToken()
	}
}

// Change replaces the record of an installed extension by what f makes of it.
func (r *Registry) Change(ctx context.Context, org, extension string, f func(*Installation) error) (Installation, error) {
	var changed Installation
	err := r.change(ctx, org, extension, func(_ storage.Tx, old Installation) (Installation, error) {
		if old.Epoch == 0 || old.Removed() {
			return old, ErrNotFound
		}
		changed = old
		if err := f(&changed); err != nil {
			return old, err
		}
		changed.Epoch++
		changed.door()
		return changed, nil
	})
	return changed, err
}

// Remove marks an extension as uninstalled; its record goes with [Registry.Forget].
func (r *Registry) Remove(ctx context.Context, org, extension string, purgeAt time.Time) (Installation, error) {
	return r.Change(ctx, org, extension, func(i *Installation) error {
		i.PurgeAt = purgeAt
		return nil
	})
}

// BeginPurge marks that the data of a removed extension is being destroyed: from
// here on it cannot be installed again before [Registry.Forget]. It is due at
// once, so that whoever looks for what is due finishes after an interruption.
// An extension that is not removed is ErrNotFound.
func (r *Registry) BeginPurge(ctx context.Context, org, extension string, now time.Time) error {
	return r.change(ctx, org, extension, func(_ storage.Tx, old Installation) (Installation, error) {
		if old.Epoch == 0 || !old.Removed() {
			return old, ErrNotFound
		}
		begun := old
		begun.Purging = true
		begun.PurgeAt = earlier(old.PurgeAt, now)
		begun.Epoch++
		return begun, nil
	})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b.UTC()
	}
	return a
}

// change reads, lets f decide, and writes the record with its indexes in one
// transaction. f sees the zero Installation when there was none.
func (r *Registry) change(ctx context.Context, org, extension string, f func(storage.Tx, Installation) (Installation, error)) error {
	var released []string
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		released = nil
		old, err := read(ctx, tx, org, extension)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		inst, err := f(tx, old)
		if err != nil {
			return err
		}
		if old.Epoch != 0 {
			if err := unindex(tx, old); err != nil {
				return err
			}
		}
		if released, err = remember(ctx, tx, old, &inst); err != nil {
			return err
		}
		return write(tx, inst)
	})
	if err != nil {
		return err
	}
	return r.releaseAll(ctx, released)
}

func write(tx storage.Tx, inst Installation) error {
	data, err := json.Marshal(inst)
	if err != nil {
		return err
	}
	if err := tx.Put(instKey(inst.Org, inst.Extension), data); err != nil {
		return err
	}
	if inst.Removed() {
		return tx.Put(dueKey(inst.PurgeAt, inst.Org, inst.Extension), nil)
	}
	if inst.PublicToken != "" {
		if err := tx.Put(doorKey(inst.PublicToken), []byte(inst.Org+"/"+inst.Extension)); err != nil {
			return err
		}
	}
	return tx.Put(shortKey(inst.Org, inst.Extension), nil)
}

func unindex(tx storage.Tx, inst Installation) error {
	keys := []storage.Key{shortKey(inst.Org, inst.Extension)}
	if inst.Removed() {
		keys = append(keys, dueKey(inst.PurgeAt, inst.Org, inst.Extension))
	}
	if inst.PublicToken != "" {
		keys = append(keys, doorKey(inst.PublicToken))
	}
	for _, k := range keys {
		if err := tx.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// Due returns up to limit removed installations whose purge time has come.
func (r *Registry) Due(ctx context.Context, now time.Time, limit int) ([]Installation, error) {
	const prefix = "reg/due/"
	pairs, err := r.store.Scan(ctx, prefix, "", limit)
	if err != nil {
		return nil, err
	}
	var due []Installation
	for _, p := range pairs {
		parts := strings.Split(string(p.Key[len(prefix):]), "/")
		if len(parts) != 3 || parts[0] > now.UTC().Format(dueFormat) {
			break
		}
		inst, err := r.Get(ctx, parts[1], parts[2])
		if err != nil {
			return nil, err
		}
		due = append(due, inst)
	}
	return due, nil
}

// Forget deletes the record of a removed extension, after its data was
// purged, and releases its package. Forgetting what is not there is no error.
func (r *Registry) Forget(ctx context.Context, org, extension string) error {
	var released []string
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		inst, err := read(ctx, tx, org, extension)
		if err != nil {
			return err
		}
		if !inst.Removed() {
			return errors.New("registry: " + extension + " is still installed")
		}
		if err := unindex(tx, inst); err != nil {
			return err
		}
		if released, err = forgetVersions(ctx, tx, inst); err != nil {
			return err
		}
		return tx.Delete(instKey(org, extension))
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.releaseAll(ctx, released)
}
