package signing

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a ring.
const (
	publicSuffix  = ".pub.json"    // ID.pub.json: a PublicKey
	privateSuffix = ".key"         // ID.key: PEM, only where packages are signed
	revokedFile   = "revoked.json" // {"keys": [Revocation…]}
	maxRingFile   = 1 << 20        // bytes
)

// Ring is the keys that are trusted in one place, and those that never again
// will be. The zero Ring trusts nothing.
type Ring struct {
	keys    map[string]PublicKey
	revoked map[string]Revocation
}

// OpenRing reads a directory. One that does not exist is an empty ring. One that
// cannot be read in full, or has keys and no list of revoked ones, is an *Error
// of code RingUnreadable: nothing may be verified by what is left of it.
func OpenRing(dir string) (*Ring, error) {
	r := &Ring{keys: map[string]PublicKey{}, revoked: map[string]Revocation{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, refuse(RingUnreadable, "the signing keys cannot be read: %v", err)
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), publicSuffix)
		if !ok {
			continue
		}
		data, err := readSmall(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, refuse(RingUnreadable, "the signing keys cannot be read: %v", err)
		}
		k, err := ParsePublicKey(data)
		if err != nil || k.KeyID != id {
			return nil, refuse(RingUnreadable, "the signing keys cannot be read: %s is not the public key %s (%v)", e.Name(), id, err)
		}
		r.keys[id] = k
	}
	return r, r.readRevoked(dir)
}

func (r *Ring) readRevoked(dir string) error {
	data, err := readSmall(filepath.Join(dir, revokedFile))
	if errors.Is(err, fs.ErrNotExist) && len(r.keys) == 0 {
		return nil
	}
	var list struct {
		Keys *[]Revocation `json:"keys"`
	}
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err == nil && list.Keys == nil {
		err = errors.New(`it has no "keys"`)
	}
	if err != nil {
		return refuse(RingUnreadable, "the list of revoked keys cannot be read, so no signature is accepted: %v", err)
	}
	for _, rev := range *list.Keys {
		r.revoked[rev.KeyID] = rev
	}
	return nil
}

func readSmall(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxRingFile {
		return nil, fmt.Errorf("%s is no regular file of at most %d bytes", name, maxRingFile)
	}
	return os.ReadFile(name)
}

// Keys lists the trusted keys, revoked ones too, by their ids.
func (r *Ring) Keys() []PublicKey {
	var list []PublicKey
	for _, id := range slices.Sorted(maps.Keys(r.keys)) {
		list = append(list, r.keys[id])
	}
	return list
}

// Revocations lists the revoked keys by their ids.
func (r *Ring) Revocations() []Revocation {
	var list []Revocation
	for _, id := range slices.Sorted(maps.Keys(r.revoked)) {
		list = append(list, r.revoked[id])
	}
	return list
}

// Revoked returns the revocation of a key.
func (r *Ring) Revoked(id string) (Revocation, bool) {
	rev, ok := r.revoked[id]
	return rev, ok
}

// find returns a key that was not revoked. A revocation counts before anything
// else, so that it also keeps out a key that was taken off the ring.
func (r *Ring) find(id string) (PublicKey, error) {
	if rev, ok := r.Revoked(id); ok {
		text := fmt.Sprintf("signing key %s was revoked on %s", id, rev.RevokedAt.UTC().Format("2006-01-02"))
		if rev.Reason != "" {
			text += ": " + rev.Reason
		}
		return PublicKey{}, &Error{Code: KeyRevoked, Message: text}
	}
	k, ok := r.keys[id]
	if !ok {
		return PublicKey{}, refuse(KeyUnknown, "signed with the key %s, which is not known here; annex keys trust FILE adds it once you have it from its publisher", id)
	}
	return k, nil
}
