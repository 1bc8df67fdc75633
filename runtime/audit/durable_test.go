package audit

import (
	"fmt"
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/badgerstore"
)

func openBadger(t testing.TB, dir string) storage.Store {
	t.Helper()
	store, err := badgerstore.Open(badgerstore.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestChainSurvivesReopening closes and opens the store between appends: heads are
// found where they were left, without an index in memory.
func TestChainSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		store := openBadger(t, dir)
		l, err := Open(store, testKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			add(t, l, Record{Org: fmt.Sprint("org-", i%2), Action: "install"})
		}
		wantRight(t, l, "org-0", uint64(3*(round+1)))
		wantRight(t, l, "org-1", uint64(2*(round+1)))
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkAppendDurable is appends on Badger, each on disk when it returns, by
// callers that wait at the same time.
func BenchmarkAppendDurable(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			store := openBadger(b, b.TempDir())
			defer store.Close()
			l, err := Open(store, testKey, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close(b.Context())
			benchAppend(b, l, callers)
		})
	}
}
