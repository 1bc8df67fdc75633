package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/storage"
)

// ErrExists says that there is such a record already.
var ErrExists = errors.New("registry: there is one already")

// ErrErasing says that an organization is being erased.
var ErrErasing = errors.New("registry: the organization is being erased")

// OrgState says whether the extensions of an organization are called.
type OrgState string

// The states.
const (
	OrgActive    OrgState = "active"
	OrgSuspended OrgState = "suspended" // nothing of it answers; everything is kept
	OrgImporting OrgState = "importing" // what it had elsewhere is on its way: nothing of it answers
	OrgErasing   OrgState = "erasing"   // what it has is being destroyed
)

// Org is an organization: who installs extensions and owns their data.
type Org struct {
	Name      string    `json:"name"`
	State     OrgState  `json:"state"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`

	// Epoch grows with every change of the record.
	Epoch uint64 `json:"epoch"`
}

func orgKey(name string) storage.Key { return storage.Key("reg/org/" + name) }

// Org returns the record of an organization, or ErrNotFound.
func (r *Registry) Org(ctx context.Context, name string) (Org, error) {
	return readOrg(ctx, r.store, name)
}

func readOrg(ctx context.Context, from storage.Reader, name string) (Org, error) {
	data, err := from.Get(ctx, orgKey(name))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return Org{}, ErrNotFound
	}
	if err != nil {
		return Org{}, err
	}
	var org Org
	if err := json.Unmarshal(data, &org); err != nil {
		return Org{}, fmt.Errorf("registry: record of organization %s: %v", name, err)
	}
	return org, nil
}

func writeOrg(tx storage.Tx, org Org) error {
	data, err := json.Marshal(org)
	if err != nil {
		return err
	}
	return tx.Put(orgKey(org.Name), data)
}

// CreateOrg writes the record of a new organization, active. It is ErrExists
// when there is one of that name.
func (r *Registry) CreateOrg(ctx context.Context, name, by string, now time.Time) (Org, error) {
	return r.createOrg(ctx, name, OrgActive, by, now)
}

// BeginImport is CreateOrg for an organization that is imported.
func (r *Registry) BeginImport(ctx context.Context, name, by string, now time.Time) (Org, error) {
	return r.createOrg(ctx, name, OrgImporting, by, now)
}

func (r *Registry) createOrg(ctx context.Context, name string, state OrgState, by string, now time.Time) (Org, error) {
	if err := CheckOrg(name); err != nil {
		return Org{}, err
	}
	org := Org{Name: name, State: state, CreatedAt: now.UTC(), CreatedBy: by, Epoch: 1}
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		_, err := readOrg(ctx, tx, name)
		switch {
		case err == nil:
			return ErrExists
		case !errors.Is(err, ErrNotFound):
			return err
		}
		return writeOrg(tx, org)
	})
	return org, err
}

// ensureOrg makes the record of an organization that something is installed for.
func ensureOrg(ctx context.Context, tx storage.Tx, name, by string, now time.Time) error {
	org, err := readOrg(ctx, tx, name)
	if err == nil && org.State == OrgErasing {
		return ErrErasing
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return writeOrg(tx, Org{Name: name, State: OrgActive, CreatedAt: now.UTC(), CreatedBy: by, Epoch: 1})
}

// ChangeOrg replaces the record of an organization by what f makes of it.
func (r *Registry) ChangeOrg(ctx context.Context, name string, f func(*Org) error) (Org, error) {
	var changed Org
	err := r.store.Update(ctx, func(tx storage.Tx) error {
		var err error
		if changed, err = readOrg(ctx, tx, name); err != nil {
			return err
		}
		if err := f(&changed); err != nil {
			return err
		}
		changed.Epoch++
		return writeOrg(tx, changed)
	})
	return changed, err
}

// DeleteOrg deletes the record of an organization, and the keys that it has
// pinned. Deleting what is not there is no error.
func (r *Registry) DeleteOrg(ctx context.Context, name string) error {
	if err := r.forgetPublishers(ctx, name); err != nil {
		return err
	}
	return r.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete(orgKey(name)) })
}

// Orgs returns up to limit organizations whose names are greater than after, in order.
func (r *Registry) Orgs(ctx context.Context, after string, limit int) ([]Org, error) {
	const prefix = "reg/org/"
	var afterKey storage.Key
	if after != "" {
		afterKey = orgKey(after)
	}
	pairs, err := r.store.Scan(ctx, prefix, afterKey, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Org, len(pairs))
	for i, p := range pairs {
		if err := json.Unmarshal(p.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("registry: record %q: %v", p.Key, err)
		}
	}
	return list, nil
}

// Find returns the installation that a name stands for, removed or not: its
// full id, or a short name that is unique in the organization.
func (r *Registry) Find(ctx context.Context, org, name string) (Installation, error) {
	switch {
	case manifest.IsID(name):
	case manifest.IsShortName(name):
		id, err := r.FindShort(ctx, org, name)
		if err != nil {
			return Installation{}, err
		}
		name = id
	default:
		return Installation{}, ErrNotFound
	}
	return r.Get(ctx, org, name)
}

// RecordOrgs makes the record of every organization that something is installed
// for and that has none, as in data from before there were records.
func (r *Registry) RecordOrgs(ctx context.Context, by string, now time.Time) error {
	const prefix = "reg/inst/"
	for after := storage.Key(""); ; {
		keys, err := r.store.Keys(ctx, prefix, after, 1)
		if err != nil || len(keys) == 0 {
			return err
		}
		name, _, _ := strings.Cut(string(keys[0][len(prefix):]), "/")
		if err := r.store.Update(ctx, func(tx storage.Tx) error { return ensureOrg(ctx, tx, name, by, now) }); err != nil {
			return err
		}
		after = storage.Key(prefix + name + "0") // '0' follows the slash: behind all of this organization
	}
}
