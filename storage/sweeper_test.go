package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// raced is a store where something happens just before each Update.
type raced struct {
	storage.Store
	first func()
}

func (s *raced) Update(ctx context.Context, f func(storage.Tx) error) error {
	s.first()
	return s.Store.Update(ctx, f)
}

func TestSweeperLeavesWhatWasWrittenAgain(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	f.set("again", "1", time.Second)
	f.set("lasting", "1", time.Second)
	f.set("removed", "1", time.Second)
	f.clock.advance(time.Second)
	sweeper := storage.NewSweeper(&raced{f.store, func() {
		f.set("again", "2", time.Second)
		f.set("lasting", "2", 0)
		if err := f.space.Delete(ctx, "removed"); err != nil {
			t.Error(err)
		}
	}})
	if n, err := sweeper.Sweep(ctx, f.clock.now()); err != nil || n != 0 {
		t.Errorf("Sweep: removed %d, error %v", n, err)
	}
	f.want("again", "2")
	f.want("lasting", "2")
	f.clock.advance(time.Second)
	f.sweep(1)
}

func TestSweeperWorksThroughManyPagesAndOwners(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	const owners, each = 5, 150
	total := 0
	for i := range owners {
		sp := storage.NewSpace(f.store, storage.Key(fmt.Sprintf("ext/demo/o%d/", i)), storage.SpaceConfig{Now: f.clock.now})
		for k := range each {
			d := time.Duration(1+k%7) * time.Second
			if d <= 5*time.Second {
				total++
			}
			if err := sp.Set(ctx, fmt.Sprintf("k%03d", k), []byte("x"), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.clock.advance(5 * time.Second)
	f.sweep(total)
	for i := range owners {
		u, err := storage.CheckSpace(ctx, f.store, storage.Key(fmt.Sprintf("ext/demo/o%d/", i)))
		if err != nil || u.Keys != each-total/owners {
			t.Errorf("owner %d: %+v, error %v; want %d keys", i, u, err, each-total/owners)
		}
	}
}

func TestSweeperTellsOfFailuresAndGoesOn(t *testing.T) {
	f := newFixture(t, storage.SpaceConfig{})
	f.set("a", "1", time.Second)
	f.clock.advance(time.Second)
	err := f.store.Update(ctx, func(tx storage.Tx) error { return tx.Put("exp/short", nil) })
	if err != nil {
		t.Fatal(err)
	}
	n, err := storage.NewSweeper(f.store).Sweep(ctx, f.clock.now())
	if n != 1 || !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("Sweep beside a damaged key: removed %d, error %v", n, err)
	}
	if err := f.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete("exp/short") }); err != nil {
		t.Fatal(err)
	}
	s := memstore.New()
	s.Close()
	if err := storage.NewSweeper(s).Run(ctx, time.Hour); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Run over a closed store ended with %v", err)
	}
}
