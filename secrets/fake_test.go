package secrets

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/annexhost/annex/storage"
)

// fakeStore is a map behind a lock.
type fakeStore struct {
	mu   sync.Mutex
	data map[storage.Key][]byte
}

func (s *fakeStore) Get(_ context.Context, key storage.Key) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return get(s.data, key)
}

func (s *fakeStore) Scan(_ context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return scan(s.data, prefix, after, limit)
}

func (s *fakeStore) Update(_ context.Context, f func(storage.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &fakeTx{data: maps.Clone(s.data)}
	if tx.data == nil {
		tx.data = make(map[storage.Key][]byte)
	}
	if err := f(tx); err != nil {
		return err
	}
	s.data = tx.data
	return nil
}

func (s *fakeStore) Keys(_ context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return keys(s.data, prefix, after, limit)
}

func (s *fakeStore) Close() error { return nil }

type fakeTx struct{ data map[storage.Key][]byte }

func (t *fakeTx) Get(_ context.Context, key storage.Key) ([]byte, error) { return get(t.data, key) }
func (t *fakeTx) Scan(_ context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	return scan(t.data, prefix, after, limit)
}
func (t *fakeTx) Put(key storage.Key, value []byte) error {
	t.data[key] = slices.Clone(value)
	return nil
}
func (t *fakeTx) Delete(key storage.Key) error { delete(t.data, key); return nil }

func get(data map[storage.Key][]byte, key storage.Key) ([]byte, error) {
	v, ok := data[key]
	if !ok {
		return nil, storage.ErrNotFound
	}
	return slices.Clone(v), nil
}

func scan(data map[storage.Key][]byte, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	var pairs []storage.Pair
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if strings.HasPrefix(string(key), string(prefix)) && key > after && len(pairs) < limit {
			pairs = append(pairs, storage.Pair{Key: key, Value: slices.Clone(data[key])})
		}
	}
	return pairs, nil
}

func (t *fakeTx) Keys(_ context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	return keys(t.data, prefix, after, limit)
}

func keys(data map[storage.Key][]byte, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	pairs, err := scan(data, prefix, after, limit)
	var out []storage.Key
	for _, p := range pairs {
		out = append(out, p.Key)
	}
	return out, err
}
