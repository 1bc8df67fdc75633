package badgerstore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// writer writes, or reads, the i-th value.
type writer func(i int) error

// rawWriter has each caller commit a transaction of its own.
func rawWriter(b *testing.B, sync bool) writer {
	db := openRaw(b, sync)
	return func(i int) error {
		txn := db.NewTransaction(true)
		defer txn.Discard()
		if err := txn.Set([]byte(benchKey(i)), benchValue); err != nil {
			return err
		}
		return txn.Commit()
	}
}

func annexWriter(b *testing.B, sync SyncMode) writer {
	s := openAnnex(b, sync)
	return func(i int) error {
		return s.Update(context.Background(), func(tx storage.Tx) error {
			return tx.Put(storage.Key(benchKey(i)), benchValue)
		})
	}
}

// spaceWriter does what an extension does: all callers write to its one Space,
// whose quota is counted.
func spaceWriter(b *testing.B, sync SyncMode) writer {
	sp := benchSpace(openAnnex(b, sync))
	return func(i int) error {
		return sp.Set(context.Background(), fmt.Sprintf("note:%06d", i%10_000), benchValue, 0)
	}
}

// perWrite has callers write n values, the first of them number from, and
// returns the time that one takes.
func perWrite(b *testing.B, w writer, callers, from, n int) time.Duration {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := w(from + i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start) / time.Duration(n)
}

// sideBySide lets the writers take turns, b.N rounds of some writes, and
// reports the median time of each, and of the others in relation to the first.
func sideBySide(b *testing.B, callers, writes int, names []string, writers []writer) {
	b.Helper()
	times := make([][]time.Duration, len(writers))
	for round := range b.N {
		for i, w := range writers {
			times[i] = append(times[i], perWrite(b, w, callers, round*writes, writes))
		}
	}
	var first float64
	for i, t := range times {
		slices.Sort(t)
		median := float64(t[len(t)/2].Nanoseconds()) / 1000
		b.ReportMetric(median, names[i]+"-µs")
		if i == 0 {
			first = median
		} else {
			b.ReportMetric(median/first, names[i]+"/"+names[0])
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDurableWrite: what does a write cost that survives a power failure,
// beside Badger's own? Run it with -benchtime 15x or so: one is a round.
func BenchmarkDurableWrite(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			sideBySide(b, callers, 50*callers, []string{"raw", "annex", "space"},
				[]writer{rawWriter(b, true), annexWriter(b, SyncGroup), spaceWriter(b, SyncGroup)})
		})
	}
}

// BenchmarkWrite: what does a write cost without its sync?
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			sideBySide(b, callers, 2000, []string{"raw", "annex", "space"},
				[]writer{rawWriter(b, false), annexWriter(b, SyncOff), spaceWriter(b, SyncOff)})
		})
	}
}

func benchSpace(s storage.Store) *storage.Space {
	return storage.NewSpace(s, "ext/demo/acme.notes/", storage.SpaceConfig{MaxKeys: 10_000})
}

// BenchmarkGet: what does a read cost beside Badger's own? The three take turns.
func BenchmarkGet(b *testing.B) {
	const n = 10_000
	db, s := openRaw(b, false), openAnnex(b, SyncOff)
	sp := benchSpace(s)
	for i := range n {
		for _, err := range []error{
			db.Update(func(txn *badger.Txn) error { return txn.Set([]byte(benchKey(i)), benchValue) }),
			put(s, benchKey(i), string(benchValue)),
			sp.Set(context.Background(), benchKey(i), benchValue, 0),
		} {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ResetTimer()
	sideBySide(b, 1, 5000, []string{"raw", "annex", "space"}, []writer{
		func(i int) error {
			return db.View(func(txn *badger.Txn) error {
				item, err := txn.Get([]byte(benchKey(i % n)))
				if err == nil {
					_, err = item.ValueCopy(nil)
				}
				return err
			})
		},
		func(i int) error {
			_, err := s.Get(context.Background(), storage.Key(benchKey(i%n)))
			return err
		},
		func(i int) error {
			_, err := sp.Get(context.Background(), benchKey(i%n))
			return err
		},
	})
}
