package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrExists says that there is a key of that name.
var ErrExists = errors.New("there is a key of that name already")

// Create makes a key and puts both halves into the ring in dir: the private one
// for its owner's eyes only.
func Create(dir, id, issuer string, now, expires time.Time) (PublicKey, error) {
	if err := CheckKeyID(id); err != nil {
		return PublicKey{}, err
	}
	if err := vacant(dir, id); err != nil {
		return PublicKey{}, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return PublicKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return PublicKey{}, err
	}
	k := PublicKey{
		KeyID: id, PublicKey: base64.StdEncoding.EncodeToString(public), Issuer: issuer,
		CreatedAt: now.UTC().Truncate(time.Second), ExpiresAt: expires.UTC().Truncate(time.Second), IsActive: true,
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return k, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeNew(filepath.Join(dir, id+privateSuffix), text, 0o600); err != nil {
		return k, err
	}
	return k, addPublic(dir, k)
}

// vacant makes sure that the name is free, a revoked one never again.
func vacant(dir, id string) error {
	ring, err := OpenRing(dir)
	if err != nil {
		return err
	}
	if _, taken := ring.keys[id]; taken {
		return fmt.Errorf("%s: %w", id, ErrExists)
	}
	if _, revoked := ring.Revoked(id); revoked {
		return fmt.Errorf("%s: %w, and it was revoked", id, ErrExists)
	}
	return nil
}

// Trust puts the public half of another's key into the ring in dir. What it
// signs is of the given tier.
func Trust(dir string, k PublicKey, tier Tier) error {
	if err := vacant(dir, k.KeyID); err != nil {
		return err
	}
	k.Tier = tier
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return addPublic(dir, k)
}

func addPublic(dir string, k PublicKey) error {
	// The list of revoked keys is there before the first key is: a ring without
	// it is not trusted.
	err := writeNew(filepath.Join(dir, revokedFile), []byte("{\"keys\": []}\n"), 0o644)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, k.KeyID+publicSuffix), append(data, '\n'), 0o644)
}

func writeNew(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// Revoke withdraws a key for good, known here or not. Doing so again changes
// nothing.
func Revoke(dir, id, reason string, now time.Time) error {
	if err := CheckKeyID(id); err != nil {
		return err
	}
	ring, err := OpenRing(dir)
	if err != nil {
		return err
	}
	if _, done := ring.Revoked(id); done {
		return nil
	}
	list := append(ring.Revocations(), Revocation{KeyID: id, RevokedAt: now.UTC().Truncate(time.Second), Reason: reason})
	data, err := json.MarshalIndent(map[string]any{"keys": list}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	next := filepath.Join(dir, revokedFile+".new")
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeNew(next, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(dir, revokedFile))
}

// PrivateKey reads the half of a key that signs.
func PrivateKey(dir, id string) (ed25519.PrivateKey, error) {
	if err := CheckKeyID(id); err != nil {
		return nil, err
	}
	data, err := readSmall(filepath.Join(dir, id+privateSuffix))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s%s is not PEM", id, privateSuffix)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s%s: %v", id, privateSuffix, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s%s is not an Ed25519 key", id, privateSuffix)
	}
	return private, nil
}

// Own lists the ids of the keys in dir that can sign, sorted.
func Own(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), privateSuffix); ok {
			ids = append(ids, id)
		}
	}
	return ids, err
}
