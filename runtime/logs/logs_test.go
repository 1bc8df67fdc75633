package logs

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

var ctx = context.Background()

// clock is one that a test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

func open(t *testing.T, s storage.Store, c Config) *Book {
	t.Helper()
	b := Open(s, c)
	t.Cleanup(func() {
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return b
}

func line(org, extension, level, message string) Line {
	return Line{Org: org, Extension: extension, Level: level, Message: message, Invocation: "i-" + message}
}

func messages(t *testing.T, b *Book, q Query) string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	lines, err := b.Read(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range lines {
		all = append(all, l.Message)
	}
	return strings.Join(all, " ")
}

func TestReadFiltersAndKeepsOrder(t *testing.T) {
	store := memstore.New()
	b := open(t, store, Config{Now: newClock().now})
	b.Add(line("acme", "x.b", "info", "1"))
	b.Add(line("acme", "x.a", "error", "2"))
	b.Add(line("acme", "x.b", "debug", "3"))
	b.Add(line("acme2", "x.b", "error", "other"))
	again := open(t, store, Config{Now: newClock().now})
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	b.Add(line("acme", "x.a", "warn", "4"))
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Org: "acme"}, "1 2 3 4"},
		{Query{Org: "acme", Limit: 2}, "3 4"},
		{Query{Org: "acme", Extension: "x.a"}, "2 4"},
		{Query{Org: "acme", Level: "warn"}, "2 4"},
		{Query{Org: "acme", Invocation: "i-3"}, "3"},
		{Query{Org: "nobody"}, ""},
	} {
		if got := messages(t, b, c.q); got != c.want {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
	if got := messages(t, again, Query{Org: "acme"}); got != "1 2 3 4" {
		t.Errorf("another one reads %q", got)
	}
	for _, q := range []Query{{Limit: 1}, {Org: "acme"}, {Org: "acme", Limit: 10_001}, {Org: "acme", Limit: 1, Level: "loud"}} {
		if _, err := b.Read(ctx, q); err != ErrQuery {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestSizeIsBounded(t *testing.T) {
	store := memstore.New()
	b := open(t, store, Config{MaxBytes: 300_000, Now: newClock().now})
	for i := range 2000 {
		b.Add(line("acme", "x.a", "info", fmt.Sprintf("%04d%s", i, strings.Repeat("x", 500))))
		if i%100 == 99 {
			if err := b.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	pairs, err := store.Scan(ctx, "log/", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, p := range pairs {
		size += len(p.Value)
	}
	if size > 300_000 || size < 100_000 {
		t.Errorf("%d bytes are kept", size)
	}
	if lines, err := b.Read(ctx, Query{Org: "acme", Limit: 1}); err != nil || !strings.HasPrefix(lines[0].Message, "1999") {
		t.Errorf("the newest line is not kept: %v", err)
	}
}

func TestWhatTheStoreCannotTakeIsDroppedAndSaid(t *testing.T) {
	b := open(t, memstore.New(), Config{Now: newClock().now})
	b.flushing.Lock() // however long this takes here
	for range 100 {
		b.Add(line("acme", "x.a", "info", strings.Repeat("x", maxPending/50)))
	}
	b.Add(line("other", "x.a", "info", "kept")) // there is room for others
	b.flushing.Unlock()
	if got := messages(t, b, Query{Org: "other"}); got != "kept" {
		t.Errorf("another organization's line: got %q", got)
	}
	lines, err := b.Read(ctx, Query{Org: "acme", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if last := lines[len(lines)-1].Message; !strings.Contains(last, "lines were dropped") {
		t.Errorf("the last line is %.40q", last)
	}
}

// down is a store that takes nothing while it is.
type down struct {
	storage.Store
	is atomic.Bool
}

func (d *down) Update(ctx context.Context, f func(storage.Tx) error) error {
	if d.is.Load() {
		return storage.ErrUnavailable
	}
	return d.Store.Update(ctx, f)
}

// While the store is down nothing grows, and afterwards one line says all that was dropped.
func TestAStoreThatIsDown(t *testing.T) {
	store := &down{Store: memstore.New()}
	b := open(t, store, Config{Now: newClock().now})
	b.stop() // it is flushed here
	<-b.done
	store.is.Store(true)
	const fit, over = 10, 30
	message := strings.Repeat("x", maxOfOne/fit-2*sizeOf(line("", "", "", "")))
	for range fit + over {
		b.Add(Line{Org: "acme", Extension: "x.a", Level: "info", Message: message})
		if err := b.Flush(ctx); err == nil {
			t.Fatal("the store took something")
		}
	}
	b.mu.Lock()
	lines, bytes := len(b.pending[source{"acme", "x.a"}]), b.bytes
	b.mu.Unlock()
	if lines != fit || bytes > maxOfOne {
		t.Errorf("%d lines of %d bytes wait, want %d of at most %d", lines, bytes, fit, maxOfOne)
	}
	store.is.Store(false)
	read, err := b.Read(ctx, Query{Org: "acme", Limit: 100})
	if err != nil || len(read) != fit+1 || read[fit].Message != fmt.Sprintf("%d lines were dropped: the store could not keep up", over) {
		t.Errorf("%d lines, error %v", len(read), err)
	}
}

// What is read at once is bounded by its size too: the newest lines stay.
func TestReadingIsBounded(t *testing.T) {
	b := open(t, memstore.New(), Config{MaxBytes: 4 * maxRead, Now: newClock().now})
	const size, all = 1 << 19, 3 * maxRead / (1 << 19)
	for i := range all {
		b.Add(Line{Org: "acme", Extension: "x.a", Level: "info", Message: fmt.Sprintf("%03d", i) + strings.Repeat("x", size-200)})
		if err := b.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := b.Read(ctx, Query{Org: "acme", Limit: 10_000})
	if want := maxRead / size; err != nil || len(lines) != want || !strings.HasPrefix(lines[want-1].Message, fmt.Sprintf("%03d", all-1)) {
		t.Errorf("%d lines, error %v; want the newest %d", len(lines), err, want)
	}
}

func TestAgeIsBounded(t *testing.T) {
	c := newClock()
	b := open(t, memstore.New(), Config{MaxAge: 48 * time.Hour, Now: c.now})
	b.Add(line("acme", "x.a", "info", "old"))
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	c.forward(24 * time.Hour)
	b.Add(line("acme", "x.a", "info", "new"))
	if err := b.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if got := messages(t, b, Query{Org: "acme"}); got != "old new" {
		t.Errorf("after a day: %q", got)
	}
	c.forward(26 * time.Hour)
	if err := b.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if got := messages(t, b, Query{Org: "acme"}); got != "new" {
		t.Errorf("after two days: %q", got)
	}
}

func TestFollow(t *testing.T) {
	b := open(t, memstore.New(), Config{Now: newClock().now})
	f, err := b.Follow(Query{Org: "acme", Level: "warn"})
	if err != nil {
		t.Fatal(err)
	}
	b.Add(line("acme", "x.a", "info", "quiet"))
	b.Add(line("acme", "x.a", "error", "loud"))
	b.Add(line("other", "x.a", "error", "elsewhere"))
	if l := <-f.Lines(); l.Message != "loud" {
		t.Errorf("followed %q", l.Message)
	}
	for range maxFollowed + 5 { // who does not read keeps nobody waiting
		b.Add(line("acme", "x.a", "error", "flood"))
	}
	if lost := f.Lost(); lost != 5 {
		t.Errorf("lost %d, want 5", lost)
	}
	f.Stop()
	before := len(f.Lines())
	b.Add(line("acme", "x.a", "error", "later"))
	if len(f.Lines()) != before {
		t.Error("it follows after Stop")
	}
}

func TestErase(t *testing.T) {
	store := memstore.New()
	b := open(t, store, Config{Now: newClock().now})
	b.Add(line("acme", "x.a", "info", "stored"))
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	b.Add(line("acme", "x.a", "info", "waiting"))
	b.Add(line("acme", "x.ab", "info", "stays"))
	if err := b.Erase(ctx, "acme", "x.a"); err != nil {
		t.Fatal(err)
	}
	if got := messages(t, b, Query{Org: "acme"}); got != "stays" {
		t.Errorf("left: %q", got)
	}
}
