package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

// snapshot returns everything that is stored.
func (f *fixture) snapshot() map[storage.Key][]byte {
	f.t.Helper()
	all := make(map[storage.Key][]byte)
	pairs, err := f.store.Scan(f.t.Context(), "", "", 10_000)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, p := range pairs {
		all[p.Key] = p.Value
	}
	return all
}

func TestWrongMasterKey(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "v")
	before := f.snapshot()
	wrong := mustKey(t)
	_, err := NewKeeper(t.Context(), f.store, wrong, KeeperConfig{})
	if !errors.Is(err, ErrWrongKey) {
		t.Fatalf("got %v, want ErrWrongKey", err)
	}
	for _, part := range []string{f.key.ID(), wrong.ID(), "nothing was changed"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	after := f.snapshot()
	for key, value := range before {
		if !bytes.Equal(after[key], value) || len(after) != len(before) {
			t.Errorf("%q was changed", key)
		}
	}
	f.want(alice, "k", "v") // nothing is lost
}

func TestMissingRootIsNotMadeAnew(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "v")
	f.put(rootKey, nil)
	if _, err := NewKeeper(t.Context(), f.store, f.key, KeeperConfig{}); !errors.Is(err, ErrTampered) {
		t.Errorf("got %v, want ErrTampered", err)
	}
	if _, err := f.store.Get(t.Context(), rootKey); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the root was made anew: %v", err)
	}
}

func TestDeriveKey(t *testing.T) {
	f := newFixture(t)
	derive := func(k *Keeper, purpose string) string {
		t.Helper()
		b, err := k.DeriveKey(purpose)
		if err != nil || len(b) != 32 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return string(b)
	}
	audit := derive(f.Keeper, "audit")
	if again := derive(f.open(f.key, KeeperConfig{}), "audit"); again != audit {
		t.Error("another Keeper over the same store derives another key")
	}
	if other := derive(f.Keeper, "tokens"); other == audit {
		t.Error("another purpose derives the same key")
	}
	if other := derive(newFixture(t).Keeper, "audit"); other == audit {
		t.Error("another store derives the same key")
	}
	if _, err := f.DeriveKey(""); err == nil {
		t.Error("an empty purpose is accepted")
	}
	if audit == string(f.root.bytes()) {
		t.Error("the root itself came out")
	}
}

func TestDestroy(t *testing.T) {
	f := newFixture(t)
	for i := range 40 {
		f.set(alice, fmt.Sprint("n", i), "v")
	}
	f.set(bob, "k", "bob's")
	if err := f.Destroy(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	for key := range f.snapshot() {
		if strings.Contains(string(key), "org-a") {
			t.Errorf("%q is still there", key)
		}
	}
	f.wantErr(alice, "n0", ErrNotFound)
	f.want(bob, "k", "bob's")
	if err := f.Destroy(t.Context(), alice); err != nil {
		t.Errorf("destroy again: %v", err)
	}
	if got := f.set(alice, "n0", "new"); got != 1 {
		t.Errorf("first version under a new data key: %d, want 1", got)
	}
	f.want(alice, "n0", "new")
}

// failingTx fails the n-th write.
type failingStore struct {
	storage.Store
	writes int
}

type failingTx struct {
	storage.Tx
	s *failingStore
}

var errDisk = errors.New("disk on fire")

func (s *failingStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	return s.Store.Update(ctx, func(tx storage.Tx) error { return f(failingTx{tx, s}) })
}

func (t failingTx) count() error {
	t.s.writes--
	if t.s.writes < 0 {
		return errDisk
	}
	return nil
}

func (t failingTx) Put(key storage.Key, value []byte) error {
	if err := t.count(); err != nil {
		return err
	}
	return t.Tx.Put(key, value)
}

func (t failingTx) Delete(key storage.Key) error {
	if err := t.count(); err != nil {
		return err
	}
	return t.Tx.Delete(key)
}

// TestFailedWritesLoseNothing fails each write of each operation in turn: the
// state is as before, and the error is the store's.
func TestFailedWritesLoseNothing(t *testing.T) {
	for _, tt := range []struct {
		op string
		f  func(k *Keeper) error
	}{
		{"set anew", func(k *Keeper) error { _, err := k.Set(t.Context(), alice, "new", NewValue("v")); return err }},
		{"set again", func(k *Keeper) error { _, err := k.Set(t.Context(), alice, "a", NewValue("v")); return err }},
		{"delete", func(k *Keeper) error { return k.Delete(t.Context(), alice, "a") }},
		{"destroy", func(k *Keeper) error { return k.Destroy(t.Context(), alice) }},
	} {
		failures := 0
		for n := 0; ; n++ {
			f := newFixture(t)
			f.set(alice, "a", "one")
			f.set(alice, "b", "two")
			k, err := NewKeeper(t.Context(), &failingStore{f.store, n}, f.key, KeeperConfig{})
			if err != nil {
				t.Fatal(err)
			}
			err = tt.f(k)
			if err == nil {
				break
			}
			failures++
			if !errors.Is(err, errDisk) {
				t.Errorf("%s, write %d: got %v, want the store's error", tt.op, n, err)
			}
			f.want(alice, "a", "one")
			f.want(alice, "b", "two")
			f.wantErr(alice, "new", ErrNotFound)
		}
		if failures < 2 {
			t.Errorf("%s: %d writes failed; at least two make it up", tt.op, failures)
		}
	}
}

func TestRotation(t *testing.T) {
	f := newFixture(t)
	const owners = 230 // more than two pages
	for i := range owners {
		f.set(Owner{"org", fmt.Sprint("acme.ext", i)}, "k", fmt.Sprint("v", i))
	}
	old := f.key
	auditKey, err := f.DeriveKey("audit")
	if err != nil {
		t.Fatal(err)
	}
	backup := f.snapshot()

	both, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	rotating := f.open(both, KeeperConfig{})
	if n, err := rotating.Rewrap(t.Context()); err != nil || n != owners+1 {
		t.Fatalf("Rewrap = %d, %v; want %d", n, err, owners+1)
	}
	if n, err := rotating.Rewrap(t.Context()); err != nil || n != 0 {
		t.Errorf("second Rewrap = %d, %v; want 0", n, err)
	}

	if _, err := NewKeeper(t.Context(), f.store, old, KeeperConfig{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("the retired key: got %v, want ErrWrongKey", err)
	}
	current := f.open(both.Current(), KeeperConfig{})
	for i := range owners {
		v, err := current.Get(t.Context(), Owner{"org", fmt.Sprint("acme.ext", i)}, "k")
		if err != nil || string(v.Reveal()) != fmt.Sprint("v", i) {
			t.Errorf("owner %d after the rotation: %q, %v", i, v.Reveal(), err)
		}
	}
	if got, err := current.DeriveKey("audit"); err != nil || !bytes.Equal(got, auditKey) {
		t.Errorf("derived keys changed with the master key: %v", err)
	}

	// A data key from before the rotation is of no use to the new key.
	o := Owner{"org", "acme.ext0"}
	f.put(o.rowKey(), backup[o.rowKey()])
	if _, err := current.Get(t.Context(), o, "k"); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a row from before: got %v, want ErrWrongKey", err)
	}
}

// TestRotationStopsAnywhere stops a Rewrap after each number of rows: both keys
// together open everything, and it can be finished.
func TestRotationStopsAnywhere(t *testing.T) {
	for stop := range 5 {
		f := newFixture(t)
		for i := range 3 {
			f.set(Owner{"org", fmt.Sprint("e", i)}, "k", "v")
		}
		both, err := f.key.Rotate()
		if err != nil {
			t.Fatal(err)
		}
		k, err := NewKeeper(t.Context(), &failingStore{f.store, stop}, both, KeeperConfig{})
		if err != nil {
			t.Fatal(err)
		}
		n, err := k.Rewrap(t.Context())
		if want := min(stop, 4); n != want || (err == nil) != (stop >= 4) {
			t.Errorf("stopped after %d: %d, %v", stop, n, err)
		}
		again := f.open(both, KeeperConfig{})
		for i := range 3 {
			if _, err := again.Get(t.Context(), Owner{"org", fmt.Sprint("e", i)}, "k"); err != nil {
				t.Errorf("stopped after %d: %v", stop, err)
			}
		}
		if _, err := again.Rewrap(t.Context()); err != nil {
			t.Error(err)
		}
		f.open(both.Current(), KeeperConfig{})
	}
}

func TestRewrapRefusesStrangeRows(t *testing.T) {
	f := newFixture(t)
	f.put(ownerPrefix+"no-slash", make([]byte, 200))
	if _, err := f.Rewrap(t.Context()); !errors.Is(err, ErrTampered) {
		t.Errorf("got %v, want ErrTampered", err)
	}
	f.put(ownerPrefix+"no-slash", nil)
	f.put(alice.rowKey(), []byte{1, 2, 3})
	if _, err := f.Rewrap(t.Context()); !errors.Is(err, ErrTampered) {
		t.Errorf("got %v, want ErrTampered", err)
	}
}

// TestCacheFollowsTheStore: another Keeper destroys and fills anew; this one's
// cached data key is not used for what is there now.
func TestCacheFollowsTheStore(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "one")
	other := f.open(f.key, KeeperConfig{})
	if err := other.Destroy(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	f.wantErr(alice, "k", ErrNotFound)
	if _, err := other.Set(t.Context(), alice, "k", NewValue("two")); err != nil {
		t.Fatal(err)
	}
	f.want(alice, "k", "two")
}

func TestCacheIsBounded(t *testing.T) {
	var c keyCache
	for i := range maxCached * 2 {
		c.put(Owner{"o", fmt.Sprint(i)}, []byte{1}, sealingKey{})
	}
	if len(c.entries) != maxCached {
		t.Errorf("%d entries, want %d", len(c.entries), maxCached)
	}
	last := Owner{"o", fmt.Sprint(maxCached*2 - 1)}
	if _, ok := c.get(last, []byte{1}); !ok {
		t.Error("the newest entry is gone")
	}
	if _, ok := c.get(last, []byte{2}); ok {
		t.Error("an entry answers for other wrapped bytes")
	}
	c.drop(last)
	if _, ok := c.get(last, []byte{1}); ok {
		t.Error("a dropped entry answers")
	}
}
