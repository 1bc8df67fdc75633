package secrets

import (
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"
)

// Keyring is a place that keeps a text for an account, such as the keyring of a
// desktop session.
type Keyring interface {
	// Get returns the text of account, or ErrNotFound.
	Get(account string) (string, error)

	// Set stores the text of account.
	Set(account, text string) error
}

// SystemKeyring is the keyring of the desktop session: Keychain on macOS,
// Credential Manager on Windows, the Secret Service over D-Bus elsewhere. Its
// entries have the service name "annex".
type SystemKeyring struct{}

const keyringService = "annex"

// Get returns the text of account, or ErrNotFound.
func (SystemKeyring) Get(account string) (string, error) {
	text, err := keyring.Get(keyringService, account)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrNotFound
	}
	return text, err
}

// Set stores the text of account.
func (SystemKeyring) Set(account, text string) error {
	return keyring.Set(keyringService, account, text)
}

// OpenKeyring reads the master key that ring keeps for account. When there is
// none it makes one, stores it, reads it back, and reports created. Only the
// master key is ever kept in a keyring.
func OpenKeyring(ring Keyring, account string) (key MasterKey, created bool, err error) {
	text, err := ring.Get(account)
	if errors.Is(err, ErrNotFound) {
		created = true
		text, err = fillKeyring(ring, account)
	}
	if err != nil {
		return MasterKey{}, false, fmt.Errorf("secrets: master key of %q in the keyring: %w; "+
			"without a desktop session use a key file instead", account, err)
	}
	if key, err = ParseMasterKey(text); err != nil {
		return MasterKey{}, false, fmt.Errorf("the keyring's entry for %q: %w", account, err)
	}
	return key, created, nil
}

// fillKeyring stores a fresh key and returns what the keyring then holds.
func fillKeyring(ring Keyring, account string) (string, error) {
	key, err := NewMasterKey()
	if err != nil {
		return "", err
	}
	if err := ring.Set(account, string(key.Text().bytes())); err != nil {
		return "", err
	}
	return ring.Get(account)
}
