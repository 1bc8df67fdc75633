package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/annexhost/annex/storage"
)

// tamperings are what is done to a store in which alice has the secrets one and two
// and bob has one.
var tamperings = []struct {
	rule   string
	tamper func(f *fixture)
	owner  Owner
	name   string
}{
	{"a value of another name, moved", func(f *fixture) {
		f.put(alice.valueKey("one"), f.row(alice.valueKey("two")))
	}, alice, "one"},
	{"two values of one owner, swapped: the first", func(f *fixture) { f.swap(alice.valueKey("one"), alice.valueKey("two")) }, alice, "one"},
	{"two values of one owner, swapped: the second", func(f *fixture) { f.swap(alice.valueKey("one"), alice.valueKey("two")) }, alice, "two"},
	{"the value of another organization", func(f *fixture) {
		f.put(alice.valueKey("one"), f.row(bob.valueKey("one")))
	}, alice, "one"},
	{"the value and the row of another organization", func(f *fixture) {
		f.put(alice.valueKey("one"), f.row(bob.valueKey("one")))
		f.put(alice.rowKey(), f.row(bob.rowKey()))
	}, alice, "one"},
	{"the data key of another organization under the own index", func(f *fixture) {
		f.put(alice.rowKey(), slices.Concat(f.row(bob.rowKey())[:wrappedSize], f.row(alice.rowKey())[wrappedSize:]))
	}, alice, "one"},
	{"the index of another organization", func(f *fixture) {
		f.put(alice.rowKey(), slices.Concat(f.row(alice.rowKey())[:wrappedSize], f.row(bob.rowKey())[wrappedSize:]))
	}, alice, "one"},
	{"the root in place of a data key", func(f *fixture) {
		f.put(alice.rowKey(), slices.Concat(f.row(rootKey), f.row(alice.rowKey())[wrappedSize:]))
	}, alice, "one"},
	{"the index in place of a value", func(f *fixture) {
		f.put(alice.valueKey("one"), f.row(alice.rowKey())[wrappedSize:])
	}, alice, "one"},
	{"an older value of the same name, put back", func(f *fixture) {
		old := f.row(alice.valueKey("one"))
		f.set(alice, "one", "newer")
		f.put(alice.valueKey("one"), old)
	}, alice, "one"},
	{"the value from before a delete, put back after the name was set again", func(f *fixture) {
		old := f.row(alice.valueKey("one"))
		if err := f.Delete(f.t.Context(), alice, "one"); err != nil {
			f.t.Fatal(err)
		}
		f.set(alice, "one", "newer")
		f.put(alice.valueKey("one"), old)
	}, alice, "one"},
	{"an older index under the newer value", func(f *fixture) {
		old := f.row(alice.rowKey())
		f.set(alice, "one", "newer")
		f.put(alice.rowKey(), old)
	}, alice, "one"},
	{"a value from before the owner was destroyed", func(f *fixture) {
		old := f.row(alice.valueKey("one"))
		if err := f.Destroy(f.t.Context(), alice); err != nil {
			f.t.Fatal(err)
		}
		f.set(alice, "one", "newer")
		f.put(alice.valueKey("one"), old)
	}, alice, "one"},
	{"a value that was removed", func(f *fixture) { f.put(alice.valueKey("one"), nil) }, alice, "one"},
	{"a row without an index", func(f *fixture) { f.put(alice.rowKey(), f.row(alice.rowKey())[:wrappedSize]) }, alice, "one"},
	{"an empty row", func(f *fixture) { f.put(alice.rowKey(), []byte{}) }, alice, "one"},
}

// TestTampering changes the stored bytes directly, as someone can who writes to
// the database and has no master key. Nothing that was touched opens.
func TestTampering(t *testing.T) {
	for _, tt := range tamperings {
		t.Run(tt.rule, func(t *testing.T) {
			f := newFixture(t)
			f.set(alice, "one", "alice's one")
			f.set(alice, "two", "alice's two")
			f.set(bob, "one", "bob's one")
			f.want(tt.owner, tt.name, map[string]string{"one": "alice's one", "two": "alice's two"}[tt.name])
			tt.tamper(f)
			f.wantErr(tt.owner, tt.name, ErrTampered)
			f.want(bob, "one", "bob's one")
		})
	}
}

func (f *fixture) swap(a, b storage.Key) {
	rowA, rowB := f.row(a), f.row(b)
	f.put(a, rowB)
	f.put(b, rowA)
}

// TestPutBackDeletedSecret: a name that the index does not have stays absent,
// whatever rows are there.
func TestPutBackDeletedSecret(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "v")
	old := f.row(alice.valueKey("k"))
	if err := f.Delete(t.Context(), alice, "k"); err != nil {
		t.Fatal(err)
	}
	f.put(alice.valueKey("k"), old)
	f.wantErr(alice, "k", ErrNotFound)
}

// TestEveryByte flips each bit of, and cuts at each length, every stored row.
func TestEveryByte(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "value")
	for _, key := range []storage.Key{alice.rowKey(), alice.valueKey("k"), rootKey} {
		good := f.row(key)
		bad := func(what string, row []byte) {
			f.put(key, row)
			k, err := NewKeeper(t.Context(), f.store, f.key, KeeperConfig{})
			if err == nil {
				_, err = k.Get(t.Context(), alice, "k")
			}
			if !errors.Is(err, ErrTampered) && !errors.Is(err, ErrWrongKey) {
				t.Errorf("%q, %s: got %v, want an error", key, what, err)
			}
			if _, err = f.Get(t.Context(), alice, "k"); err == nil && key != rootKey {
				t.Errorf("%q, %s: a Keeper with the key in its cache opens it", key, what)
			}
		}
		for i := range good {
			for bit := range 8 {
				row := slices.Clone(good)
				row[i] ^= 1 << bit
				bad(fmt.Sprintf("bit %d of byte %d flipped", bit, i), row)
			}
		}
		for n := range good {
			bad(fmt.Sprintf("cut to %d bytes", n), good[:n])
		}
		bad("a byte longer", append(slices.Clone(good), 0))
		f.put(key, good)
		f.want(alice, "k", "value")
	}
}

// TestSetOnTamperedRow: a write does not paper over damage, and Destroy is the
// way out of it.
func TestSetOnTamperedRow(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "k", "v")
	row := f.row(alice.rowKey())
	row[len(row)-1] ^= 1
	f.put(alice.rowKey(), row)
	if _, err := f.Set(t.Context(), alice, "k", NewValue("new")); !errors.Is(err, ErrTampered) {
		t.Errorf("Set: got %v, want ErrTampered", err)
	}
	if err := f.Delete(t.Context(), alice, "k"); !errors.Is(err, ErrTampered) {
		t.Errorf("Delete: got %v, want ErrTampered", err)
	}
	if _, err := f.List(t.Context(), alice); !errors.Is(err, ErrTampered) {
		t.Errorf("List: got %v, want ErrTampered", err)
	}
	if got := f.row(alice.rowKey()); !bytes.Equal(got, row) {
		t.Error("the damaged row was changed")
	}
	if err := f.Destroy(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	f.set(alice, "k", "new")
	f.want(alice, "k", "new")
}

func TestAssociatedDataIsUnambiguous(t *testing.T) {
	id, otherID := keyID{1}, keyID{2}
	base := binding{purposeValue, 7, Owner{"a", "bc"}, "n"}
	places := []binding{
		base,
		{purposeIndex, 7, Owner{"a", "bc"}, "n"},
		{purposeValue, 8, Owner{"a", "bc"}, "n"},
		{purposeValue, 7, Owner{"a", "bc"}, "m"},
		{purposeValue, 7, Owner{"a", "bd"}, "n"},
		{purposeValue, 7, Owner{"b", "bc"}, "n"},
		{purposeValue, 7, Owner{"ab", "c"}, "n"},
		{purposeValue, 7, Owner{"a", "b"}, "cn"},
		{purposeValue, 7, Owner{"", "abc"}, "n"},
		{purposeValue, 7, Owner{"a", "bcn"}, ""},
		{purposeValue + "a", 7, Owner{"", "bc"}, "n"},
		{purposeValue, 7, Owner{"a\x00\x00\x00\x02bc", ""}, "n"},
	}
	key, err := newSealingKey(newSecret())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := key.seal([]byte("v"), base)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]binding{string(base.associated(otherID)): base}
	for i, b := range places {
		ad := string(b.associated(id))
		if other, ok := seen[ad]; ok {
			t.Errorf("%+v and %+v have the same associated data", b, other)
		}
		seen[ad] = b
		if _, err := key.open(sealed, b); (err == nil) != (i == 0) {
			t.Errorf("open at %+v: %v", b, err)
		}
	}
	other := key
	other.id = otherID
	if _, err := other.open(sealed, base); !errors.Is(err, ErrTampered) {
		t.Errorf("open under another key version: got %v, want ErrTampered", err)
	}
}

// TestSealIsRandom: the same value twice has nothing in common, and neither do
// two seals of one row, on which Get relies.
func TestSealIsRandom(t *testing.T) {
	f := newFixture(t)
	seen := make(map[string]bool)
	for range 100 {
		f.set(alice, "k", "same")
		for _, key := range []storage.Key{alice.valueKey("k"), alice.rowKey()} {
			row := string(f.row(key))
			if seen[row] {
				t.Fatalf("%q has the same bytes twice", key)
			}
			seen[row] = true
		}
	}
}

func FuzzOpenRow(f *testing.F) {
	fix := newFixture(f)
	fix.set(alice, "k", "value")
	good := fix.row(alice.rowKey())
	f.Add(good)
	f.Add([]byte{})
	f.Add(make([]byte, wrappedSize))
	f.Fuzz(func(t *testing.T, row []byte) {
		v, err := fix.openVault(alice, row)
		if err != nil && !errors.Is(err, ErrTampered) && !errors.Is(err, ErrWrongKey) {
			t.Fatal(err)
		}
		if err == nil && !bytes.Equal(row, good) {
			t.Fatalf("a row that was never written opens: %x, %+v", row, v.index)
		}
	})
}
