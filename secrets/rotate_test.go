package secrets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestRotate: while others write, everything ends under the new key alone.
func TestRotate(t *testing.T) {
	f := newFixture(t)
	ctx, stop := context.WithCancel(t.Context())
	before := f.MasterKey()
	var writers sync.WaitGroup
	written := make([]int, 4)
	for w := range written {
		writers.Go(func() {
			for ctx.Err() == nil && written[w] < 300 { // new owners, whose keys are wrapped as they come
				o := Owner{fmt.Sprintf("org-%d", w), fmt.Sprintf("ext-%d", written[w])}
				if _, err := f.Set(context.Background(), o, "k", NewValue("v")); err != nil {
					t.Error(err)
					return
				}
				written[w]++
			}
		})
	}
	var kept MasterKey
	for range 3 {
		if _, err := f.Rotate(ctx, func(k MasterKey) error { kept = k; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	writers.Wait()
	if kept.Retired() || kept.ID() == before.ID() {
		t.Fatalf("kept %v, retired %v", kept, kept.Retired())
	}
	fresh, err := NewKeeper(t.Context(), f.store, kept, KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for w, n := range written {
		for i := range n {
			if _, err := fresh.Get(t.Context(), Owner{fmt.Sprintf("org-%d", w), fmt.Sprintf("ext-%d", i)}, "k"); err != nil {
				t.Fatalf("writer %d, owner %d of %d: %v", w, i, n, err)
			}
		}
	}
	if _, err := NewKeeper(t.Context(), f.store, before, KeeperConfig{}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("the old key opens the store: %v", err)
	}
}

// TestRotateThatIsStopped goes on with the key that was begun.
func TestRotateThatIsStopped(t *testing.T) {
	f := newFixture(t)
	f.set(alice, "a", "one")
	path := filepath.Join(t.TempDir(), "key")
	if err := ReplaceKeyFile(path, f.MasterKey()); err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	saves := 0
	_, err := f.Rotate(t.Context(), func(k MasterKey) error {
		if saves++; saves == 2 {
			return stopped
		}
		return ReplaceKeyFile(path, k)
	})
	if !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	key, err := ReadKeyFile(path)
	if err != nil || !key.Retired() {
		t.Fatalf("kept %v, retired %v (error %v)", key, key.Retired(), err)
	}
	again, err := NewKeeper(t.Context(), f.store, key, KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Rotate(t.Context(), func(k MasterKey) error { return ReplaceKeyFile(path, k) }); err != nil {
		t.Fatal(err)
	}
	last, err := ReadKeyFile(path)
	if err != nil || last.Retired() || last.ID() != key.ID() {
		t.Errorf("after it: %v, retired %v (error %v), want %v alone", last, last.Retired(), err, key)
	}
	if v, err := again.Get(t.Context(), alice, "a"); err != nil || string(v.Reveal()) != "one" {
		t.Errorf("the secret is lost: %v", err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
}
