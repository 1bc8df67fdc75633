package secrets

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// maxMasterKeys is the most keys in one MasterKey: the current and retired ones.
const maxMasterKeys = 16

// MasterKey wraps the data keys of all owners. It holds the current key, which
// wraps, and earlier ones that still unwrap while [Keeper.Rewrap] has not been
// through. It prints as its id. The zero MasterKey is none, and the only one to
// compare with ==.
//
// Its text is one key a line, the current one first, each 32 bytes in base64;
// empty lines and lines that start with # are skipped. A file, the environment
// and a keyring all hold this text.
type MasterKey struct {
	held *[]masterEntry // not changed once it is here; nil for the zero MasterKey
}

// entries returns the keys, the current one first.
func (k MasterKey) entries() []masterEntry {
	if k.held == nil {
		return nil
	}
	return *k.held
}

type masterEntry struct {
	secret  Value // prints as REDACTED wherever a MasterKey ends up
	sealing sealingKey
}

// NewMasterKey returns a fresh random key.
func NewMasterKey() (MasterKey, error) {
	return MasterKey{}.with(newSecret())
}

// ParseMasterKey reads the text of a MasterKey. The error is ErrNoMasterKey and
// says what is wrong, without the text.
func ParseMasterKey(text string) (MasterKey, error) {
	var k MasterKey
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		secret, err := parseKeyLine(line)
		if err != nil {
			return MasterKey{}, err
		}
		if k, err = k.with(secret); err != nil {
			return MasterKey{}, err
		}
	}
	if err := lines.Err(); err != nil {
		return MasterKey{}, fmt.Errorf("%w: a line is too long", ErrNoMasterKey)
	}
	if len(k.entries()) == 0 {
		return MasterKey{}, fmt.Errorf("%w: it is empty", ErrNoMasterKey)
	}
	return k, nil
}

// parseKeyLine decodes one key.
func parseKeyLine(line string) ([]byte, error) {
	secret, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil {
		return nil, fmt.Errorf("%w: a key is not base64; make one with: openssl rand -base64 %d", ErrNoMasterKey, keySize)
	}
	if len(secret) != keySize {
		return nil, fmt.Errorf("%w: a key has %d bytes, not %d; make one with: openssl rand -base64 %d",
			ErrNoMasterKey, len(secret), keySize, keySize)
	}
	if len(slices.Compact(slices.Clone(secret))) == 1 {
		return nil, fmt.Errorf("%w: a key repeats one byte, as in an example; make one with: openssl rand -base64 %d", ErrNoMasterKey, keySize)
	}
	return secret, nil
}

// with returns k with one more key, the last to be tried.
func (k MasterKey) with(secret []byte) (MasterKey, error) {
	if len(k.entries()) == maxMasterKeys {
		return MasterKey{}, fmt.Errorf("%w: more than %d keys", ErrNoMasterKey, maxMasterKeys)
	}
	s, err := newSealingKey(secret)
	if err != nil {
		return MasterKey{}, err
	}
	if _, ok := k.find(s.id); ok {
		return MasterKey{}, fmt.Errorf("%w: the key %s is there twice", ErrNoMasterKey, s.id)
	}
	return MasterKey{new(append(slices.Clone(k.entries()), masterEntry{ownedValue(secret, 0), s}))}, nil
}

// Rotate returns a MasterKey whose current key is a fresh one, and which still
// unwraps what k does. Store its text before it is used.
func (k MasterKey) Rotate() (MasterKey, error) {
	next, err := NewMasterKey()
	if err != nil {
		return MasterKey{}, err
	}
	if len(k.entries()) == maxMasterKeys {
		return MasterKey{}, fmt.Errorf("%w: %d keys are held already; rewrap and drop the retired ones", ErrNoMasterKey, maxMasterKeys)
	}
	return MasterKey{new(append(next.entries(), k.entries()...))}, nil
}

// Current returns k without its retired keys. After [Keeper.Rewrap] it opens
// everything.
func (k MasterKey) Current() MasterKey {
	if k.held == nil {
		return k
	}
	return MasterKey{new(slices.Clone(k.entries()[:1]))}
}

// Text returns the text of k, in clear, for the place that keeps it.
func (k MasterKey) Text() Value {
	var b []byte
	for _, e := range k.entries() {
		b = base64.StdEncoding.AppendEncode(b, e.secret.bytes())
		b = append(b, '\n')
	}
	return ownedValue(b, 0)
}

// ID returns the fingerprint of the current key in hex: 16 characters that tell
// nothing about the key. It is empty for the zero MasterKey.
func (k MasterKey) ID() string {
	if len(k.entries()) == 0 {
		return ""
	}
	return k.entries()[0].sealing.id.String()
}

// String returns a text with the id alone.
func (k MasterKey) String() string { return "master key " + k.ID() }

// GoString returns the same as String.
func (k MasterKey) GoString() string { return k.String() }

func (k MasterKey) find(id keyID) (sealingKey, bool) {
	for _, e := range k.entries() {
		if e.sealing.id == id {
			return e.sealing, true
		}
	}
	return sealingKey{}, false
}
