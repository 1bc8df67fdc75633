package memstore

import (
	"context"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// held is a state that is held. It implements [storage.Snapshot].
type held struct {
	store *Store
	root  *node
}

// Snapshot implements [storage.Snapshotter].
func (s *Store) Snapshot() (storage.Snapshot, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	return &held{s, s.state()}, nil
}

// Close implements [storage.Snapshot].
func (h *held) Close() {}

// Get implements [storage.Reader].
func (h *held) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := optimistic.CheckKey(key); err != nil {
		return nil, err
	}
	if !h.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer h.store.gate.Leave()
	return h.root.Get(key)
}

// Scan implements [storage.Reader].
func (h *held) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	if !h.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer h.store.gate.Leave()
	return optimistic.Scan(ctx, h.root, prefix, after, limit)
}

// Keys implements [storage.Reader].
func (h *held) Keys(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	if !h.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer h.store.gate.Leave()
	return optimistic.Keys(ctx, h.root, prefix, after, limit)
}

// Walk implements [storage.Snapshot].
func (h *held) Walk(ctx context.Context, prefix, after storage.Key, visit func(storage.Pair) error) error {
	if !h.store.gate.Enter() {
		return storage.ErrClosed
	}
	defer h.store.gate.Leave()
	return optimistic.Walk(ctx, h.root, prefix, after, visit)
}
