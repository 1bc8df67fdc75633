package secrets

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// openRoot opens the root, which is also the key-check record: 32 random bytes,
// wrapped under the master key. It is made once; after that its absence is
// damage, because what was derived from it would be lost without a word.
func (k *Keeper) openRoot(ctx context.Context) (Value, error) {
	blob, err := k.store.Get(ctx, rootKey)
	if errors.Is(err, storage.ErrNotFound) {
		blob, err = k.makeRoot(ctx)
	}
	if err != nil {
		return Value{}, fmt.Errorf("secrets: open the key-check record: %w", err)
	}
	secret, err := k.master().unwrap(blob, binding{purpose: purposeRoot})
	if err != nil {
		return Value{}, err
	}
	return ownedValue(secret, 0), nil
}

// makeRoot stores a root unless another Keeper was first, and returns what is
// stored.
func (k *Keeper) makeRoot(ctx context.Context) ([]byte, error) {
	var blob []byte
	err := k.store.Update(ctx, func(tx storage.Tx) error {
		var err error
		blob, err = tx.Get(ctx, rootKey)
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		owners, err := tx.Keys(ctx, ownerPrefix, "", 1)
		if err != nil {
			return err
		}
		if len(owners) > 0 {
			return fmt.Errorf("%w: there are secrets but no key-check record; restore %q from a backup", ErrTampered, rootKey)
		}
		secret := newSecret()
		defer clear(secret)
		if blob, err = k.master().wrap(secret, binding{purpose: purposeRoot}); err != nil {
			return err
		}
		return tx.Put(rootKey, blob)
	})
	return blob, err
}

// DeriveKey returns 32 bytes for a purpose outside of this package, such as the
// audit log's HMAC key. The same store gives the same bytes for the same purpose,
// whatever master key it is wrapped under by now.
func (k *Keeper) DeriveKey(purpose string) ([]byte, error) {
	if purpose == "" {
		return nil, errors.New("secrets: derive a key: the purpose is empty")
	}
	return derive(k.root.bytes(), "annex/derive/1/"+purpose, keySize)
}
