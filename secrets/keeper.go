package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/storage"
)

// Bounds of a KeeperConfig: an owner's index and each value fit in one value of
// a Store, and an owner's removal in one transaction.
const (
	maxNamesBound = 1000
	maxValueBound = 64 << 10
)

// KeeperConfig says what a Keeper allows. The zero value is the default.
type KeeperConfig struct {
	MaxNames int              // secrets of one owner; 0 means 50, at most 1,000
	MaxValue int              // bytes of one value; 0 means 10,240, at most 65,536
	Now      func() time.Time // nil means time.Now
}

// Keeper seals, stores and opens secrets. It is safe for concurrent use, and any
// number of Keepers may share a Store.
type Keeper struct {
	store  storage.Store
	held   atomic.Pointer[MasterKey]
	change sync.RWMutex // written by who changes held, read by who stores what is wrapped
	root   Value        // what DeriveKey derives from
	cache  keyCache
	cfg    KeeperConfig
}

// NewKeeper returns a Keeper over store. It opens the key-check record, or makes
// it when the store holds no secrets yet. A master key that the record was not
// made with is ErrWrongKey; the text says which key is wanted.
func NewKeeper(ctx context.Context, store storage.Store, key MasterKey, cfg KeeperConfig) (*Keeper, error) {
	if cfg.MaxNames == 0 {
		cfg.MaxNames = 50
	}
	if cfg.MaxValue == 0 {
		cfg.MaxValue = 10_240
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxNames < 0 || cfg.MaxNames > maxNamesBound || cfg.MaxValue < 0 || cfg.MaxValue > maxValueBound {
		return nil, fmt.Errorf("secrets: limits of %d names and %d bytes: at most %d and %d", cfg.MaxNames, cfg.MaxValue, maxNamesBound, maxValueBound)
	}
	if len(key.entries()) == 0 {
		return nil, ErrNoMasterKey
	}
	k := &Keeper{store: store, cfg: cfg}
	k.held.Store(&key)
	root, err := k.openRoot(ctx)
	if err != nil {
		return nil, err
	}
	k.root = root
	return k, nil
}

// readAttempts is how often a Get starts over when others write in between.
const readAttempts = 16

// Get returns a secret of o, or ErrNotFound. A record that is not as it was
// written is ErrTampered.
func (k *Keeper) Get(ctx context.Context, o Owner, name string) (Value, error) {
	b, err := k.Use(ctx, o, name)
	return b.Value, err
}

// Use is [Keeper.Get] with the hosts to which the host may send the value.
func (k *Keeper) Use(ctx context.Context, o Owner, name string) (Bound, error) {
	if err := checkBoth(o, name); err != nil {
		return Bound{}, err
	}
	for range readAttempts {
		row, err := k.readRow(ctx, o)
		if err != nil {
			return Bound{}, err
		}
		v, err := k.read(ctx, o, row, name)
		if !errors.Is(err, ErrTampered) && !errors.Is(err, ErrWrongKey) {
			return v, err
		}
		// The row and the value were read one after the other. When the row is
		// still the same, so was the value, and the verdict stands.
		again, errAgain := k.readRow(ctx, o)
		if errAgain != nil {
			return Bound{}, errAgain
		}
		if bytes.Equal(row, again) {
			return Bound{}, err
		}
	}
	return Bound{}, fmt.Errorf("secrets: read %q of %q: %w", name, o, storage.ErrConflict)
}

// read returns the secret that row names.
func (k *Keeper) read(ctx context.Context, o Owner, row []byte, name string) (Bound, error) {
	v, err := k.openVault(o, row)
	if err != nil {
		return Bound{}, err
	}
	pos, ok := v.index.find(name)
	if !ok {
		return Bound{}, ErrNotFound
	}
	sealed, err := k.store.Get(ctx, o.valueKey(name))
	if errors.Is(err, storage.ErrNotFound) {
		return Bound{}, fmt.Errorf("%w: the value of %q of %q is missing", ErrTampered, name, o)
	}
	if err != nil {
		return Bound{}, fmt.Errorf("secrets: read %q of %q: %w", name, o, err)
	}
	e := v.index.entries[pos]
	plain, err := v.key.open(sealed, o.bindValue(name, e.version))
	if err != nil {
		return Bound{}, err
	}
	return Bound{ownedValue(plain, e.version), slices.Clone(e.hosts)}, nil
}

// Set stores a secret of o and returns its version. It fails with a *NameError
// or a *QuotaError; then, as after any other error, nothing was changed. The
// hosts of a secret that is there already stay.
func (k *Keeper) Set(ctx context.Context, o Owner, name string, value Value) (version uint64, err error) {
	return k.set(ctx, o, name, value, nil)
}

// set is Set with something that is done to the entry in the same transaction.
func (k *Keeper) set(ctx context.Context, o Owner, name string, value Value, also func(*indexEntry)) (version uint64, err error) {
	if err := checkBoth(o, name); err != nil {
		return 0, err
	}
	if n := value.Len(); n > k.cfg.MaxValue {
		return 0, &QuotaError{k.cfg.MaxValue, n, fmt.Sprintf("Secret value too large: %d bytes (max %d bytes)", n, k.cfg.MaxValue)}
	}
	err = k.update(ctx, o, true, func(tx storage.Tx, v *vault) error {
		if _, ok := v.index.find(name); !ok && len(v.index.entries) >= k.cfg.MaxNames {
			return &QuotaError{k.cfg.MaxNames, len(v.index.entries),
				fmt.Sprintf("Secrets limit exceeded: maximum %d secrets per extension", k.cfg.MaxNames)}
		}
		version = v.index.set(name, k.cfg.Now())
		if pos, ok := v.index.find(name); ok && also != nil {
			also(&v.index.entries[pos])
		}
		sealed, err := v.key.seal(value.bytes(), o.bindValue(name, version))
		if err != nil {
			return err
		}
		return tx.Put(o.valueKey(name), sealed)
	})
	if err != nil {
		return 0, err
	}
	return version, nil
}

// Delete removes a secret of o. Removing one that is not there is no error.
func (k *Keeper) Delete(ctx context.Context, o Owner, name string) error {
	if err := checkBoth(o, name); err != nil {
		return err
	}
	return k.update(ctx, o, false, func(tx storage.Tx, v *vault) error {
		if !v.index.remove(name) {
			return errUnchanged
		}
		return tx.Delete(o.valueKey(name))
	})
}

// List returns what may be shown about the secrets of o, in the order of their
// names. An owner without secrets has an empty list.
func (k *Keeper) List(ctx context.Context, o Owner) ([]Info, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	k.change.RLock() // a rotation must not end between reading the row and opening it
	defer k.change.RUnlock()
	row, err := k.readRow(ctx, o)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := k.openVault(o, row)
	if err != nil {
		return nil, err
	}
	infos := make([]Info, 0, len(v.index.entries))
	for _, e := range v.index.entries {
		infos = append(infos, e.info())
	}
	return infos, nil
}

// readRow returns the row of o, or ErrNotFound.
func (k *Keeper) readRow(ctx context.Context, o Owner) ([]byte, error) {
	row, err := k.store.Get(ctx, o.rowKey())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("secrets: read the row of %q: %w", o, err)
	}
	return row, nil
}

// errUnchanged ends an update that has nothing to write.
var errUnchanged = errors.New("secrets: unchanged")

// update opens the vault of o, lets f change it, and stores its row, in one
// transaction. Without create, an owner without a row is left alone.
func (k *Keeper) update(ctx context.Context, o Owner, create bool, f func(storage.Tx, *vault) error) error {
	k.change.RLock()
	defer k.change.RUnlock()
	err := k.store.Update(ctx, func(tx storage.Tx) error {
		row, err := tx.Get(ctx, o.rowKey())
		var v *vault
		switch {
		case err == nil:
			v, err = k.openVault(o, row)
		case errors.Is(err, storage.ErrNotFound) && create:
			v, err = k.newVault(o)
		case errors.Is(err, storage.ErrNotFound):
			err = errUnchanged
		}
		if err != nil {
			return err
		}
		if err := f(tx, v); err != nil {
			return err
		}
		if row, err = v.row(); err != nil {
			return err
		}
		return tx.Put(o.rowKey(), row)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func checkBoth(o Owner, name string) error {
	if err := o.check(); err != nil {
		return err
	}
	return CheckName(name)
}
