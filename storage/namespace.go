package storage

import (
	"context"
	"fmt"

	"github.com/annexhost/annex/storage/internal/gate"
)

// Namespace returns the part of s whose keys start with prefix, as a Store whose
// keys are without it. Keys may be as much shorter as prefix is long. Closing it
// closes this view alone; s stays open.
func Namespace(s Store, prefix Key) Store { return &namespace{store: s, prefix: prefix} }

type namespace struct {
	store  Store
	prefix Key
	gate   gate.Gate
}

// Get implements [Reader].
func (n *namespace) Get(ctx context.Context, key Key) ([]byte, error) {
	if !n.gate.Enter() {
		return nil, ErrClosed
	}
	defer n.gate.Leave()
	return within{n.store, n.prefix}.get(ctx, key)
}

// Scan implements [Reader].
func (n *namespace) Scan(ctx context.Context, prefix, after Key, limit int) ([]Pair, error) {
	if !n.gate.Enter() {
		return nil, ErrClosed
	}
	defer n.gate.Leave()
	return within{n.store, n.prefix}.scan(ctx, prefix, after, limit)
}

// Keys implements [Reader].
func (n *namespace) Keys(ctx context.Context, prefix, after Key, limit int) ([]Key, error) {
	if !n.gate.Enter() {
		return nil, ErrClosed
	}
	defer n.gate.Leave()
	return within{n.store, n.prefix}.keys(ctx, prefix, after, limit)
}

// Update implements [Store].
func (n *namespace) Update(ctx context.Context, f func(tx Tx) error) error {
	if !n.gate.Enter() {
		return ErrClosed
	}
	defer n.gate.Leave()
	return n.store.Update(ctx, func(tx Tx) error {
		inner := &namespaceTx{tx: tx, in: within{tx, n.prefix}}
		if err := f(inner); err != nil {
			return err
		}
		return inner.failed
	})
}

// Close implements [Store].
func (n *namespace) Close() error {
	n.gate.Close()
	return nil
}

// namespaceTx is a Tx within a prefix.
type namespaceTx struct {
	tx     Tx
	in     within
	failed error // found here and not in tx, which therefore knows nothing of it
}

// note keeps an error that ends the Update.
func (t *namespaceTx) note(err error) error {
	if err == errEmptyKey {
		t.failed = err
	}
	return err
}

func (t *namespaceTx) Get(ctx context.Context, key Key) ([]byte, error) {
	value, err := t.in.get(ctx, key)
	return value, t.note(err)
}

func (t *namespaceTx) Scan(ctx context.Context, prefix, after Key, limit int) ([]Pair, error) {
	return t.in.scan(ctx, prefix, after, limit)
}

func (t *namespaceTx) Keys(ctx context.Context, prefix, after Key, limit int) ([]Key, error) {
	return t.in.keys(ctx, prefix, after, limit)
}

func (t *namespaceTx) Put(key Key, value []byte) error {
	if key == "" {
		return t.note(errEmptyKey)
	}
	return t.tx.Put(t.in.prefix+key, value)
}

func (t *namespaceTx) Delete(key Key) error {
	if key == "" {
		return t.note(errEmptyKey)
	}
	return t.tx.Delete(t.in.prefix + key)
}

var errEmptyKey = fmt.Errorf("%w: empty key", ErrInvalid)

// within reads what is under a prefix.
type within struct {
	Reader
	prefix Key
}

func (w within) get(ctx context.Context, key Key) ([]byte, error) {
	if key == "" {
		return nil, errEmptyKey
	}
	return w.Get(ctx, w.prefix+key)
}

// scan reads behind prefix+after even when after is empty: the key that is the
// prefix itself has no name in here.
func (w within) scan(ctx context.Context, prefix, after Key, limit int) ([]Pair, error) {
	pairs, err := w.Scan(ctx, w.prefix+prefix, w.prefix+after, limit)
	for i := range pairs {
		pairs[i].Key = pairs[i].Key[len(w.prefix):]
	}
	return pairs, err
}

func (w within) keys(ctx context.Context, prefix, after Key, limit int) ([]Key, error) {
	keys, err := w.Keys(ctx, w.prefix+prefix, w.prefix+after, limit)
	for i := range keys {
		keys[i] = keys[i][len(w.prefix):]
	}
	return keys, err
}
