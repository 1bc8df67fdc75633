package secrets

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

func TestHostsStayWithTheSecret(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.SetFor(ctx, alice, "token", NewValue("one"), []string{"b.example.com", "a.example.com", "b.example.com"}); err != nil {
		t.Fatal(err)
	}
	hosts := func(want ...string) {
		t.Helper()
		b, err := f.Use(ctx, alice, "token")
		if err != nil || !slices.Equal(b.Hosts, want) {
			t.Errorf("hosts %v (error %v), want %v", b.Hosts, err, want)
		}
	}
	hosts("a.example.com", "b.example.com")
	f.set(alice, "token", "two") // as an extension does
	hosts("a.example.com", "b.example.com")
	if err := f.Bind(ctx, alice, "token", []string{"c.example.com"}); err != nil {
		t.Fatal(err)
	}
	hosts("c.example.com")
	f.want(alice, "token", "two")
	if err := f.Delete(ctx, alice, "token"); err != nil {
		t.Fatal(err)
	}
	f.set(alice, "token", "three") // another secret of the same name
	hosts()
	if err := f.Bind(ctx, alice, "absent", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("bind what is not there: %v", err)
	}
	if err := f.Bind(ctx, bob, "absent", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("bind for an owner without secrets: %v", err)
	}
}

func TestHostsThatAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, hosts := range [][]string{
		{""}, {"A.example.com"}, {"a b"}, {"a/b"}, {"ü.example.com"}, {strings.Repeat("a", 254)}, {"a:443"}, {"*"},
		{"1", "2", "3", "4", "5", "6", "7", "8", "9"},
	} {
		var refused *HostsError
		if _, err := f.SetFor(t.Context(), alice, "token", NewValue("v"), hosts); !errors.As(err, &refused) {
			t.Errorf("%q: %v", hosts, err)
		}
	}
	f.wantErr(alice, "token", ErrNotFound)
}

// encode1 is what data of format 1 has as an index.
func (x *index) encode1() []byte {
	b := binary.AppendUvarint(nil, x.last)
	b = binary.AppendUvarint(b, uint64(len(x.entries)))
	for _, e := range x.entries {
		b = binary.AppendUvarint(b, uint64(len(e.name)))
		b = append(b, e.name...)
		b = binary.AppendUvarint(b, e.version)
		b = binary.AppendVarint(b, e.micros)
	}
	return b
}

// age makes the row of o one of format 1.
func (f *fixture) age(t *testing.T, o Owner) {
	t.Helper()
	err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		row, err := tx.Get(t.Context(), o.rowKey())
		if err != nil {
			return err
		}
		v, err := f.openVault(o, row)
		if err != nil {
			return err
		}
		sealed, err := v.key.seal(v.index.encode1(), o.bind(purposeIndex1))
		if err != nil {
			return err
		}
		return tx.Put(o.rowKey(), append(slices.Clone(v.wrapped), sealed...))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeIndexes(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "a", "one")
	f.set(alice, "b", "two")
	f.set(bob, "c", "three")
	f.age(t, alice)
	f.wantErr(alice, "a", ErrTampered)
	for _, want := range []int{1, 0} { // the second time there is nothing left
		if n, err := f.UpgradeIndexes(t.Context()); n != want || err != nil {
			t.Errorf("%d rows (error %v), want %d", n, err, want)
		}
	}
	f.want(alice, "a", "one")
	f.want(alice, "b", "two")
	f.want(bob, "c", "three")
	if v := f.set(alice, "a", "four"); v != 3 {
		t.Errorf("version %d, want 3: what was given stays given", v)
	}
}
