package badgerstore

import (
	"context"
	"sync"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// snapshot is a state that is held. It implements [storage.Snapshot].
type snapshot struct {
	store *Store
	state state
	once  sync.Once
}

// Snapshot implements [storage.Snapshotter].
func (s *Store) Snapshot() (storage.Snapshot, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	return &snapshot{store: s, state: state{s.db, s.views.hold()}}, nil
}

// Close implements [storage.Snapshot].
func (p *snapshot) Close() { p.once.Do(func() { p.store.views.release(p.state.at) }) }

// Get implements [storage.Reader].
func (p *snapshot) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := optimistic.CheckKey(key); err != nil {
		return nil, err
	}
	if !p.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer p.store.gate.Leave()
	return p.state.Get(key)
}

// Scan implements [storage.Reader].
func (p *snapshot) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	if !p.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer p.store.gate.Leave()
	return optimistic.Scan(ctx, p.state, prefix, after, limit)
}

// Keys implements [storage.Reader].
func (p *snapshot) Keys(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	if !p.store.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer p.store.gate.Leave()
	return optimistic.Keys(ctx, p.state, prefix, after, limit)
}

// Walk implements [storage.Snapshot].
func (p *snapshot) Walk(ctx context.Context, prefix, after storage.Key, visit func(storage.Pair) error) error {
	if !p.store.gate.Enter() {
		return storage.ErrClosed
	}
	defer p.store.gate.Leave()
	return optimistic.Walk(ctx, p.state, prefix, after, visit)
}
