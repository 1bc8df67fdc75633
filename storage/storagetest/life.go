package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

var lifeRules = []rule{
	{"canceled", "a context that is done ends every call with its error, and nothing is written", func(t *testing.T, s *subject) {
		s.put(t, "a", "1")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := s.Get(ctx, "a")
		wantError(t, "Get", err, context.Canceled)
		_, err = s.Scan(ctx, "", "", 1)
		wantError(t, "Scan", err, context.Canceled)
		_, err = s.Keys(ctx, "", "", 1)
		wantError(t, "Keys", err, context.Canceled)
		err = s.Update(ctx, func(tx storage.Tx) error { return tx.Put("b", []byte("1")) })
		wantError(t, "Update", err, context.Canceled)
		want(t, s, "b", "-")
	}},
	{"canceled inside", "a context that ends within an Update ends it, and nothing is written", func(t *testing.T, s *subject) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := s.Update(ctx, func(tx storage.Tx) error {
			err := tx.Put("b", []byte("1"))
			cancel()
			return err
		})
		wantError(t, "Update", err, context.Canceled)
		want(t, s, "b", "-")

		ctx, cancel = context.WithCancel(context.Background())
		err = s.Update(context.Background(), func(tx storage.Tx) error {
			if err := tx.Put("b", []byte("1")); err != nil {
				return err
			}
			cancel()
			_, err := tx.Get(ctx, "a")
			return err
		})
		wantError(t, "Update whose Get was canceled", err, context.Canceled)
		want(t, s, "b", "-")
	}},
	{"closed", "after Close every call is ErrClosed, and closing again does nothing", func(t *testing.T, s *subject) {
		ctx := context.Background()
		s.put(t, "a", "1")
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		_, err := s.Get(ctx, "a")
		wantError(t, "Get", err, storage.ErrClosed)
		_, err = s.Scan(ctx, "", "", 1)
		wantError(t, "Scan", err, storage.ErrClosed)
		_, err = s.Keys(ctx, "", "", 1)
		wantError(t, "Keys", err, storage.ErrClosed)
		err = s.Update(ctx, func(tx storage.Tx) error { t.Error("the function ran"); return nil })
		wantError(t, "Update", err, storage.ErrClosed)
	}},
	{"closing", "Close waits for the Update that is running, and calls in it that begin later are ErrClosed", func(t *testing.T, s *subject) {
		inside, release := make(chan struct{}), make(chan struct{})
		updated, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			updated <- s.Update(context.Background(), func(tx storage.Tx) error {
				close(inside)
				<-release
				return tx.Put("a", []byte("1"))
			})
		}()
		<-inside
		go func() { closed <- s.Close() }()
		for {
			if _, err := s.Get(context.Background(), "a"); errors.Is(err, storage.ErrClosed) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		select {
		case err := <-closed:
			t.Fatalf("Close returned (error %v) while an Update ran", err)
		case <-time.After(20 * time.Millisecond):
		}
		close(release)
		if err := <-updated; err != nil {
			t.Errorf("the running Update: %v", err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	}},
}

var durabilityRules = []rule{
	{"durable", "what was acknowledged is there after closing and opening again, and nothing else", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "b", "1", "c", "1")
		s.put(t, "b", "2")
		s.remove(t, "c")
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			return errors.Join(tx.Put("d", []byte("x")), errors.New("no"))
		})
		if err == nil {
			t.Fatal("the failing Update did not fail")
		}
		for i := range 3 {
			s.Store = s.options.Reopen(t, s.Store)
			want(t, s, "a", "1")
			want(t, s, "b", "2")
			wantKeys(t, s, "", "", 10, "a", "b")
			if i == 1 {
				s.put(t, "e", "5")
				s.Store = s.options.Reopen(t, s.Store)
				want(t, s, "e", "5")
				s.remove(t, "e")
			}
		}
	}},
}

var readingRules = []rule{
	{"read only", "a store opened for reading reads, and a write is ErrReadOnly", func(t *testing.T, s *subject) {
		ctx := context.Background()
		s.put(t, "a", "1", "b", "2")
		s.Store = s.options.OpenForReading(t, s.Store)
		want(t, s, "a", "1")
		wantKeys(t, s, "", "", 10, "a", "b")
		if err := s.Update(ctx, func(tx storage.Tx) error { want(t, tx, "b", "2"); return nil }); err != nil {
			t.Errorf("an Update that only reads: %v", err)
		}
		err := s.Update(ctx, func(tx storage.Tx) error { return tx.Put("c", nil) })
		wantError(t, "Put", err, storage.ErrReadOnly)
		err = s.Update(ctx, func(tx storage.Tx) error { return tx.Delete("a") })
		wantError(t, "Delete", err, storage.ErrReadOnly)
		want(t, s, "a", "1")
	}},
}

var exclusiveRules = []rule{
	{"in use", "opening what is open already is ErrInUse, and does no harm", func(t *testing.T, s *subject) {
		s.put(t, "a", "1")
		for range 2 {
			wantError(t, "opening again", s.options.OpenAgain(t, s.Store), storage.ErrInUse)
		}
		want(t, s, "a", "1")
		s.put(t, "b", "2")
	}},
}
