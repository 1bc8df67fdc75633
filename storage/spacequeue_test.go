package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// gatedStore counts its Updates, holds the first one until it is released, and
// fails those after it with err if there is one.
type gatedStore struct {
	storage.Store
	updates int
	release chan struct{}
	err     error
	after   func() // called when the first one is done
}

func (s *gatedStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	s.updates++
	if s.updates == 1 {
		<-s.release
		if s.after != nil {
			defer s.after()
		}
	} else if s.err != nil {
		return s.err
	}
	return s.Store.Update(ctx, f)
}

// queueTest runs f in a bubble, with a Space one of whose writers is held up:
// what begins before release waits in the queue.
func queueTest(t *testing.T, f func(t *testing.T, s *gatedStore, sp *storage.Space)) {
	synctest.Test(t, func(t *testing.T) {
		s := &gatedStore{Store: memstore.New(), release: make(chan struct{})}
		sp := storage.NewSpace(s, testOwner, storage.SpaceConfig{MaxKeys: 100})
		go func() {
			if err := sp.Set(ctx, "first", nil, 0); err != nil {
				t.Errorf("the first writer: %v", err)
			}
		}()
		synctest.Wait()
		f(t, s, sp)
		synctest.Wait()
		if _, err := storage.CheckSpace(ctx, s.Store, testOwner); err != nil {
			t.Error(err)
		}
	})
}

func TestWritersShareATransaction(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		const n = 64
		for i := range n {
			go func() {
				if err := sp.Set(ctx, fmt.Sprintf("k%d", i), []byte("x"), 0); err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}()
		}
		synctest.Wait()
		close(s.release)
		synctest.Wait()
		if s.updates != 2 {
			t.Errorf("%d writers and the first one took %d transactions, want 2", n, s.updates)
		}
		if u, err := sp.Usage(ctx); err != nil || u.Keys != n+1 {
			t.Errorf("usage %+v, error %v; want %d keys", u, err, n+1)
		}
	})
}

func TestAWriterFailsAlone(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		mine := errors.New("mine")
		var mu sync.Mutex
		outcome := make(map[string]error)
		var panicked any
		start := func(name string, f func() error) {
			go func() {
				defer func() {
					if r := recover(); r != nil {
						panicked = r
					}
				}()
				err := f()
				mu.Lock()
				defer mu.Unlock()
				outcome[name] = err
			}()
			synctest.Wait()
		}
		start("before", func() error { return sp.Set(ctx, "before", []byte("x"), 0) })
		start("refused", func() error {
			return sp.Modify(ctx, "refused", func([]byte) ([]byte, error) { return nil, mine })
		})
		start("panicking", func() error {
			return sp.Modify(ctx, "panicking", func([]byte) ([]byte, error) { panic("mine too") })
		})
		start("after", func() error { return sp.Set(ctx, "after", []byte("x"), 0) })
		close(s.release)
		synctest.Wait()
		if outcome["before"] != nil || outcome["after"] != nil || outcome["refused"] != mine || panicked != "mine too" {
			t.Errorf("outcome %v, panic %v", outcome, panicked)
		}
		if keys, err := sp.List(ctx, "", "", 10); err != nil || fmt.Sprint(keys) != "[after before first]" {
			t.Errorf("keys %q, error %v", keys, err)
		}
	})
}

func TestAWriterLeavesTheQueue(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		waiting, cancel := context.WithCancel(ctx)
		left := make(chan error, 1)
		go func() { left <- sp.Set(waiting, "left", nil, 0) }()
		go func() {
			if err := sp.Set(ctx, "stayed", nil, 0); err != nil {
				t.Errorf("the one that stayed: %v", err)
			}
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one that left: got error %v", err)
		}
		close(s.release)
		synctest.Wait()
		if keys, err := sp.List(ctx, "", "", 10); err != nil || fmt.Sprint(keys) != "[first stayed]" {
			t.Errorf("keys %q, error %v", keys, err)
		}
	})
}

func TestATransactionThatIsTooLargeIsSplit(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		value := bytes.Repeat([]byte("x"), 100_000)
		const n = 60 // 6 MB
		for i := range n {
			go func() {
				err := sp.Modify(ctx, fmt.Sprintf("k%d", i), func([]byte) ([]byte, error) { return value, nil })
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}()
		}
		synctest.Wait()
		close(s.release)
		synctest.Wait()
		if u, err := sp.Usage(ctx); err != nil || u.Keys != n+1 {
			t.Errorf("usage %+v, error %v; want %d keys", u, err, n+1)
		}
	})
}

func TestAnErrorOfTheStoreIsForAll(t *testing.T) {
	for _, want := range []error{storage.ErrUncertain, storage.ErrUnavailable} {
		queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
			s.err = want
			const n = 5
			errs := make(chan error, n)
			for i := range n {
				go func() { errs <- sp.Set(ctx, fmt.Sprintf("k%d", i), nil, 0) }()
			}
			synctest.Wait()
			close(s.release)
			for range n {
				if err := <-errs; !errors.Is(err, want) {
					t.Errorf("got error %v, want %v", err, want)
				}
			}
			if s.updates != 2 {
				t.Errorf("%d transactions, want 2: a failed one is not for the queue to try again", s.updates)
			}
		})
	}
}

func TestAWriterThatEndsHoldsUpNobody(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		errs := make(chan error, 2)
		go func() { // leads the next transaction, and ends in the middle of it
			_ = sp.Modify(ctx, "a", func([]byte) ([]byte, error) { runtime.Goexit(); return nil, nil })
		}()
		synctest.Wait()
		go func() { errs <- sp.Set(ctx, "b", nil, 0) }()
		synctest.Wait()
		close(s.release)
		if err := <-errs; err == nil {
			t.Error("a write whose transaction was never committed was acknowledged")
		}
		if err := sp.Set(ctx, "c", nil, 0); err != nil {
			t.Errorf("the next writer: %v", err)
		}
	})
}

func TestTheContextOfTheLeaderIsItsOwn(t *testing.T) {
	queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
		leading, cancel := context.WithCancel(ctx)
		errs := make(chan error, 2)
		go func() { errs <- sp.Set(leading, "leader", nil, 0) }()
		synctest.Wait()
		go func() {
			errs <- sp.Modify(ctx, "follower", func([]byte) ([]byte, error) { cancel(); return []byte("x"), nil })
		}()
		synctest.Wait()
		close(s.release)
		for range 2 {
			if err := <-errs; err != nil {
				t.Errorf("a write that had begun: %v", err)
			}
		}
	})
}

func TestAWriterThatIsCanceledWhenItsTurnComes(t *testing.T) {
	for range 50 { // whichever it hears of first
		queueTest(t, func(t *testing.T, s *gatedStore, sp *storage.Space) {
			waiting, cancel := context.WithCancel(ctx)
			s.after = cancel
			errs := make(chan error, 2)
			go func() { errs <- sp.Set(waiting, "canceled", nil, 0) }()
			synctest.Wait()
			close(s.release)
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("the canceled one: got error %v", err)
			}
			if err := sp.Set(ctx, "next", nil, 0); err != nil {
				t.Errorf("the next one: %v", err)
			}
			if keys, err := sp.List(ctx, "", "", 10); err != nil || fmt.Sprint(keys) != "[first next]" {
				t.Errorf("keys %q, error %v", keys, err)
			}
		})
	}
}
