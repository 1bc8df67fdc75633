package bench

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/annexhost/annex/runtime/standard"
)

var oneWrite = `export default async ({ request, storage }) => {
  await storage.set('note/' + request.query.n, { text: '` + text + `' });
  return null;
}`

// text is what is written; annex and Badger store the same value.
var text = strings.Repeat("durable ", 12)

// keys is how many different keys are written, in turn.
const keys = 500

// writesOfAnnex is an invocation that writes one value, on a host that syncs.
func writesOfAnnex(tb testing.TB) func() {
	h := openHost(tb, tb.TempDir(), standard.Options{})
	install(tb, h, "bench", oneWrite)
	var n atomic.Int64
	return func() { invoke(tb, h, "bench", fmt.Sprintf("n=%d", n.Add(1)%keys)) }
}

// writesOfBadger is one transaction of Badger that writes the same value.
func writesOfBadger(tb testing.TB) func() {
	db, err := badger.Open(badger.DefaultOptions(tb.TempDir()).WithSyncWrites(true).WithLogger(nil))
	must(tb, err)
	tb.Cleanup(func() { must(tb, db.Close()) })
	value := []byte(`{"text":"` + text + `"}`)
	var n atomic.Int64
	return func() {
		key := fmt.Appendf(nil, "ext/acme/acme.bench/note/%d", n.Add(1)%keys)
		txn := db.NewTransaction(true)
		defer txn.Discard()
		if err := errors.Join(txn.Set(key, value), txn.Commit()); err != nil {
			tb.Error(err)
		}
	}
}

// from measures n calls of f, made by that many callers.
func from(callers int, f func()) func(n int) time.Duration {
	return func(n int) time.Duration {
		var left atomic.Int64
		left.Store(int64(n))
		var all sync.WaitGroup
		began := time.Now()
		for range callers {
			all.Go(func() {
				for left.Add(-1) >= 0 {
					f()
				}
			})
		}
		all.Wait()
		return time.Since(began)
	}
}

// What does a durable write from a handler cost beside Badger's own, and do
// writers who come together share their syncs?
func TestDurableWritesBesideBadger(t *testing.T) {
	annex, raw := writesOfAnnex(t), writesOfBadger(t)
	one := compare(41, side{30, from(1, annex)}, side{30, from(1, raw)})
	ratio := one.ratio(0, 1)
	bar("a durable write from a handler, 1 caller, against Badger with SyncWrites", "at most 1.3 times its time",
		fmt.Sprintf("%s: %.2f times", one.against(0, 1, short), ratio), ratio <= 1.3)

	many := compare(21, side{640, from(64, annex)}, side{128, from(64, raw)})
	rate := many.ratio(1, 0)
	bar("the same from 64 callers", "at least 4 times its rate",
		fmt.Sprintf("%s: %.1f times", many.against(0, 1, perSecond), rate), rate >= 4)
}

func BenchmarkDurableWrite(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("annex/%d", callers), func(b *testing.B) {
			run := from(callers, writesOfAnnex(b))
			b.ResetTimer()
			run(b.N)
		})
		b.Run(fmt.Sprintf("badger/%d", callers), func(b *testing.B) {
			run := from(callers, writesOfBadger(b))
			b.ResetTimer()
			run(b.N)
		})
	}
}
