// Package registry keeps what is installed: packages by the digest of their
// content, and the installations that pin one of them with what a person
// approved for it. Everything is a record in a [storage.Store].
//
// Keys, all below "reg/"; digests are lower-case hex, names never hold a slash:
//
//	org/ORG                      an Org
//	inst/ORG/EXTENSION           an Installation
//	short/ORG/SHORT/EXTENSION    index of short names
//	door/SHA256                  whose public address has the token of that hash
//	due/TIME/ORG/EXTENSION       removed installations, by the time of their purge
//	pkg/DIGEST                   a package: its manifest, files and handlers
//	ver/ORG/EXTENSION/VERSION    a version that the organization has run, see [Version]
//	pin/DIGEST/ORG/EXTENSION     index: who needs the package: runs it, ran it, or has it pending
//	publisher/ORG/PUBLISHER      the key that a publisher signs with, see [PublisherKey]
//	writing/DIGEST               a package that is being written, or that nobody may need
//	blob/SHA256/N                chunk N of a file
//	use/SHA256/DIGEST            index: which packages need the file
//	has/DIGEST/SHA256            index: which files the package needs
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/storage"
)

// ErrNotFound says that there is no such installation or package.
var ErrNotFound = errors.New("registry: not found")

// ErrPurging says that what an extension left is being destroyed at the moment.
var ErrPurging = errors.New("registry: the data of the uninstalled extension is being destroyed; try again in a minute")

// ErrOrg says that a name of an organization is malformed.
var ErrOrg = errors.New("registry: an organization is named by 1 to 128 letters, digits, dots, hyphens and underscores")

// Registry reads and writes records. It is safe for concurrent use.
type Registry struct {
	store storage.Store
}

// New returns the registry that is kept in store.
func New(store storage.Store) *Registry { return &Registry{store: store} }

// Installation pins an extension of one organization to one package, with
// what was approved for it.
type Installation struct {
	Org       string `json:"org"`
	Extension string `json:"extension"`
	Version   string `json:"version"`
	Digest    string `json:"digest"` // of the package, hex

	// Granted is what a person approved; never more than the package asks for.
	Granted permissions.Set `json:"granted"`

	// PublicToken is the part of the public address that cannot be guessed.
	// Empty unless public routes were approved.
	PublicToken string `json:"publicToken,omitempty"`

	// Enabled is false while an admin has switched the extension off.
	Enabled bool `json:"enabled"`

	// Config holds the values that an admin set, JSON object or empty.
	Config json.RawMessage `json:"config,omitempty"`

	InstalledAt time.Time `json:"installedAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
	InstalledBy string    `json:"installedBy"`

	// Pin, when not nil, keeps the extension at its version.
	Pin *Pin `json:"pin,omitempty"`

	// Pending, when not nil, is an update that waits for approval.
	Pending *Pending `json:"pending,omitempty"`

	// Epoch grows with every change of the record.
	Epoch uint64 `json:"epoch"`

	// PurgeAt is set once the extension was uninstalled: its data is kept until then.
	PurgeAt time.Time `json:"purgeAt,omitzero"`

	// Purging says that the data is being destroyed: it cannot be had back.
	Purging bool `json:"purging,omitempty"`
}

// Removed reports whether the extension was uninstalled and its data is only
// kept for the grace period.
func (i Installation) Removed() bool { return !i.PurgeAt.IsZero() }

// ShortName is the part of the id after the publisher.
func (i Installation) ShortName() string { return shortName(i.Extension) }

func shortName(extension string) string {
	_, short, _ := strings.Cut(extension, ".")
	return short
}

// CheckOrg reports whether org may name an organization.
func CheckOrg(org string) error {
	if len(org) == 0 || len(org) > 128 || strings.Trim(org, ".") == "" {
		return ErrOrg
	}
	for _, c := range []byte(org) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '.' && c != '-' && c != '_' {
			return ErrOrg
		}
	}
	return nil
}

func instKey(org, extension string) storage.Key {
	return storage.Key("reg/inst/" + org + "/" + extension)
}

func shortKey(org, extension string) storage.Key {
	return storage.Key("reg/short/" + org + "/" + shortName(extension) + "/" + extension)
}

func pinKey(digest, org, extension string) storage.Key {
	return storage.Key("reg/pin/" + digest + "/" + org + "/" + extension)
}

// dueFormat sorts like the time that it writes.
const dueFormat = "20060102T150405.000000000"

func dueKey(at time.Time, org, extension string) storage.Key {
	return storage.Key("reg/due/" + at.UTC().Format(dueFormat) + "/" + org + "/" + extension)
}

// Get returns the installation of an extension, removed or not, or ErrNotFound.
func (r *Registry) Get(ctx context.Context, org, extension string) (Installation, error) {
	return read(ctx, r.store, org, extension)
}

func read(ctx context.Context, from storage.Reader, org, extension string) (Installation, error) {
	data, err := from.Get(ctx, instKey(org, extension))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return Installation{}, ErrNotFound
	}
	if err != nil {
		return Installation{}, err
	}
	var inst Installation
	if err := json.Unmarshal(data, &inst); err != nil {
		return Installation{}, fmt.Errorf("registry: record of %s in %s: %v", extension, org, err)
	}
	return inst, nil
}

// FindShort returns the full id of the one extension of org whose short name
// is short, or ErrNotFound when there is none or more than one.
func (r *Registry) FindShort(ctx context.Context, org, short string) (string, error) {
	prefix := storage.Key("reg/short/" + org + "/" + short + "/")
	pairs, err := r.store.Scan(ctx, prefix, "", 2)
	if err != nil {
		return "", err
	}
	if len(pairs) != 1 {
		return "", ErrNotFound
	}
	return string(pairs[0].Key[len(prefix):]), nil
}

// List returns up to limit installations of org whose ids are greater than
// after, in order. Removed ones are included.
func (r *Registry) List(ctx context.Context, org, after string, limit int) ([]Installation, error) {
	prefix := storage.Key("reg/inst/" + org + "/")
	var afterKey storage.Key
	if after != "" {
		afterKey = prefix + storage.Key(after)
	}
	pairs, err := r.store.Scan(ctx, prefix, afterKey, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Installation, len(pairs))
	for i, p := range pairs {
		if err := json.Unmarshal(p.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("registry: record %q: %v", p.Key, err)
		}
	}
	return list, nil
}
