package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
	"github.com/annexhost/annex/storage/storagetest"
)

const testPrefix = "org/demo/"

// openNamespace returns a namespace in a store that has neighbours on all sides,
// and checks in the end that nobody touched them.
func openNamespace(t *testing.T) storage.Store {
	s := memstore.New()
	neighbours := []storage.Key{"org/demo", "org/demo/", "org/demo0", "org/demn/x", "\xff", "a"}
	err := s.Update(context.Background(), func(tx storage.Tx) error {
		for _, key := range neighbours {
			if err := tx.Put(key, []byte("mine")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, key := range neighbours {
			if value, err := s.Get(context.Background(), key); err != nil || string(value) != "mine" {
				t.Errorf("key %q outside of the namespace is now %q (error %v)", key, value, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing the store behind the namespace: %v", err)
		}
	})
	return storage.Namespace(s, testPrefix)
}

func TestNamespace(t *testing.T) {
	storagetest.Run(t, openNamespace, storagetest.Options{MaxKey: storage.MaxKey - len(testPrefix)})
}

func TestNamespaceInNamespace(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		return storage.Namespace(openNamespace(t), "inner/")
	}, storagetest.Options{MaxKey: storage.MaxKey - len(testPrefix) - len("inner/")})
}

func TestEmptyNamespace(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		return storage.Namespace(memstore.New(), "")
	}, storagetest.Options{})
}

func TestClosingANamespaceLeavesTheStoreOpen(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	n := storage.Namespace(s, "n/")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Get(context.Background(), "a"); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("the closed namespace: got error %v, want %v", err, storage.ErrClosed)
	}
	if _, err := s.Get(context.Background(), "a"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the store: got error %v, want %v", err, storage.ErrNotFound)
	}
}
