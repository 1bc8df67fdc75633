package badgerstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/annexhost/annex/storage"
)

// openRaw opens Badger as its documentation does.
func openRaw(b *testing.B, sync bool) *badger.DB {
	b.Helper()
	db, err := badger.Open(badger.DefaultOptions(b.TempDir()).WithLogger(nil).WithSyncWrites(sync))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

func openAnnex(b *testing.B, sync SyncMode) *Store {
	b.Helper()
	s := mustOpen(b, Config{Dir: b.TempDir(), Sync: sync})
	b.Cleanup(func() { s.Close() })
	return s
}

func benchKey(i int) string { return fmt.Sprintf("ext/demo/acme.notes/k/note:%08d", i) }

var benchValue = []byte(`{"title":"a note of the usual size","text":"Lorem ipsum dolor sit amet, consectetur adipiscing elit.","done":false}`)

// callers calls f b.N times from n goroutines.
func callers(b *testing.B, n int, f func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkDurableWrite: what does a write cost that survives a power failure,
// beside Badger's own?
func BenchmarkDurableWrite(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("raw-%d", n), func(b *testing.B) {
			writeRaw(b, n, true)
		})
		b.Run(fmt.Sprintf("annex-%d", n), func(b *testing.B) {
			writeAnnex(b, n, SyncGroup)
		})
		b.Run(fmt.Sprintf("space-%d", n), func(b *testing.B) {
			writeSpace(b, n, SyncGroup)
		})
	}
}

// writeRaw has each caller commit a transaction of its own.
func writeRaw(b *testing.B, n int, sync bool) {
	db := openRaw(b, sync)
	callers(b, n, func(i int) error {
		txn := db.NewTransaction(true)
		defer txn.Discard()
		if err := txn.Set([]byte(benchKey(i)), benchValue); err != nil {
			return err
		}
		return txn.Commit()
	})
}

func writeAnnex(b *testing.B, n int, sync SyncMode) {
	s := openAnnex(b, sync)
	callers(b, n, func(i int) error {
		return s.Update(context.Background(), func(tx storage.Tx) error {
			return tx.Put(storage.Key(benchKey(i)), benchValue)
		})
	})
}

// writeSpace does what an extension does: all callers write to its one Space,
// whose quota is counted.
func writeSpace(b *testing.B, n int, sync SyncMode) {
	sp := benchSpace(openAnnex(b, sync))
	callers(b, n, func(i int) error {
		return sp.Set(context.Background(), fmt.Sprintf("note:%06d", i%10_000), benchValue, 0)
	})
}

func benchSpace(s storage.Store) *storage.Space {
	return storage.NewSpace(s, "ext/demo/acme.notes/", storage.SpaceConfig{MaxKeys: 10_000})
}

// BenchmarkWrite: what does a write cost without its sync?
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("raw-%d", n), func(b *testing.B) {
			writeRaw(b, n, false)
		})
		b.Run(fmt.Sprintf("annex-%d", n), func(b *testing.B) {
			writeAnnex(b, n, SyncOff)
		})
		b.Run(fmt.Sprintf("space-%d", n), func(b *testing.B) {
			writeSpace(b, n, SyncOff)
		})
	}
}

// BenchmarkGet: what does a read cost beside Badger's own?
func BenchmarkGet(b *testing.B) {
	const n = 10_000
	b.Run("raw", func(b *testing.B) {
		db := openRaw(b, false)
		for i := range n {
			if err := db.Update(func(txn *badger.Txn) error { return txn.Set([]byte(benchKey(i)), benchValue) }); err != nil {
				b.Fatal(err)
			}
		}
		i := 0
		for b.Loop() {
			err := db.View(func(txn *badger.Txn) error {
				item, err := txn.Get([]byte(benchKey(i % n)))
				if err == nil {
					_, err = item.ValueCopy(nil)
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("annex", func(b *testing.B) {
		s := openAnnex(b, SyncOff)
		for i := range n {
			err := s.Update(context.Background(), func(tx storage.Tx) error {
				return tx.Put(storage.Key(benchKey(i)), benchValue)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		i := 0
		for b.Loop() {
			if _, err := s.Get(context.Background(), storage.Key(benchKey(i%n))); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("space", func(b *testing.B) {
		sp := benchSpace(openAnnex(b, SyncOff))
		for i := range n {
			if err := sp.Set(context.Background(), fmt.Sprintf("note:%06d", i), benchValue, 0); err != nil {
				b.Fatal(err)
			}
		}
		i := 0
		for b.Loop() {
			if _, err := sp.Get(context.Background(), fmt.Sprintf("note:%06d", i%n)); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}
