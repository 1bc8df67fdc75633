package audit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var benchRecord = Record{
	Org: org, Extension: "acme.sync", Actor: "user@example.com", Action: "secret.read", Target: "API_KEY", Outcome: "ok",
	Detail: map[string]string{"version": "1.2.3"}, InvocationID: "0123456789abcdef",
}

// BenchmarkEntry is what one record costs without a store: bounding, encoding,
// and its MAC.
func BenchmarkEntry(b *testing.B) {
	c := newChain(testKey)
	var h head
	b.ReportAllocs()
	for b.Loop() {
		body, err := benchRecord.encode(someTime)
		if err != nil {
			b.Fatal(err)
		}
		h = c.next(org, h, body)
	}
}

// BenchmarkAppend is appends in memory, by callers that wait at the same time.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d", callers), func(b *testing.B) {
			l, err := Open(newStore(b), testKey, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close(b.Context())
			benchAppend(b, l, callers)
		})
	}
}

// benchAppend spreads b.N appends over callers and reports how many a second.
func benchAppend(b *testing.B, l *Log, callers int) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := l.Append(b.Context(), benchRecord); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "appends/s")
}

// BenchmarkVerify walks 10,000 entries.
func BenchmarkVerify(b *testing.B) {
	store := newStore(b)
	const n = 10_000
	fill(b, store, n)
	l, err := Open(store, testKey, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(b.Context())
	for b.Loop() {
		if r, err := l.Verify(b.Context(), org); err != nil || r.FirstBad != nil || r.Entries != n {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "entries/s")
}
