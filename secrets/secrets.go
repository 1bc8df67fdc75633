// Package secrets keeps the secrets of extensions, sealed at rest.
//
// A [Keeper] seals every value under a data key that belongs to one [Owner], an
// (organization, extension), and wraps that data key under a [MasterKey] that
// never enters the store. What was sealed opens only where it was put: each
// ciphertext is bound to its purpose, its key, its version, its owner and its
// name, and the versions that are current stand in an index of the owner that is
// sealed itself. A ciphertext that was changed, moved, swapped or put back is
// [ErrTampered].
//
// The package decides nothing about who may read a secret and records nothing:
// its callers check grants and write the audit record first.
//
// What it writes, all below "sec/":
//
//	sec/root              the derivation root, wrapped under the master key
//	sec/o/<org>/<ext>     the owner's data key, wrapped; its index, sealed
//	sec/v/<org>/<ext>/<name>   one value, sealed
package secrets

import (
	"errors"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/annexhost/annex/storage"
)

// MaxName is the most bytes that the name of a secret has.
const MaxName = 128

// maxOwnerPart is the most bytes of an organization or an extension.
const maxOwnerPart = 256

// The errors that callers may match, beside [*NameError] and [*QuotaError].
var (
	// ErrNotFound says that the owner has no secret of that name.
	ErrNotFound = errors.New("secrets: no such secret")

	// ErrWrongKey says that something is sealed under a master key that was not
	// given. Nothing is changed, and the right key opens everything.
	ErrWrongKey = errors.New("secrets: wrong master key")

	// ErrTampered says that a stored record is not what the Keeper wrote at that
	// place: it was changed, moved, replaced or removed.
	ErrTampered = errors.New("secrets: a stored record is damaged or was tampered with")

	// ErrNoMasterKey says that a source holds no usable master key.
	ErrNoMasterKey = errors.New("secrets: no usable master key")
)

// Owner is the (organization, extension) that secrets belong to.
type Owner struct {
	Org       string // 1 to 256 bytes of UTF-8
	Extension string // 1 to 256 bytes of UTF-8, the full id
}

// String returns "org/extension", for messages.
func (o Owner) String() string { return o.Org + "/" + o.Extension }

// Info is what may be shown about a secret: everything but the value.
type Info struct {
	Name string `json:"name"`

	// Version rises with each Set of the owner and is never used twice, not
	// even after a Delete. The first is 1; there are gaps.
	Version uint64 `json:"version"`

	// UpdatedAt is when the value was set, by the Keeper's clock, in UTC and
	// to the microsecond.
	UpdatedAt time.Time `json:"updatedAt"`

	// Hosts are where the host may send the value on the extension's behalf
	// without showing it. They stay when the value is set again.
	Hosts []string `json:"hosts,omitempty"`
}

// NameError is a secret's name that is not allowed. Its text is for the author
// of the extension.
type NameError struct{ text string }

// Error returns the rule that the name breaks.
func (e *NameError) Error() string { return e.text }

// QuotaError is a limit of the owner that a Set would break. Nothing was
// written. Its text is for the author of the extension.
type QuotaError struct {
	Limit int // in names or in bytes
	Used  int // what there is (names) or what was given (bytes)
	text  string
}

// Error names the limit and, for a value, its size.
func (e *QuotaError) Error() string { return e.text }

// CheckName returns a [*NameError] unless name matches ^[A-Za-z0-9_.-]{1,128}$.
func CheckName(name string) error {
	switch {
	case name == "":
		return &NameError{"Secret name must be a non-empty string"}
	case len(name) > MaxName:
		return &NameError{fmt.Sprintf("Secret name too long: max %d characters", MaxName)}
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return &NameError{"Secret name must only contain alphanumeric characters, dots, dashes, and underscores (e.g., API_KEY)"}
		}
	}
	return nil
}

const (
	rootKey     storage.Key = "sec/root"
	ownerPrefix storage.Key = "sec/o/"
	valuePrefix storage.Key = "sec/v/"
)

// path returns the owner's segment of a key. Escaping removes every slash from
// the two parts, so that no two owners share a path or a prefix.
func (o Owner) path() storage.Key {
	return storage.Key(url.PathEscape(o.Org) + "/" + url.PathEscape(o.Extension))
}

func (o Owner) rowKey() storage.Key              { return ownerPrefix + o.path() }
func (o Owner) valuesPrefix() storage.Key        { return valuePrefix + o.path() + "/" }
func (o Owner) valueKey(name string) storage.Key { return o.valuesPrefix() + storage.Key(name) }
func (o Owner) bind(purpose string) binding      { return binding{purpose: purpose, owner: o} }
func (o Owner) bindValue(n string, v uint64) binding {
	return binding{purpose: purposeValue, version: v, owner: o, name: n}
}

// check refuses an owner that no key can be made for.
func (o Owner) check() error {
	for _, part := range []struct{ what, s string }{{"organization", o.Org}, {"extension", o.Extension}} {
		if part.s == "" || len(part.s) > maxOwnerPart || !utf8.ValidString(part.s) {
			return fmt.Errorf("secrets: %s %.40q must be 1 to %d bytes of UTF-8", part.what, part.s, maxOwnerPart)
		}
	}
	if n := len(o.valuesPrefix()) + MaxName; n > storage.MaxKey {
		return fmt.Errorf("secrets: owner %.80q is too long once escaped: %d bytes of %d", o.String(), n, storage.MaxKey)
	}
	return nil
}

// ownerOf is the inverse of rowKey.
func ownerOf(key storage.Key) (Owner, error) {
	rest := string(key[len(ownerPrefix):])
	for i := range len(rest) {
		if rest[i] != '/' {
			continue
		}
		org, err1 := url.PathUnescape(rest[:i])
		ext, err2 := url.PathUnescape(rest[i+1:])
		o := Owner{org, ext}
		if err1 != nil || err2 != nil || o.check() != nil || o.rowKey() != key {
			break
		}
		return o, nil
	}
	return Owner{}, fmt.Errorf("%w: the key %q names no owner", ErrTampered, key)
}
