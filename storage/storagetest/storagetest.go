// Package storagetest is the conformance suite of [storage.Store]: what every
// driver and every decorator must do, as a table of rules.
//
// A driver's test is a few lines:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Store { return open(t) }, storagetest.Options{})
//	}
//
//	func FuzzStore(f *testing.F) {
//		storagetest.Fuzz(f, func(t *testing.T) storage.Store { return open(t) })
//	}
//
// The rules ask for serializable outcomes, not for the way to them: a driver may
// find a conflict at any call of a transaction, or wait for others, as databases
// with SERIALIZABLE isolation do.
package storagetest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

// Open returns a new, empty store. The suite closes it.
type Open func(t *testing.T) storage.Store

// Options declare what a store can do beyond the contract, and where it gives
// less. The zero value declares a store that forgets when it is closed.
type Options struct {
	// MaxKey is the length of the longest key in bytes, for a decorator that
	// needs a part of it ([storage.MaxKey]).
	MaxKey int

	// Reopen closes s and opens what it has left behind. Nil: nothing survives
	// Close, and the rules of durability do not apply.
	Reopen func(t *testing.T, s storage.Store) storage.Store

	// OpenForReading closes s and opens what it has left behind, to be read
	// only. Nil: the store has no such mode.
	OpenForReading func(t *testing.T, s storage.Store) storage.Store

	// OpenAgain opens a second time what s has open, and returns the error. Nil:
	// several processes may share the store.
	OpenAgain func(t *testing.T, s storage.Store) error
}

// rule is one row of the suite.
type rule struct {
	name string
	rule string // in words, printed when it is broken
	f    func(t *testing.T, s *subject)
}

// subject is the store under test.
type subject struct {
	storage.Store
	options Options
}

// Run tests the stores that open makes.
func Run(t *testing.T, open Open, options Options) {
	if options.MaxKey == 0 {
		options.MaxKey = storage.MaxKey
	}
	before := runtime.NumGoroutine()
	for _, r := range rules(options) {
		t.Run(r.name, func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.rule)
				}
			})
			s := &subject{Store: open(t), options: options}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			r.f(t, s)
		})
	}
	t.Run("model", func(t *testing.T) { testModel(t, open) })
	checkGoroutines(t, before)
}

// rules returns the rules that apply to a store with these options.
func rules(o Options) []rule {
	all := slices.Concat(valueRules, scanRules, txRules, isolationRules, maximaRules, lifeRules, concurrencyRules)
	if o.Reopen != nil {
		all = append(all, durabilityRules...)
	}
	if o.OpenForReading != nil {
		all = append(all, readingRules...)
	}
	if o.OpenAgain != nil {
		all = append(all, exclusiveRules...)
	}
	return append(all, snapshotRules...)
}

// checkGoroutines waits until there are no more goroutines than before.
func checkGoroutines(t *testing.T, before int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// update runs f in an Update, again when it gives up for conflicts, as any
// store may under load.
func (s *subject) update(t *testing.T, f func(tx storage.Tx) error) {
	t.Helper()
	if err := s.tryUpdate(f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func (s *subject) tryUpdate(f func(tx storage.Tx) error) error {
	for {
		err := s.Update(context.Background(), f)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
}

// put writes keys and values, given in turn, in one Update.
func (s *subject) put(t *testing.T, keysAndValues ...string) {
	t.Helper()
	s.update(t, func(tx storage.Tx) error {
		for i := 0; i < len(keysAndValues); i += 2 {
			if err := tx.Put(storage.Key(keysAndValues[i]), []byte(keysAndValues[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove deletes keys in one Update.
func (s *subject) remove(t *testing.T, keys ...storage.Key) {
	t.Helper()
	s.update(t, func(tx storage.Tx) error {
		for _, key := range keys {
			if err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// want checks the value of key; "-" stands for none.
func want(t *testing.T, r storage.Reader, key storage.Key, want string) {
	t.Helper()
	if got := text(t, r, key); got != want {
		t.Errorf("value of %q: got %q, want %q", key, got, want)
	}
}

// text returns the value of key, "-" for none.
func text(t *testing.T, r storage.Reader, key storage.Key) string {
	t.Helper()
	value, err := r.Get(context.Background(), key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return "-"
	case err != nil:
		t.Fatalf("Get %q: %v", key, err)
	}
	return string(value)
}

// wantKeys checks what Scan and Keys return.
func wantKeys(t *testing.T, r storage.Reader, prefix, after storage.Key, limit int, want ...storage.Key) {
	t.Helper()
	pairs, err := r.Scan(context.Background(), prefix, after, limit)
	if err != nil {
		t.Fatalf("Scan(%q, %q, %d): %v", prefix, after, limit, err)
	}
	var got []storage.Key
	for _, p := range pairs {
		got = append(got, p.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Scan(%q, %q, %d): got %q, want %q", prefix, after, limit, got, want)
	}
	keys, err := r.Keys(context.Background(), prefix, after, limit)
	if err != nil {
		t.Fatalf("Keys(%q, %q, %d): %v", prefix, after, limit, err)
	}
	if !slices.Equal(keys, want) {
		t.Errorf("Keys(%q, %q, %d): got %q, want %q", prefix, after, limit, keys, want)
	}
}

// wantError checks the kind of an error.
func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want one that is %v", what, got, want)
	}
}
