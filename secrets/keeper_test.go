package secrets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

var (
	alice = Owner{"org-a", "acme.sync"}
	bob   = Owner{"org-b", "acme.sync"}
)

// fixture is a Keeper over a store that the test can reach.
type fixture struct {
	*Keeper
	t     testing.TB
	store storage.Store
	key   MasterKey
	now   time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, store: newStore(t), key: mustKey(t), now: someTime}
	f.Keeper = f.open(f.key, KeeperConfig{})
	return f
}

func newStore(testing.TB) storage.Store { return memstore.New() }

// open returns another Keeper over the same store.
func (f *fixture) open(key MasterKey, cfg KeeperConfig) *Keeper {
	f.t.Helper()
	cfg.Now = func() time.Time { return f.now }
	k, err := NewKeeper(f.t.Context(), f.store, key, cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	return k
}

func (f *fixture) set(o Owner, name, value string) uint64 {
	f.t.Helper()
	version, err := f.Set(f.t.Context(), o, name, NewValue(value))
	if err != nil {
		f.t.Fatalf("set %q of %s: %v", name, o, err)
	}
	return version
}

// want checks what Get of a fresh Keeper and of f's own says.
func (f *fixture) want(o Owner, name, value string) {
	f.t.Helper()
	for _, k := range []*Keeper{f.Keeper, f.open(f.key, KeeperConfig{})} {
		v, err := k.Get(f.t.Context(), o, name)
		if got := string(v.Reveal()); err != nil || got != value {
			f.t.Errorf("get %q of %s: got %q, %v; want %q", name, o, got, err, value)
		}
	}
}

// wantErr checks that neither a fresh Keeper nor f's own opens a secret.
func (f *fixture) wantErr(o Owner, name string, want error) {
	f.t.Helper()
	for _, k := range []*Keeper{f.Keeper, f.open(f.key, KeeperConfig{})} {
		v, err := k.Get(f.t.Context(), o, name)
		if !errors.Is(err, want) || v.Len() != 0 {
			f.t.Errorf("get %q of %s: got %q, %v; want %v", name, o, v.Reveal(), err, want)
		}
	}
}

func (f *fixture) row(key storage.Key) []byte {
	f.t.Helper()
	b, err := f.store.Get(f.t.Context(), key)
	if err != nil {
		f.t.Fatalf("read %q: %v", key, err)
	}
	return b
}

func (f *fixture) put(key storage.Key, value []byte) {
	f.t.Helper()
	err := f.store.Update(f.t.Context(), func(tx storage.Tx) error {
		if value == nil {
			return tx.Delete(key)
		}
		return tx.Put(key, value)
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestSetGetDelete(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.wantErr(alice, "API_KEY", ErrNotFound)
	if got := f.set(alice, "API_KEY", "one"); got != 1 {
		t.Errorf("first version %d, want 1", got)
	}
	f.want(alice, "API_KEY", "one")
	f.wantErr(bob, "API_KEY", ErrNotFound)
	f.wantErr(alice, "api_key", ErrNotFound)

	if got := f.set(alice, "API_KEY", "two"); got != 2 {
		t.Errorf("second version %d, want 2", got)
	}
	f.want(alice, "API_KEY", "two")
	v, err := f.Get(ctx, alice, "API_KEY")
	if err != nil || v.Version() != 2 {
		t.Errorf("Version = %d, %v; want 2", v.Version(), err)
	}

	f.set(alice, "empty", "")
	f.want(alice, "empty", "")
	f.set(alice, "binary", "\x00\xff\n")
	f.want(alice, "binary", "\x00\xff\n")

	for range 2 { // the second time it is not there, which is no error
		if err := f.Delete(ctx, alice, "API_KEY"); err != nil {
			t.Error(err)
		}
		f.wantErr(alice, "API_KEY", ErrNotFound)
	}
	if err := f.Delete(ctx, bob, "x"); err != nil {
		t.Errorf("delete from an owner without secrets: %v", err)
	}
	if got := f.set(alice, "API_KEY", "three"); got != 5 {
		t.Errorf("version after a delete %d, want 5: none is given twice", got)
	}
	f.want(alice, "API_KEY", "three")
}

func TestListShowsNoValues(t *testing.T) {
	f := newFixture(t)
	if got, err := f.List(t.Context(), alice); err != nil || len(got) != 0 {
		t.Errorf("empty list: %v, %v", got, err)
	}
	f.set(alice, "b", canary)
	f.now = f.now.Add(time.Hour)
	f.set(alice, "a", canary)
	f.set(bob, "c", canary)
	got, err := f.List(t.Context(), alice)
	want := []Info{{Name: "a", Version: 2, UpdatedAt: someTime.Add(time.Hour)}, {Name: "b", Version: 1, UpdatedAt: someTime}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if leaks(fmt.Sprintf("%+v", got)) {
		t.Errorf("the list leaks: %v", got)
	}
}

func TestNothingStoredIsInClear(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "API_KEY", canary)
	pairs, err := f.store.Scan(t.Context(), "", "", 100)
	if err != nil || len(pairs) != 3 {
		t.Fatalf("%d rows, %v; want the root, the owner's row and the value", len(pairs), err)
	}
	for _, p := range pairs {
		if leaks(string(p.Key)) || leaks(string(p.Value)) {
			t.Errorf("%q holds the value", p.Key)
		}
		if !strings.HasPrefix(string(p.Key), "sec/") {
			t.Errorf("%q is not below sec/", p.Key)
		}
	}
}

func TestNames(t *testing.T) {
	f := newFixture(t)
	all := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
	for _, name := range []string{"A", "api_key", "access-token", "v1.key", ".", "..", all, strings.Repeat("n", 128)} {
		f.set(alice, name, "v")
		f.want(alice, name, "v")
	}
	const charset = "Secret name must only contain alphanumeric characters, dots, dashes, and underscores (e.g., API_KEY)"
	for name, want := range map[string]string{
		"":                       "Secret name must be a non-empty string",
		strings.Repeat("n", 129): "Secret name too long: max 128 characters",
		"a b":                    charset, "a/b": charset, "a\x00": charset, "ключ": charset, "a\n": charset, "A%41": charset, "\xff": charset,
	} {
		_, errSet := f.Set(t.Context(), alice, name, NewValue("v"))
		_, errGet := f.Get(t.Context(), alice, name)
		errDelete := f.Delete(t.Context(), alice, name)
		for _, err := range []error{errSet, errGet, errDelete} {
			var e *NameError
			if !errors.As(err, &e) || e.Error() != want {
				t.Errorf("%.20q: got %v, want %s", name, err, want)
			}
		}
	}
	for c := range 256 { // the charset, byte by byte
		err := CheckName(string([]byte{byte(c)}))
		if want := strings.IndexByte(all, byte(c)) >= 0; (err == nil) != want {
			t.Errorf("byte %#x: %v", c, err)
		}
	}
}

func TestQuotas(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.set(alice, "n0", strings.Repeat("x", 10_240))
	_, err := f.Set(ctx, alice, "n0", NewValue(strings.Repeat("x", 10_241)))
	wantQuota(t, err, "Secret value too large: 10241 bytes (max 10240 bytes)", 10_240, 10_241)

	for i := range 49 {
		f.set(alice, fmt.Sprint("m", i), "v")
	}
	_, err = f.Set(ctx, alice, "one-more", NewValue("v"))
	wantQuota(t, err, "Secrets limit exceeded: maximum 50 secrets per extension", 50, 50)
	f.wantErr(alice, "one-more", ErrNotFound)
	f.set(alice, "n0", "a new value of an old name is no new secret")
	f.set(bob, "one-more", "another owner has a quota of its own")
	if err := f.Delete(ctx, alice, "n0"); err != nil {
		t.Fatal(err)
	}
	f.set(alice, "one-more", "room again")
}

func wantQuota(t *testing.T, err error, text string, limit, used int) {
	t.Helper()
	var q *QuotaError
	if !errors.As(err, &q) || q.Error() != text || q.Limit != limit || q.Used != used {
		t.Errorf("got %v (%+v), want %q with limit %d, used %d", err, q, text, limit, used)
	}
}

func TestConfigBounds(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		cfg KeeperConfig
		ok  bool
	}{
		{KeeperConfig{}, true},
		{KeeperConfig{MaxNames: 1000, MaxValue: 64 << 10}, true},
		{KeeperConfig{MaxNames: 1001}, false},
		{KeeperConfig{MaxValue: 64<<10 + 1}, false},
		{KeeperConfig{MaxNames: -1}, false},
		{KeeperConfig{MaxValue: -1}, false},
	} {
		if _, err := NewKeeper(t.Context(), f.store, f.key, tt.cfg); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.cfg, err)
		}
	}
	if _, err := NewKeeper(t.Context(), f.store, MasterKey{}, KeeperConfig{}); !errors.Is(err, ErrNoMasterKey) {
		t.Errorf("no key: got %v, want ErrNoMasterKey", err)
	}
}

// TestLargestOwner fills the operator's largest limits: the index and each value
// still fit in the store, and the owner's removal in one transaction.
func TestLargestOwner(t *testing.T) {
	f := newFixture(t)
	k := f.open(f.key, KeeperConfig{MaxNames: 1000, MaxValue: 64 << 10})
	big := index{}
	for i := range 1000 {
		big.set(fmt.Sprintf("%0128d", i), someTime)
	}
	if n := len(big.encode()) + wrappedSize + overhead; n > storage.MaxValue {
		t.Errorf("the row of 1,000 names has %d bytes, a store takes %d", n, storage.MaxValue)
	}
	if _, err := k.Set(t.Context(), alice, "big", NewValue(strings.Repeat("x", 64<<10))); err != nil {
		t.Error(err)
	}
	if 1000+1 > storage.MaxTxKeys {
		t.Error("an owner's removal is over a transaction's keys")
	}
}

func TestOwnersDoNotMix(t *testing.T) {
	f := newFixture(t)
	owners := []Owner{
		{"a", "bc"}, {"ab", "c"}, {"a/b", "c"}, {"a", "b/c"}, {"a%2Fb", "c"}, {"a", "b"}, {"a\x00b", "c"}, {"a", "b%2Fc"},
		{"..", "."}, {"ü", "x"}, {"A", "bc"}, {" a", "bc"}, {strings.Repeat("o", 256), strings.Repeat("e", 256)},
	}
	for i, o := range owners {
		f.set(o, "k", fmt.Sprint("value", i))
		if got, err := ownerOf(o.rowKey()); err != nil || got != o {
			t.Errorf("the key of %q names %q, %v", o, got, err)
		}
	}
	for i, o := range owners {
		f.want(o, "k", fmt.Sprint("value", i))
	}
	for i, o := range owners { // each destroys its own alone
		if err := f.Destroy(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		f.wantErr(o, "k", ErrNotFound)
		if i+1 < len(owners) {
			f.want(owners[i+1], "k", fmt.Sprint("value", i+1))
		}
	}
}

func TestOwnerIsChecked(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	for _, o := range []Owner{
		{}, {"", "e"}, {"o", ""}, {"\xff", "e"}, {"o", "\xff"},
		{strings.Repeat("o", 257), "e"}, {"o", strings.Repeat("e", 257)}, {strings.Repeat("/", 256), strings.Repeat("/", 256)},
	} {
		_, err1 := f.Get(ctx, o, "k")
		_, err2 := f.Set(ctx, o, "k", NewValue("v"))
		_, err3 := f.List(ctx, o)
		for _, err := range []error{err1, err2, err3, f.Delete(ctx, o, "k"), f.Destroy(ctx, o)} {
			if err == nil || errors.Is(err, ErrNotFound) {
				t.Errorf("owner %.20q: got %v, want an error that names it", o, err)
			}
		}
	}
}

// TestConcurrentSetAndGet reads while two Keepers write: a reader sees a value
// that was written whole, and never takes a write for tampering.
func TestConcurrentSetAndGet(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "start")
	keepers := []*Keeper{f.Keeper, f.open(f.key, KeeperConfig{})}
	ctx, stop := context.WithCancel(t.Context())
	var writers, readers sync.WaitGroup
	for i, k := range keepers {
		writers.Go(func() {
			for j := range 200 {
				if _, err := k.Set(t.Context(), alice, "k", NewValue(fmt.Sprintf("%d-%d", i, j))); err != nil && !errors.Is(err, storage.ErrConflict) {
					t.Error(err)
				}
				if j%20 == 0 {
					if err := k.Destroy(t.Context(), alice); err != nil && !errors.Is(err, storage.ErrConflict) {
						t.Error(err)
					}
				}
			}
		})
		readers.Go(func() {
			for ctx.Err() == nil {
				_, err := k.Get(t.Context(), alice, "k")
				if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, storage.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
}
