package optimistic

import (
	"context"
	"slices"
	"strings"

	"github.com/annexhost/annex/storage"
)

// checkEvery is how many keys a scan walks between two looks at its context.
const checkEvery = 256

// Scan implements [storage.Reader] over state.
func Scan(ctx context.Context, state State, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	tx := Tx{state: state}
	return tx.Scan(ctx, prefix, after, limit)
}

// Keys implements [storage.Reader] over state.
func Keys(ctx context.Context, state State, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	tx := Tx{state: state}
	return tx.Keys(ctx, prefix, after, limit)
}

// Scan implements [storage.Reader].
func (tx *Tx) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	var pairs []storage.Pair
	err := tx.walk(ctx, prefix, after, limit, func(key storage.Key, value func() ([]byte, error)) error {
		v, err := value()
		pairs = append(pairs, storage.Pair{Key: key, Value: v})
		return err
	})
	if err != nil {
		return nil, err
	}
	return pairs, nil
}

// Keys implements [storage.Reader].
func (tx *Tx) Keys(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	var keys []storage.Key
	err := tx.walk(ctx, prefix, after, limit, func(key storage.Key, _ func() ([]byte, error)) error {
		keys = append(keys, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// walk calls visit for up to limit keys of the state and the transaction's own
// writes together, and notes the range that it has seen.
func (tx *Tx) walk(
	ctx context.Context, prefix, after storage.Key, limit int,
	visit func(storage.Key, func() ([]byte, error)) error,
) error {
	if err := tx.begin(ctx); err != nil {
		return err
	}
	if err := CheckLimit(limit); err != nil {
		return tx.fail(err)
	}
	var (
		own    = tx.ownKeys(prefix, after)
		seen   = Range{Prefix: prefix, After: after, Open: true}
		found  int
		walked int
		failed error
	)
	// emit visits one key and reports whether there may be more.
	emit := func(key storage.Key, value func() ([]byte, error)) bool {
		if failed = visit(key, value); failed != nil {
			return false
		}
		if found++; found == limit {
			seen.Last, seen.Open = key, false
		}
		return found < limit
	}
	// emitOwn visits the own writes that are smaller than key; all of them for "".
	emitOwn := func(key storage.Key) bool {
		for len(own) > 0 && (key == "" || own[0] < key) {
			w := tx.writes[own[0]]
			if !w.Delete && !emit(own[0], func() ([]byte, error) { return append([]byte{}, w.Value...), nil }) {
				return false
			}
			own = own[1:]
		}
		return true
	}
	err := tx.state.Walk(prefix, after, func(key storage.Key, value func() ([]byte, error)) bool {
		if walked++; walked%checkEvery == 0 {
			if failed = ctx.Err(); failed != nil {
				return false
			}
		}
		if !emitOwn(key) {
			return false
		}
		if len(own) > 0 && own[0] == key {
			return true // replaced or removed here: emitOwn deals with it
		}
		return emit(key, value)
	})
	if err == nil && failed == nil && found < limit {
		emitOwn("")
	}
	if err == nil {
		err = failed
	}
	if err != nil {
		return tx.fail(err)
	}
	tx.reads.addRange(seen)
	return nil
}

// ownKeys returns the keys written that start with prefix and are greater than
// after, in order.
func (tx *Tx) ownKeys(prefix, after storage.Key) []storage.Key {
	var keys []storage.Key
	for key := range tx.writes {
		if key > after && strings.HasPrefix(string(key), string(prefix)) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
