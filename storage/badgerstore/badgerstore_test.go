package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func TestInUseSaysByWhomAndWhatToDo(t *testing.T) {
	dir := t.TempDir()
	openOn(t, Config{Dir: dir}, localDisk{})
	for _, c := range []Config{{Dir: dir}, {Dir: dir, ReadOnly: true}} {
		_, err := Open(c)
		if !errors.Is(err, storage.ErrInUse) {
			t.Fatalf("got error %v, want %v", err, storage.ErrInUse)
		}
		for _, word := range []string{dir, fmt.Sprint(os.Getpid()), "stop it, or use another directory"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("the error does not say %q: %v", word, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		rule string
		c    Config
		says string
	}{
		{"no directory", Config{}, "no directory"},
		{"a file for a directory", Config{Dir: file}, "not a directory"},
		{"reading what is not there", Config{Dir: file + "-not-there", ReadOnly: true}, "no such file"},
	} {
		s, err := Open(test.c)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one that says %q", test.rule, err, test.says)
		}
	}
}
