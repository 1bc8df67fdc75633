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
func (tx *Tx) walk(ctx context.Context, prefix, after storage.Key, limit int, visit visitor) error {
	if err := tx.beginRead(ctx); err != nil {
		return err
	}
	if err := CheckLimit(limit); err != nil {
		return tx.fail(err)
	}
	m := &merge{tx: tx, own: tx.ownKeys(prefix, after), visit: visit, left: limit}
	walked := 0
	err := tx.state.Walk(prefix, after, func(key storage.Key, value func() ([]byte, error)) bool {
		if walked++; walked%checkEvery == 0 && ctx.Err() != nil {
			m.err = ctx.Err()
			return false
		}
		return m.emitOwn(key) && m.emitState(key, value)
	})
	if err == nil && m.err == nil && m.left > 0 {
		m.emitOwn("")
	}
	if err == nil {
		err = m.err
	}
	if err != nil {
		return tx.fail(err)
	}
	seen := Range{Prefix: prefix, After: after, Open: true}
	if m.left == 0 {
		seen.Last, seen.Open = m.last, false
	}
	tx.reads.addRange(seen)
	return nil
}

type visitor func(key storage.Key, value func() ([]byte, error)) error

// merge puts the own writes of a transaction among the keys of its state.
type merge struct {
	tx    *Tx
	own   []storage.Key // own writes that are still to come, in order
	visit visitor
	left  int         // how many keys may still be visited
	last  storage.Key // the last one that was
	err   error
}

// emit visits one key, and reports whether there may be more.
func (m *merge) emit(key storage.Key, value func() ([]byte, error)) bool {
	if m.err = m.visit(key, value); m.err != nil {
		return false
	}
	m.last = key
	m.left--
	return m.left > 0
}

// emitOwn visits the own writes that are smaller than key; all of them for "".
func (m *merge) emitOwn(key storage.Key) bool {
	for len(m.own) > 0 && (key == "" || m.own[0] < key) {
		w := m.tx.writes[m.own[0]]
		if !w.Delete && !m.emit(m.own[0], func() ([]byte, error) { return append([]byte{}, w.Value...), nil }) {
			return false
		}
		m.own = m.own[1:]
	}
	return true
}

// emitState visits a key of the state, unless it was replaced or removed here:
// then emitOwn deals with it.
func (m *merge) emitState(key storage.Key, value func() ([]byte, error)) bool {
	if len(m.own) > 0 && m.own[0] == key {
		return true
	}
	return m.emit(key, value)
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
