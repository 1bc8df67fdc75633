package badgerstore

import (
	"context"
	"errors"
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/storagetest"
)

// mustOpen opens a store.
func mustOpen(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openNew(t *testing.T) storage.Store { return mustOpen(t, Config{Dir: t.TempDir()}) }

func TestStore(t *testing.T) {
	reopen := func(t *testing.T, s storage.Store, c Config) storage.Store {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return mustOpen(t, c)
	}
	storagetest.Run(t, openNew, storagetest.Options{
		Reopen: func(t *testing.T, s storage.Store) storage.Store {
			return reopen(t, s, Config{Dir: s.(*Store).dir})
		},
		OpenForReading: func(t *testing.T, s storage.Store) storage.Store {
			return reopen(t, s, Config{Dir: s.(*Store).dir, ReadOnly: true})
		},
		OpenAgain: func(t *testing.T, s storage.Store) error {
			_, err := Open(Config{Dir: s.(*Store).dir})
			return err
		},
	})
}

func FuzzStore(f *testing.F) { storagetest.Fuzz(f, openNew) }

// TestAReaderKeepsItsState: what an Update reads is there as long as it runs,
// whatever is overwritten and merged meanwhile.
func TestAReaderKeepsItsState(t *testing.T) {
	s := openOn(t, Config{Sync: SyncOff}, localDisk{})
	if err := put(s, "k", "old"); err != nil {
		t.Fatal(err)
	}
	err := s.Update(context.Background(), func(tx storage.Tx) error {
		if err := errors.Join(put(s, "k", "new"), put(s, "junk", "x")); err != nil {
			return err
		}
		// Dropping a prefix makes Badger write its tables and merge them.
		if err := s.db.DropPrefix(badgerKey("junk")); err != nil {
			return err
		}
		wantValue(t, tx, "k", "old")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "k", "new")
}
