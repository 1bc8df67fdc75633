package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/annexhost/annex/storage"
)

// snapshotRules apply to a store that is a [storage.Snapshotter].
var snapshotRules = []rule{
	{"snapshot", "a snapshot stays as it was, whatever is written, and sees nothing new", func(t *testing.T, s *subject) {
		shot := s.snapshot(t)
		if shot == nil {
			return
		}
		shot.Close() // of an empty store
		for i := range 300 {
			s.put(t, fmt.Sprintf("k%03d", i), "old")
		}
		shot = s.snapshot(t)
		defer shot.Close()
		for i := range 300 {
			s.put(t, fmt.Sprintf("k%03d", i), "new")
		}
		s.put(t, "k300", "new")
		n := 0
		err := shot.Walk(context.Background(), "k", "", func(p storage.Pair) error {
			if want := fmt.Sprintf("k%03d", n); string(p.Key) != want || string(p.Value) != "old" {
				return fmt.Errorf("pair %d is %s = %q", n, p.Key, p.Value)
			}
			n++
			return nil
		})
		if err != nil || n != 300 {
			t.Errorf("walked %d pairs, want 300; error %v", n, err)
		}
		_, err = shot.Get(context.Background(), "k300")
		wantError(t, "Get of a later key", err, storage.ErrNotFound)
		pairs, err := shot.Scan(context.Background(), "k", "k297", 10)
		if err != nil || len(pairs) != 2 || string(pairs[0].Value) != "old" {
			t.Errorf("Scan: %d pairs, error %v; want 2 old ones", len(pairs), err)
		}
	}},
	{"snapshot ends", "a walk ends with the error of its visitor or of its context, and a closed store with ErrClosed", func(t *testing.T, s *subject) {
		s.put(t, "a", "1")
		shot := s.snapshot(t)
		if shot == nil {
			return
		}
		defer shot.Close()
		mine := errors.New("mine")
		wantError(t, "Walk", shot.Walk(context.Background(), "", "", func(storage.Pair) error { return mine }), mine)
		done, cancel := context.WithCancel(context.Background())
		cancel()
		wantError(t, "Walk", shot.Walk(done, "", "", func(storage.Pair) error { return nil }), context.Canceled)
		shot.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantError(t, "Walk", shot.Walk(context.Background(), "", "", func(storage.Pair) error { return nil }), storage.ErrClosed)
	}},
}

// snapshot returns a snapshot, or nil when the store has none.
func (s *subject) snapshot(t *testing.T) storage.Snapshot {
	t.Helper()
	source, ok := s.Store.(storage.Snapshotter)
	if !ok {
		return nil
	}
	shot, err := source.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return shot
}
