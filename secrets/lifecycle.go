package secrets

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// Destroy removes everything of o, its data key first, in one transaction.
// Nothing of it can be opened afterwards by this Keeper or another one; a copy
// of the store from before opens until the master key is rotated too.
func (k *Keeper) Destroy(ctx context.Context, o Owner) error {
	if err := o.check(); err != nil {
		return err
	}
	defer k.cache.drop(o)
	return k.store.Update(ctx, func(tx storage.Tx) error {
		if err := tx.Delete(o.rowKey()); err != nil {
			return err
		}
		// By the store's keys and not by the index: an owner whose row is
		// damaged can be destroyed too.
		var after storage.Key
		for {
			const page = 256
			keys, err := tx.Keys(ctx, o.valuesPrefix(), after, page)
			if err != nil {
				return fmt.Errorf("secrets: destroy %q: %w", o, err)
			}
			for _, key := range keys {
				if err := tx.Delete(key); err != nil {
					return err
				}
				after = key
			}
			if len(keys) < page {
				return nil
			}
		}
	})
}

// Rewrap wraps every data key and the root under the current master key, and
// returns how many it wrapped anew. Values are not touched. It may be stopped and
// run again; when it has returned nil, the retired keys open nothing that is
// stored and can be forgotten. Every other Keeper of the store must hold the
// current key before it begins: what one with the old key alone makes meanwhile
// would be missed.
func (k *Keeper) Rewrap(ctx context.Context) (n int, err error) {
	var after storage.Key
	for {
		const page = 100
		keys, err := k.store.Keys(ctx, ownerPrefix, after, page)
		if err != nil {
			return n, fmt.Errorf("secrets: rewrap: %w", err)
		}
		for _, key := range keys {
			o, err := ownerOf(key)
			if err != nil {
				return n, err
			}
			changed, err := k.rewrap(ctx, key, o.bind(purposeDataKey))
			if err != nil {
				return n, fmt.Errorf("secrets: rewrap %q: %w", o, err)
			}
			if changed {
				n++
			}
			after = key
		}
		if len(keys) == page {
			continue
		}
		// The root is last: the retired key is refused at the next start only
		// when nothing needs it any more.
		changed, err := k.rewrap(ctx, rootKey, binding{purpose: purposeRoot})
		if err != nil {
			return n, fmt.Errorf("secrets: rewrap the root: %w", err)
		}
		if changed {
			n++
		}
		return n, nil
	}
}

// rewrap wraps the key at the front of one row anew and keeps the rest of it.
func (k *Keeper) rewrap(ctx context.Context, key storage.Key, b binding) (changed bool, err error) {
	err = k.store.Update(ctx, func(tx storage.Tx) error {
		changed = false
		row, err := tx.Get(ctx, key)
		if errors.Is(err, storage.ErrNotFound) {
			return nil // destroyed meanwhile
		}
		if err != nil {
			return err
		}
		if len(row) < wrappedSize {
			return fmt.Errorf("%w: a row of %d bytes", ErrTampered, len(row))
		}
		if k.master().isCurrent(row[:wrappedSize]) {
			return nil
		}
		secret, err := k.master().unwrap(row[:wrappedSize], b)
		if err != nil {
			return err
		}
		defer clear(secret)
		wrapped, err := k.master().wrap(secret, b)
		if err != nil {
			return err
		}
		changed = true
		return tx.Put(key, append(wrapped, row[wrappedSize:]...))
	})
	return changed && err == nil, err
}

// Owners returns those of an organization that have, or had, secrets.
func (k *Keeper) Owners(ctx context.Context, org string) (owners []Owner, err error) {
	err = k.eachOwner(ctx, func(o Owner) error {
		if o.Org == org {
			owners = append(owners, o)
		}
		return nil
	})
	return owners, err
}
