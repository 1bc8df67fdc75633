package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/annexhost/annex/storage"
)

// tokenSize is the bytes of a token.
const tokenSize = 24

// newToken makes the part of a public address that cannot be guessed: 192
// random bits.
func newToken() string {
	var secret [tokenSize]byte
	rand.Read(secret[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// doorKey holds the hash of the token, so that how long a lookup takes tells
// nothing of one.
func doorKey(token string) storage.Key {
	sum := sha256.Sum256([]byte(token))
	return storage.Key("reg/door/" + hex.EncodeToString(sum[:]))
}

// Door returns whose public address has the token, or ErrNotFound.
func (r *Registry) Door(ctx context.Context, token string) (org, extension string, err error) {
	owner, err := r.store.Get(ctx, doorKey(token))
	if errors.Is(err, storage.ErrNotFound) {
		return "", "", ErrNotFound
	}
	org, extension, _ = strings.Cut(string(owner), "/")
	return org, extension, err
}
