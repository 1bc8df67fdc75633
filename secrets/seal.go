package secrets

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	keySize  = 32 // bytes of a master key, a data key and the root
	saltSize = 12 // with the 12 bytes of GCM, 192 random bits a message
	overhead = saltSize + 12 + 16
)

// The purposes that a ciphertext is bound to.
const (
	purposeRoot    = "annex/root/1"
	purposeDataKey = "annex/data-key/1"
	purposeIndex   = "annex/index/2"
	purposeIndex1  = "annex/index/1" // as of data format 1: without hosts
	purposeValue   = "annex/value/1"
)

// binding is the place that a ciphertext belongs to. Together with the key's id
// it is the associated data.
type binding struct {
	purpose string
	version uint64 // of the value; 0 where there is none
	owner   Owner  // empty for the root
	name    string // of the secret; empty where there is none
}

// associated encodes b under the key id. Numbers have a fixed size and each
// text its length in front, so that no two bindings have the same bytes.
func (b binding) associated(id keyID) []byte {
	texts := [...]string{b.purpose, b.owner.Org, b.owner.Extension, b.name}
	size := len(id) + 8
	for _, s := range texts {
		size += 4 + len(s)
	}
	out := make([]byte, 0, size)
	out = append(out, id[:]...)
	out = binary.BigEndian.AppendUint64(out, b.version)
	for _, s := range texts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(s)))
		out = append(out, s...)
	}
	return out
}

// keyID is the version of a key: a fingerprint of it that tells nothing about
// it, so that the same key has the same id whichever source it came from.
type keyID [8]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// sealingKey seals and opens under one key. It is safe for concurrent use.
type sealingKey struct {
	id   keyID
	aead tink.AEAD
}

// newSealingKey derives the cipher and the id from secret, which it does not keep.
// The cipher is XAES-256-GCM: AES-256-GCM under a key of its own for each
// message, so that random nonces need no count of what was sealed.
func newSealingKey(secret []byte) (sealingKey, error) {
	if len(secret) != keySize {
		return sealingKey{}, fmt.Errorf("secrets: a key of %d bytes, not %d", len(secret), keySize)
	}
	id, err := derive(secret, "annex/key-id/1", len(keyID{}))
	if err != nil {
		return sealingKey{}, err
	}
	material, err := derive(secret, "annex/aead/1", keySize)
	if err != nil {
		return sealingKey{}, err
	}
	a, err := newAEAD(material)
	if err != nil {
		return sealingKey{}, fmt.Errorf("secrets: make the cipher: %v", err)
	}
	return sealingKey{id: keyID(id), aead: a}, nil
}

func newAEAD(material []byte) (tink.AEAD, error) {
	params, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, saltSize)
	if err != nil {
		return nil, err
	}
	key, err := xaesgcm.NewKey(secretdata.NewBytesFromData(material, insecuresecretdataaccess.Token{}), 0, params)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManager()
	id, err := m.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	h, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}

func (k sealingKey) seal(plaintext []byte, b binding) ([]byte, error) {
	out, err := k.aead.Encrypt(plaintext, b.associated(k.id))
	if err != nil {
		return nil, fmt.Errorf("secrets: seal: %v", err)
	}
	return out, nil
}

// open returns ErrTampered unless seal made ciphertext with the same key and b.
func (k sealingKey) open(ciphertext []byte, b binding) ([]byte, error) {
	out, err := k.aead.Decrypt(ciphertext, b.associated(k.id))
	if err != nil {
		return nil, fmt.Errorf("%w: %s of %q does not open", ErrTampered, b.purpose, b.owner)
	}
	return out, nil
}

// derive returns size bytes from secret by HKDF-SHA-256.
func derive(secret []byte, info string, size int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, secret, nil, info, size)
	if err != nil {
		return nil, fmt.Errorf("secrets: derive a key: %v", err)
	}
	return out, nil
}

// newSecret returns a fresh random key.
func newSecret() []byte {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return b
}
