package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/storage/internal/combine"
)

// SpaceConfig sets the limits of a [Space]. A zero field means the default,
// given in parentheses; a negative one lifts the limit.
type SpaceConfig struct {
	MaxKeys  int // keys (1,000)
	MaxValue int // bytes of a value (102,400); at most 1,048,567, whatever it says

	// Now is the clock by which keys expire. Nil means time.Now.
	Now func() time.Time
}

// Space is the data of one owner, an extension in an organization: string keys
// with values, a quota, and keys that expire. It is safe for concurrent use.
//
// A key that has expired is absent at once, and gives its quota back when a
// [Sweeper] comes by or a new key needs its place. Values, counters and the
// index of expiry change in one transaction, so they agree whatever happens.
//
// Writes that wait at the same time are joined into one transaction. That needs
// one Space for each owner, kept by the host. Several are as correct, here or in
// other processes, but conflict with each other.
type Space struct {
	store Store
	owner ownerKey
	c     SpaceConfig
	queue combine.Queue[*op]
}

// NewSpace returns the data under the key owner in s. No owner may be the start
// of another one's key; ending it with a slash sees to that.
func NewSpace(s Store, owner Key, c SpaceConfig) *Space {
	if c.MaxKeys == 0 {
		c.MaxKeys = 1000
	}
	if c.MaxValue == 0 {
		c.MaxValue = 102_400
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	sp := &Space{store: s, owner: ownerKey(owner), c: c}
	sp.queue.Perform, sp.queue.MaxItems, sp.queue.MaxCost = sp.perform, maxBatchOps, MaxTxBytes
	return sp
}

// Get returns the value of key, or [ErrNotFound].
func (sp *Space) Get(ctx context.Context, key string) ([]byte, error) {
	if err := sp.owner.checkKey(key); err != nil {
		return nil, err
	}
	e, err := sp.owner.read(ctx, sp.store, key)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	if !sp.alive(e) {
		return nil, ErrNotFound
	}
	return e.value, nil
}

// GetMany returns the values of keys as they are at one moment, in the same
// order; nil for an absent one.
func (sp *Space) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	for _, key := range keys {
		if err := sp.owner.checkKey(key); err != nil {
			return nil, err
		}
	}
	var values [][]byte
	err := sp.store.Update(ctx, func(tx Tx) error {
		values = make([][]byte, len(keys))
		for i, key := range keys {
			e, err := sp.owner.read(ctx, tx, key)
			if err != nil {
				return err
			}
			if sp.alive(e) {
				values[i] = e.value
			}
		}
		return nil
	})
	return values, err
}

// List returns up to limit keys that start with prefix and are greater than
// after, in order. Fewer than limit means that there are no more.
func (sp *Space) List(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("%w: limit %d is not positive", ErrInvalid, limit)
	}
	var found []string
	err := sp.store.Update(ctx, func(tx Tx) error {
		found = nil
		for after := after; len(found) < limit; {
			want := limit - len(found)
			keys, err := sp.page(ctx, tx, prefix, after, want)
			if err != nil {
				return err
			}
			alive, err := sp.withoutExpired(ctx, tx, prefix, after, keys)
			if err != nil {
				return err
			}
			found = append(found, alive...)
			if len(keys) < want {
				return nil
			}
			after = keys[len(keys)-1]
		}
		return nil
	})
	return found, err
}

// page returns keys, expired or not.
func (sp *Space) page(ctx context.Context, tx Tx, prefix, after string, limit int) ([]string, error) {
	base := sp.owner.value("")
	stored, err := tx.Keys(ctx, base+Key(prefix), base+Key(after), limit)
	keys := make([]string, len(stored))
	for i, key := range stored {
		keys[i] = string(key[len(base):])
	}
	return keys, err
}

// withoutExpired returns those of keys, the page behind after, that have not expired.
func (sp *Space) withoutExpired(ctx context.Context, tx Tx, prefix, after string, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	base := sp.owner.expiry("")
	expiring, err := tx.Scan(ctx, base+Key(prefix), base+Key(after), len(keys))
	if err != nil {
		return nil, err
	}
	expired := make(map[string]bool, len(expiring))
	for _, pair := range expiring {
		at, err := decodeExpiry(pair.Value)
		if err != nil {
			return nil, err
		}
		expired[string(pair.Key[len(base):])] = at.passed(sp.c.Now())
	}
	alive := keys[:0]
	for _, key := range keys {
		if !expired[key] {
			alive = append(alive, key)
		}
	}
	return alive, nil
}

// Usage returns what counts towards the quota.
func (sp *Space) Usage(ctx context.Context) (Usage, error) { return sp.owner.readUsage(ctx, sp.store) }

// eraseBatch is how many keys one transaction of Erase removes: their values are
// read, to be counted.
const eraseBatch = 32

// Erase removes everything, in several transactions. When it fails, or the
// process ends, what is left is whole, and calling it again goes on.
func (sp *Space) Erase(ctx context.Context) error {
	for {
		var removed int
		err := sp.store.Update(ctx, func(tx Tx) (err error) {
			removed, err = sp.eraseSome(ctx, tx)
			return err
		})
		if err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("erasing: %w", err)
		}
		if err == nil && removed == 0 {
			return nil
		}
	}
}

func (sp *Space) eraseSome(ctx context.Context, tx Tx) (removed int, err error) {
	base := sp.owner.value("")
	pairs, err := tx.Scan(ctx, base, "", eraseBatch)
	if err != nil || len(pairs) == 0 {
		return 0, err
	}
	u, err := sp.owner.readUsage(ctx, tx)
	if err != nil {
		return 0, err
	}
	for _, pair := range pairs {
		e, err := openEnvelope(pair.Value)
		if err != nil {
			return 0, err
		}
		if err := sp.owner.change(tx, &u, string(pair.Key[len(base):]), e, entry{}); err != nil {
			return 0, err
		}
	}
	return len(pairs), sp.owner.writeUsage(tx, u)
}

// alive reports whether e is a value that has not expired.
func (sp *Space) alive(e entry) bool { return e.present && !e.expires.passed(sp.c.Now()) }
