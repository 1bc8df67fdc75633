package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

const testOwner storage.Key = "ext/demo/acme.notes/"

// clock is a time that the test sets.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(1_700_000_000_000 + c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// fixture is a Space in a store of its own.
type fixture struct {
	*testing.T
	store *memstore.Store
	space *storage.Space
	clock *clock
}

var ctx = context.Background()

func newFixture(t *testing.T, c storage.SpaceConfig) *fixture {
	t.Helper()
	f := &fixture{T: t, store: memstore.New(), clock: &clock{}}
	c.Now = f.clock.now
	f.space = storage.NewSpace(f.store, testOwner, c)
	t.Cleanup(func() {
		if _, err := storage.CheckSpace(ctx, f.store, testOwner); err != nil {
			t.Errorf("after the test: %v", err)
		}
		if err := f.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) set(key, value string, d time.Duration) {
	f.Helper()
	if err := f.space.Set(ctx, key, []byte(value), d); err != nil {
		f.Fatalf("Set %q: %v", key, err)
	}
}

func (f *fixture) want(key, want string) {
	f.Helper()
	got := "-"
	value, err := f.space.Get(ctx, key)
	switch {
	case err == nil:
		got = string(value)
	case !errors.Is(err, storage.ErrNotFound):
		f.Fatalf("Get %q: %v", key, err)
	}
	if got != want {
		f.Errorf("value of %q: got %q, want %q", key, got, want)
	}
}

func (f *fixture) wantList(prefix, after string, limit int, want ...string) {
	f.Helper()
	got, err := f.space.List(ctx, prefix, after, limit)
	if err != nil || !slices.Equal(got, want) {
		f.Errorf("List(%q, %q, %d): got %q, error %v; want %q", prefix, after, limit, got, err, want)
	}
}

func (f *fixture) wantUsage(keys int, bytes int64) {
	f.Helper()
	got, err := f.space.Usage(ctx)
	if want := (storage.Usage{Keys: keys, Bytes: bytes}); err != nil || got != want {
		f.Errorf("Usage: got %+v, error %v; want %+v", got, err, want)
	}
}

func (f *fixture) sweep(want int) {
	f.Helper()
	if n, err := storage.NewSweeper(f.store).Sweep(ctx, f.clock.now()); err != nil || n != want {
		f.Errorf("Sweep: removed %d, error %v; want %d", n, err, want)
	}
}

func TestSpaceValues(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	f.want("a", "-")
	f.set("a", "1", 0)
	f.set("empty", "", 0)
	f.want("a", "1")
	f.want("empty", "")
	f.wantUsage(2, 1+1+5)
	f.set("a", "three", 0)
	f.want("a", "three")
	f.wantUsage(2, 1+5+5)
	for range 2 {
		if err := f.space.Delete(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		f.want("a", "-")
		f.wantUsage(1, 5)
	}
	if err := f.space.Delete(ctx, "empty"); err != nil {
		t.Fatal(err)
	}
	if keys, err := f.store.Keys(ctx, "", "", 10); err != nil || len(keys) != 0 {
		t.Errorf("an empty space leaves %q (error %v)", keys, err)
	}
}

func TestSpacesAreApart(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{MaxKeys: 1})
	other := storage.NewSpace(f.store, "ext/demo/acme.other/", storage.SpaceConfig{MaxKeys: 1, Now: f.clock.now})
	f.set("a", "mine", time.Minute)
	if err := other.Set(ctx, "a", []byte("theirs"), time.Hour); err != nil {
		t.Fatal(err)
	}
	f.want("a", "mine")
	f.clock.advance(time.Minute)
	f.want("a", "-")
	f.sweep(1)
	if value, err := other.Get(ctx, "a"); err != nil || string(value) != "theirs" {
		t.Errorf("the other space: got %q, error %v", value, err)
	}
	if err := f.space.Erase(ctx); err != nil {
		t.Fatal(err)
	}
	if u, err := storage.CheckSpace(ctx, f.store, "ext/demo/acme.other/"); err != nil || u.Keys != 1 {
		t.Errorf("the other space: %+v, error %v", u, err)
	}
}

func TestSpaceExpiry(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	f.set("short", "1", time.Second)
	f.set("long", "2", time.Hour)
	f.set("ever", "3", 0)
	f.clock.advance(999 * time.Millisecond)
	f.want("short", "1")
	f.clock.advance(time.Millisecond)
	f.want("short", "-")
	f.wantList("", "", 10, "ever", "long")
	values, err := f.space.GetMany(ctx, []string{"long", "short", "none", "ever"})
	if err != nil || fmt.Sprintf("%q", values) != `["2" "" "" "3"]` || values[1] != nil || values[2] != nil {
		t.Errorf("GetMany: got %q, error %v", values, err)
	}
	f.wantUsage(3, 6+5+5) // the expired one counts until it is swept
	f.sweep(1)
	f.wantUsage(2, 5+5)
	f.sweep(0)

	f.set("long", "kept", 0) // no expiry any more
	f.set("ever", "gone", time.Second)
	f.clock.advance(2 * time.Hour)
	f.sweep(1)
	f.want("long", "kept")
	f.want("ever", "-")

	f.set("again", "1", time.Minute)
	f.clock.advance(time.Hour)
	f.set("again", "2", time.Minute) // over one that has expired
	f.want("again", "2")
	f.sweep(0)
	f.clock.advance(time.Minute)
	f.sweep(1)
	f.wantUsage(1, 8)
}

func TestSpaceQuotas(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{MaxKeys: 3, MaxValue: 10})
	tooMany, tooLarge := "Storage limit exceeded: maximum 3 keys per extension", "Value too large: 11 bytes (max 10 bytes)"
	wantQuota := func(what string, err error, text string) {
		t.Helper()
		var quota *storage.QuotaError
		if !errors.As(err, &quota) || err.Error() != text {
			t.Errorf("%s: got error %v, want a QuotaError: %s", what, err, text)
		}
	}
	eleven := []byte("12345678901")
	wantQuota("large value", f.space.Set(ctx, "a", eleven, 0), tooLarge)
	f.set("a", "1234567890", 0)
	f.set("b", "2", 0)
	wantQuota("two more", f.space.SetMany(ctx, []storage.Pair{{Key: "c"}, {Key: "d"}}), tooMany)
	f.want("c", "-")
	if err := f.space.SetMany(ctx, []storage.Pair{{Key: "c", Value: []byte("x")}, {Key: "a"}, {Key: "c", Value: []byte("y")}}); err != nil {
		t.Errorf("SetMany of one new key: %v", err)
	}
	f.want("c", "y")
	f.want("a", "")
	f.wantUsage(3, 1+2+2)
	wantQuota("a fourth", f.space.Set(ctx, "d", nil, 0), tooMany)
	create := func([]byte) ([]byte, error) { return []byte("x"), nil }
	wantQuota("a fourth by Modify", f.space.Modify(ctx, "d", create), tooMany)
	wantQuota("large value by Modify", f.space.Modify(ctx, "a", func([]byte) ([]byte, error) { return eleven, nil }), tooLarge)
	f.set("a", "again", 0) // one that is there is no new key
	if err := f.space.Delete(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	f.set("d", "4", 0)
	f.wantList("", "", 10, "a", "c", "d")

	unlimited := storage.NewSpace(f.store, testOwner, storage.SpaceConfig{MaxKeys: -1, MaxValue: -1})
	if err := unlimited.Set(ctx, "e", make([]byte, storage.MaxValue-9), 0); err != nil {
		t.Errorf("without limits: %v", err)
	}
	if err := unlimited.Set(ctx, "e", make([]byte, storage.MaxValue), 0); !errors.Is(err, storage.ErrTooLarge) {
		t.Errorf("more than the store takes: got error %v, want %v", err, storage.ErrTooLarge)
	}
}

func TestExpiredKeysKeepNoPlace(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{MaxKeys: 4})
	f.set("x1", "1", time.Second)
	f.set("x2", "2", time.Second)
	f.set("long", "3", time.Hour)
	f.set("ever", "4", 0)
	f.clock.advance(time.Second)
	f.set("new", "5", 0) // takes the place of one of them
	f.wantUsage(4, 3+1+2+1+4+1+4+1)
	// One key is new, one replaces what has expired: both places are taken.
	if err := f.space.SetMany(ctx, []storage.Pair{{Key: "x2", Value: []byte("6")}}); err != nil {
		t.Fatal(err)
	}
	f.wantList("", "", 10, "ever", "long", "new", "x2")
	var quota *storage.QuotaError
	if err := f.space.Set(ctx, "more", nil, 0); !errors.As(err, &quota) {
		t.Errorf("a fifth key: got error %v", err)
	}
	f.clock.advance(time.Hour)
	if err := f.space.SetMany(ctx, []storage.Pair{{Key: "long", Value: []byte("7")}, {Key: "more"}}); !errors.As(err, &quota) {
		t.Errorf("an expired key that is written again keeps its place: got error %v", err)
	}
	f.set("more", "8", 0)
	f.wantList("", "", 10, "ever", "more", "new", "x2")
}

func TestSpaceList(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	var all, alive []string
	for i := range 60 {
		key := fmt.Sprintf("k/%02d", i)
		d := time.Duration(0)
		if i%3 == 0 || i >= 20 && i < 40 {
			d = time.Minute
		} else {
			alive = append(alive, key)
		}
		f.set(key, "x", d)
		all = append(all, key)
	}
	f.set("l", "x", 0)
	f.wantList("k/", "", 100, all...)
	f.clock.advance(time.Minute)
	f.wantList("k/", "", 100, alive...)
	f.wantList("k/", "k/19", 2, "k/40", "k/41") // behind a run of expired ones
	f.wantList("", "k/59", 5, "l")
	f.wantList("none", "", 5)
	var paged []string
	for after := ""; ; after = paged[len(paged)-1] {
		page, err := f.space.List(ctx, "k/", after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if paged = append(paged, page...); len(page) < 7 {
			break
		}
	}
	if !slices.Equal(paged, alive) {
		t.Errorf("paged: got %q, want %q", paged, alive)
	}
	if _, err := f.space.List(ctx, "", "", 0); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("limit 0: got error %v, want %v", err, storage.ErrInvalid)
	}
}

func TestSpaceModify(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	to := func(value string) func([]byte) ([]byte, error) {
		return func(old []byte) ([]byte, error) { return []byte(string(old) + value), nil }
	}
	modify := func(key string, g func([]byte) ([]byte, error)) {
		t.Helper()
		if err := f.space.Modify(ctx, key, g); err != nil {
			t.Fatalf("Modify %q: %v", key, err)
		}
	}
	modify("a", func(old []byte) ([]byte, error) {
		if old != nil {
			t.Errorf("an absent key: got %q, want nil", old)
		}
		return []byte{}, nil
	})
	modify("a", func(old []byte) ([]byte, error) {
		if old == nil {
			t.Error("an empty value is given as nil")
		}
		return []byte("1"), nil
	})
	modify("a", to("2"))
	f.want("a", "12")
	mine := errors.New("mine")
	if err := f.space.Modify(ctx, "a", func([]byte) ([]byte, error) { return []byte("x"), mine }); err != mine {
		t.Errorf("an error of the function: got %v, want %v as it was", err, mine)
	}
	f.want("a", "12")

	f.set("b", "1", time.Minute)
	modify("b", to("2"))
	f.want("b", "12")
	f.clock.advance(time.Minute) // a changed key keeps its expiry
	f.want("b", "-")
	modify("b", to("new"))
	f.want("b", "new")
	f.clock.advance(time.Hour)
	f.want("b", "new")
	modify("b", func([]byte) ([]byte, error) { return nil, nil })
	f.want("b", "-")
	modify("never", func([]byte) ([]byte, error) { return nil, nil })
	f.wantUsage(1, 3)
}

func TestSpaceRefuses(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	long := strings.Repeat("k", storage.MaxKey)
	for _, test := range []struct {
		key  string
		want error
	}{{"", storage.ErrInvalid}, {long, storage.ErrTooLarge}} {
		_, getErr := f.space.Get(ctx, test.key)
		_, manyErr := f.space.GetMany(ctx, []string{"a", test.key})
		for what, err := range map[string]error{
			"Get":     getErr,
			"GetMany": manyErr,
			"Set":     f.space.Set(ctx, test.key, nil, 0),
			"SetMany": f.space.SetMany(ctx, []storage.Pair{{Key: "a"}, {Key: storage.Key(test.key)}}),
			"Delete":  f.space.Delete(ctx, test.key),
			"Modify":  f.space.Modify(ctx, test.key, func([]byte) ([]byte, error) { return nil, nil }),
		} {
			if !errors.Is(err, test.want) {
				t.Errorf("%s with a key of %d bytes: got error %v, want %v", what, len(test.key), err, test.want)
			}
		}
	}
	if err := f.space.Set(ctx, "a", nil, -time.Second); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a negative expiry: got error %v, want %v", err, storage.ErrInvalid)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.space.Set(canceled, "a", nil, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context: got error %v", err)
	}
	if keys, err := f.store.Keys(ctx, "", "", 10); err != nil || len(keys) != 0 {
		t.Errorf("something was written: %q (error %v)", keys, err)
	}
}

func TestEraseGoesOn(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	for i := range 100 {
		f.set(fmt.Sprintf("k%03d", i), "x", time.Duration(i%2)*time.Hour)
	}
	// The store fails after a while, as a process that ends.
	failing := &failingStore{Store: f.store, updates: 2}
	if err := storage.NewSpace(failing, testOwner, storage.SpaceConfig{}).Erase(ctx); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("Erase over a failing store: got error %v", err)
	}
	if u, err := storage.CheckSpace(ctx, f.store, testOwner); err != nil || u.Keys == 0 || u.Keys == 100 {
		t.Errorf("in the middle: %+v, error %v", u, err)
	}
	if err := f.space.Erase(ctx); err != nil {
		t.Fatal(err)
	}
	if keys, err := f.store.Keys(ctx, "", "", 10); err != nil || len(keys) != 0 {
		t.Errorf("Erase leaves %q (error %v)", keys, err)
	}
}

// failingStore fails after some Updates.
type failingStore struct {
	storage.Store
	updates int
}

func (s *failingStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	if s.updates--; s.updates < 0 {
		return storage.ErrUnavailable
	}
	return s.Store.Update(ctx, f)
}
