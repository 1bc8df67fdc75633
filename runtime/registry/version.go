package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/storage"
)

// MaxVersions is how many versions of an extension are kept for one
// organization, the current one counted. The one that was left longest ago goes
// first.
const MaxVersions = 50

// Version is one version that an organization runs or has run: what a rollback
// returns to.
type Version struct {
	Version string `json:"version"`
	Digest  string `json:"digest"` // of the package, hex

	// Granted is what the version had when it last ran.
	Granted permissions.Set `json:"granted"`

	Since time.Time `json:"since"`         // when it last became the current one
	Left  time.Time `json:"left,omitzero"` // when another took its place; zero for the current one
	By    string    `json:"by"`            // who installed it
}

// Pending is an update that waits for approval. The version before it runs on.
type Pending struct {
	Version string          `json:"version"`
	Digest  string          `json:"digest"`
	Asks    permissions.Set `json:"asks"` // everything that it asks for
	Since   time.Time       `json:"since"`
	By      string          `json:"by"` // who brought it
}

// Pin keeps an extension at its version.
type Pin struct {
	Since  time.Time `json:"since"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

func versionPrefix(org, extension string) storage.Key {
	return storage.Key("reg/ver/" + org + "/" + extension + "/")
}

func versionKey(org, extension, version string) storage.Key {
	return versionPrefix(org, extension) + storage.Key(version)
}

// Versions returns what an organization runs and has run of an extension, the
// current one first, then those left last.
func (r *Registry) Versions(ctx context.Context, org, extension string) ([]Version, error) {
	inst, err := r.Get(ctx, org, extension)
	if err != nil {
		return nil, err
	}
	all, err := versions(ctx, r.store, org, extension)
	if err != nil {
		return nil, err
	}
	all[inst.Version] = current(inst)
	return ordered(all), nil
}

// Rollback makes an earlier version the current one again, with what was
// granted to it when it last ran. ErrNotFound says that there is none such. The
// version that it replaces is kept.
func (r *Registry) Rollback(ctx context.Context, org, extension, version, by string, now time.Time) (Installation, error) {
	for {
		inst, err := r.Get(ctx, org, extension)
		if err != nil {
			return inst, err
		}
		all, err := versions(ctx, r.store, org, extension)
		if err != nil {
			return inst, err
		}
		to, ok := all[version]
		if !ok {
			return inst, ErrNotFound
		}
		epoch := inst.Epoch
		inst, err = r.Change(ctx, org, extension, func(i *Installation) error {
			if i.Epoch != epoch {
				return errChanged
			}
			i.Version, i.Digest, i.Granted = to.Version, to.Digest, to.Granted
			i.UpdatedAt, i.InstalledBy, i.Pending = now, by, nil
			return nil
		})
		if !errors.Is(err, errChanged) {
			return inst, err
		}
	}
}

// errChanged says that a record was changed between two reads.
var errChanged = errors.New("registry: changed meanwhile")

// versions reads the records of versions by their version.
func versions(ctx context.Context, from storage.Reader, org, extension string) (map[string]Version, error) {
	pairs, err := from.Scan(ctx, versionPrefix(org, extension), "", MaxVersions+1)
	if err != nil {
		return nil, err
	}
	all := make(map[string]Version, len(pairs))
	for _, p := range pairs {
		var v Version
		if err := json.Unmarshal(p.Value, &v); err != nil {
			return nil, fmt.Errorf("registry: record %q: %v", p.Key, err)
		}
		all[v.Version] = v
	}
	return all, nil
}

// ordered lists versions: the current one, then the one left last.
func ordered(all map[string]Version) []Version {
	list := make([]Version, 0, len(all))
	for _, v := range all {
		list = append(list, v)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Left.IsZero() != b.Left.IsZero() {
			return a.Left.IsZero()
		}
		if !a.Left.Equal(b.Left) {
			return a.Left.After(b.Left)
		}
		return a.Version > b.Version
	})
	return list
}

func current(inst Installation) Version {
	return Version{Version: inst.Version, Digest: inst.Digest, Granted: inst.Granted, Since: inst.UpdatedAt, By: inst.InstalledBy}
}

// remember writes the versions that are kept when old becomes inst, and which
// packages are needed for them. It returns the packages that this owner does not
// need any more. Records of earlier versions of Annex have no versions: then
// what was installed is the first.
func remember(ctx context.Context, tx storage.Tx, old Installation, inst *Installation) (released []string, err error) {
	kept, err := versions(ctx, tx, inst.Org, inst.Extension)
	if err != nil {
		return nil, err
	}
	was := names(kept)
	before := needs(kept, old)
	switch {
	case old.Epoch == 0:
	case old.Removed() || inst.Removed():
		// Uninstalling revokes what was approved, for every version.
		clear(kept)
		inst.Pin, inst.Pending = nil, nil
	case old.Version != inst.Version:
		left := current(old)
		if known, ok := kept[old.Version]; ok {
			left.Since = known.Since
		}
		left.Left = inst.UpdatedAt
		kept[old.Version] = left
	}
	now := current(*inst)
	if known, ok := kept[inst.Version]; ok && known.Left.IsZero() && known.Digest == inst.Digest {
		now.Since = known.Since // not every change of the record is a change of the version
	}
	kept[inst.Version] = now
	for list := ordered(kept); len(list) > MaxVersions; list = list[:len(list)-1] {
		delete(kept, list[len(list)-1].Version)
	}
	return settle(ctx, tx, *inst, was, kept, before, needs(kept, *inst))
}

// settle writes the records of versions and the index of needed packages.
func settle(ctx context.Context, tx storage.Tx, inst Installation, was []string, kept map[string]Version, before, after map[string]bool) (released []string, err error) {
	for _, version := range was {
		if _, ok := kept[version]; !ok {
			if err := tx.Delete(versionKey(inst.Org, inst.Extension, version)); err != nil {
				return nil, err
			}
		}
	}
	for version, v := range kept {
		data, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		if err := tx.Put(versionKey(inst.Org, inst.Extension, version), data); err != nil {
			return nil, err
		}
	}
	for digest := range after {
		if _, err := tx.Get(ctx, pkgKey(digest)); err != nil {
			if errors.Is(err, storage.ErrNotFound) {
				return nil, ErrNotFound
			}
			return nil, err
		}
		if before[digest] {
			continue
		}
		if err := tx.Put(pinKey(digest, inst.Org, inst.Extension), nil); err != nil {
			return nil, err
		}
		if err := tx.Delete(writingKey(digest)); err != nil {
			return nil, err
		}
	}
	for digest := range before {
		if after[digest] {
			continue
		}
		if err := unpin(tx, digest, inst); err != nil {
			return nil, err
		}
		released = append(released, digest)
	}
	return released, nil
}

// unpin ends the need of an owner, and marks the package as one that perhaps
// nobody needs: the mark outlives a crash before it is released.
func unpin(tx storage.Tx, digest string, inst Installation) error {
	if err := tx.Delete(pinKey(digest, inst.Org, inst.Extension)); err != nil {
		return err
	}
	return tx.Put(writingKey(digest), nil)
}

// needs are the packages that an installation needs.
func needs(kept map[string]Version, inst Installation) map[string]bool {
	digests := map[string]bool{}
	for _, v := range kept {
		digests[v.Digest] = true
	}
	if inst.Epoch != 0 {
		digests[inst.Digest] = true
	}
	if inst.Pending != nil {
		digests[inst.Pending.Digest] = true
	}
	return digests
}

// forgetVersions removes all versions of what was uninstalled.
func forgetVersions(ctx context.Context, tx storage.Tx, inst Installation) (released []string, err error) {
	kept, err := versions(ctx, tx, inst.Org, inst.Extension)
	if err != nil {
		return nil, err
	}
	return settle(ctx, tx, inst, names(kept), nil, needs(kept, inst), nil)
}

func names(all map[string]Version) []string {
	list := make([]string, 0, len(all))
	for version := range all {
		list = append(list, version)
	}
	return list
}
