// Package memstore is a [storage.Store] in memory: for tests, examples and runs
// that shall leave nothing behind.
//
// It keeps every rule of the contract but durability, so that what works on it
// works on the others.
package memstore

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/gate"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// maxAttempts is how often an Update runs its function before it gives up.
const maxAttempts = 1000

// Store is an ordered map in memory. Make one with [New].
type Store struct {
	gate gate.Gate
	seed maphash.Seed

	mu   sync.Mutex
	now  snapshot
	log  optimistic.Log
	busy map[uint64]int // running Updates by the number of the state they read
}

// snapshot is one committed state and its number.
type snapshot struct {
	root *node
	at   uint64
}

// New returns an empty store.
func New() *Store {
	return &Store{seed: maphash.MakeSeed(), busy: make(map[uint64]int)}
}

// Get implements [storage.Reader].
func (s *Store) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := optimistic.CheckKey(key); err != nil {
		return nil, err
	}
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	return s.state().Get(key)
}

// Scan implements [storage.Reader].
func (s *Store) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	return optimistic.Scan(ctx, s.state(), prefix, after, limit)
}

// Keys implements [storage.Reader].
func (s *Store) Keys(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	return optimistic.Keys(ctx, s.state(), prefix, after, limit)
}

// Update implements [storage.Store].
func (s *Store) Update(ctx context.Context, f func(tx storage.Tx) error) error {
	if !s.gate.Enter() {
		return storage.ErrClosed
	}
	defer s.gate.Leave()
	for range maxAttempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err := s.attempt(ctx, f); done {
			return err
		}
	}
	return fmt.Errorf("%w: gave up after %d attempts", storage.ErrConflict, maxAttempts)
}

// Close implements [storage.Store]. It forgets everything.
func (s *Store) Close() error {
	if s.gate.Close() {
		s.now = snapshot{}
	}
	return nil
}

// attempt runs f once, and reports whether that decides the Update.
func (s *Store) attempt(ctx context.Context, f func(storage.Tx) error) (done bool, err error) {
	read := s.begin()
	defer s.end(read)
	tx, err := optimistic.Run(read.root, false, f)
	if err != nil {
		return true, err
	}
	if len(tx.Writes()) == 0 {
		return true, nil
	}
	if err := ctx.Err(); err != nil {
		return true, err
	}
	return s.commit(read, tx), nil
}

// begin returns the present state, for an Update that calls end with it.
func (s *Store) begin() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[s.now.at]++
	return s.now
}

// end lets go of what the log has kept for an Update.
func (s *Store) end(read snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[read.at]--; s.busy[read.at] > 0 {
		return
	}
	delete(s.busy, read.at)
	oldest := s.now.at
	for at := range s.busy {
		oldest = min(oldest, at)
	}
	s.log.Forget(oldest)
}

// commit makes the writes of tx the next state unless what tx has read has changed.
func (s *Store) commit(read snapshot, tx *optimistic.Tx) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log.Conflicts(read.at, tx.Reads()) {
		return false
	}
	root := s.now.root
	for key, w := range tx.Writes() {
		if w.Delete {
			root = root.remove(key)
		} else {
			root = root.insert(key, w.Value, maphash.String(s.seed, string(key)))
		}
	}
	s.now = snapshot{root: root, at: s.now.at + 1}
	s.log.Add(s.now.at, tx.Writes())
	return true
}

func (s *Store) state() *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.root
}
