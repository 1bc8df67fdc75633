package secrets

import (
	"fmt"
)

// vault is one owner's row, opened: the data key and the index.
type vault struct {
	owner   Owner
	wrapped []byte // the data key, wrapped under the master key
	key     sealingKey
	index   *index
}

// newVault returns an empty vault with a fresh data key.
func (k *Keeper) newVault(o Owner) (*vault, error) {
	secret := newSecret()
	defer clear(secret)
	wrapped, err := k.master().wrap(secret, o.bind(purposeDataKey))
	if err != nil {
		return nil, err
	}
	key, err := newSealingKey(secret)
	if err != nil {
		return nil, err
	}
	return &vault{owner: o, wrapped: wrapped, key: key, index: &index{}}, nil
}

// openVault opens the row of o.
func (k *Keeper) openVault(o Owner, row []byte) (*vault, error) {
	return k.openVaultAs(o, row, purposeIndex, decodeIndex)
}

// openVaultAs opens a row whose index has a purpose and a code of its own.
func (k *Keeper) openVaultAs(o Owner, row []byte, purpose string, decode func([]byte) (*index, error)) (*vault, error) {
	if len(row) < wrappedSize {
		return nil, fmt.Errorf("%w: the row of %q has %d bytes", ErrTampered, o, len(row))
	}
	wrapped, sealed := row[:wrappedSize], row[wrappedSize:]
	key, ok := k.cache.get(o, wrapped)
	if !ok {
		secret, err := k.master().unwrap(wrapped, o.bind(purposeDataKey))
		if err != nil {
			return nil, err
		}
		defer clear(secret)
		if key, err = newSealingKey(secret); err != nil {
			return nil, err
		}
		k.cache.put(o, wrapped, key)
	}
	plain, err := key.open(sealed, o.bind(purpose))
	if err != nil {
		return nil, err
	}
	x, err := decode(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrTampered, err)
	}
	return &vault{owner: o, wrapped: wrapped, key: key, index: x}, nil
}

// row returns what is stored: the wrapped data key, then the sealed index. Each
// call seals anew, so that a changed row never has the bytes of an earlier one.
func (v *vault) row() ([]byte, error) {
	sealed, err := v.key.seal(v.index.encode(), v.owner.bind(purposeIndex))
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(v.wrapped)+len(sealed))
	return append(append(out, v.wrapped...), sealed...), nil
}
