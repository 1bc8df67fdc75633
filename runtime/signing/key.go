package signing

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/annexhost/annex/runtime/manifest"
)

// Tier is how far a package is trusted.
type Tier string

// The tiers, the least trusted first.
const (
	Sideloaded Tier = "sideloaded" // not signed
	Community  Tier = "community"  // signed by a key that is trusted here
	Verified   Tier = "verified"   // signed by a key whose packages somebody reviewed
)

// AtLeast reports whether t is as trusted as least. An unknown tier is trusted
// the least, and asked for the most.
func (t Tier) AtLeast(least Tier) bool {
	rank := map[Tier]int{Sideloaded: 1, Community: 2, Verified: 3}
	need, known := rank[least]
	return known && rank[t] >= need
}

// PublicKey is the half of a key that verifies, as a file or a store has it.
type PublicKey struct {
	KeyID     string    `json:"keyId"`
	PublicKey string    `json:"publicKey"` // 32 bytes in base64
	Issuer    string    `json:"issuer"`    // the publisher whose packages it signs
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	IsActive  bool      `json:"isActive"`
	Tier      Tier      `json:"tier,omitempty"` // of what it signs, here; community when empty
}

var keyID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// CheckKeyID returns nil when id can name a key: 1 to 64 lower-case letters,
// digits, dots, hyphens and underscores, and a file on every system.
func CheckKeyID(id string) error {
	if !keyID.MatchString(id) || manifest.CheckFile(id) != nil {
		return fmt.Errorf("%.70q is no name of a key: 1 to 64 of a-z, 0-9 and ._-, such as acme-2026", id)
	}
	return nil
}

// bytes returns the key itself.
func (k PublicKey) bytes() (ed25519.PublicKey, error) {
	data, ok := fromBase64(k.PublicKey, ed25519.PublicKeySize)
	if !ok {
		return nil, fmt.Errorf("the public key of %s is not 32 bytes in base64", k.KeyID)
	}
	return data, nil
}

// fromBase64 decodes the one spelling that size bytes have: without the line breaks
// that the library skips.
func fromBase64(text string, size int) ([]byte, bool) {
	if len(text) != base64.StdEncoding.EncodedLen(size) {
		return nil, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	return data, err == nil && len(data) == size
}

// Fingerprint is the SHA-256 of the key, for people to compare.
func (k PublicKey) Fingerprint() string {
	data, err := k.bytes()
	if err != nil {
		return "none"
	}
	sum := sha256.Sum256(data)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Check returns nil when the key is active and has not expired.
func (k PublicKey) Check(now time.Time) error {
	switch {
	case !k.IsActive:
		return refuse(KeyInactive, "signing key %s is not active", k.KeyID)
	case !now.Before(k.ExpiresAt):
		return refuse(KeyExpired, "signing key %s expired on %s; the publisher has to sign again with a new one", k.KeyID, k.ExpiresAt.UTC().Format(time.DateOnly))
	}
	return nil
}

// ParsePublicKey reads a file made by [Create].
func ParsePublicKey(data []byte) (PublicKey, error) {
	var k PublicKey
	if err := json.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("not a public key: %v", err)
	}
	if err := CheckKeyID(k.KeyID); err != nil {
		return k, err
	}
	if k.Tier == "" {
		k.Tier = Community
	}
	if k.Tier != Community && k.Tier != Verified {
		return k, fmt.Errorf("key %s: tier %.20q is not community or verified", k.KeyID, k.Tier)
	}
	_, err := k.bytes()
	return k, err
}

// Revocation withdraws a key for good.
type Revocation struct {
	KeyID     string    `json:"keyId"`
	RevokedAt time.Time `json:"revokedAt"`
	Reason    string    `json:"reason,omitempty"`
}
