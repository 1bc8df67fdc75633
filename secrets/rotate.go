package secrets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// master is the key that the Keeper holds now.
func (k *Keeper) master() MasterKey { return *k.held.Load() }

// MasterKey returns the key that the Keeper holds now, with its retired ones.
func (k *Keeper) MasterKey() MasterKey { return k.master() }

// hold makes key the one that is used. It waits for what is being written under
// the one before.
func (k *Keeper) hold(key MasterKey) {
	k.change.Lock()
	defer k.change.Unlock()
	k.held.Store(&key)
}

// Rotate gives the store a new master key while it is in use: it makes one, has
// save keep it together with the present one, wraps everything anew, and has save
// keep the new one alone. From then on the old key opens nothing that is stored.
//
// A Keeper that holds a retired key makes no new one, and finishes what was begun:
// so a rotation that was stopped at any point goes on when Rotate is called again.
// save must replace what it kept before, or leave it as it was. There must be no
// other Keeper of the store. It returns how many keys were wrapped anew.
func (k *Keeper) Rotate(ctx context.Context, save func(MasterKey) error) (n int, err error) {
	next := k.master()
	if len(next.entries()) == 1 {
		if next, err = next.Rotate(); err != nil {
			return 0, err
		}
		if err := save(next); err != nil {
			return 0, fmt.Errorf("secrets: keep the new master key: %w", err)
		}
		k.hold(next)
	}
	if n, err = k.Rewrap(ctx); err != nil {
		return n, err
	}
	if err := save(next.Current()); err != nil {
		return n, fmt.Errorf("secrets: forget the old master key: %w", err)
	}
	k.hold(next.Current())
	return n, nil
}

// Retired reports whether k holds keys beside the current one: a rotation was
// begun and has not ended.
func (k MasterKey) Retired() bool { return len(k.entries()) > 1 }

// ReplaceKeyFile replaces the file of a master key, durably: after a crash there
// is the old one or the new one, whole.
func ReplaceKeyFile(path string, key MasterKey) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("secrets: replace the master key file: %w", err)
	}
	if err := createKeyFile(next, key); err != nil {
		return fmt.Errorf("secrets: replace the master key file: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("secrets: replace the master key file: %w", errors.Join(err, os.Remove(next)))
	}
	return syncDir(filepath.Dir(path))
}

// SaveKeyring replaces the master key that ring keeps for account.
func SaveKeyring(ring Keyring, account string, key MasterKey) error {
	return ring.Set(account, string(key.Text().bytes()))
}
