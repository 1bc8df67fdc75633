package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/storage"
)

// gateStore lets the test decide when, and how, each Update ends.
type gateStore struct {
	storage.Store
	updates atomic.Int32
	hold    chan struct{} // an Update waits for a value; nil means that none does
	fail    atomic.Pointer[error]
}

func (s *gateStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	s.updates.Add(1)
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := s.fail.Load(); err != nil {
		return *err
	}
	return s.Store.Update(ctx, f)
}

func openGated(t *testing.T, hold chan struct{}) (*gateStore, *Log) {
	t.Helper()
	s := &gateStore{Store: newStore(t), hold: hold}
	l, err := Open(s, testKey, func() time.Time { return someTime })
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func TestConcurrentAppends(t *testing.T) {
	store := newStore(t)
	l := open(t, store)
	const callers, each = 16, 50
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				o := fmt.Sprint("org-", i%3)
				if err := l.Append(t.Context(), Record{Org: o, Action: "a", Actor: fmt.Sprint(c)}); err != nil {
					t.Error(err)
				}
				if i%10 == 0 { // a chain that grows is right at any moment
					if r, err := l.Verify(t.Context(), o); err != nil || r.FirstBad != nil {
						t.Errorf("verify meanwhile: %+v, %v", r.FirstBad, err)
					}
				}
			}
		})
	}
	wg.Wait()
	wantRight(t, l, "org-0", callers*17)
	wantRight(t, l, "org-1", callers*17)
	wantRight(t, l, "org-2", callers*16)
}

// TestTwoLogsOneStore: two hosts that share a store extend the same chain.
func TestTwoLogsOneStore(t *testing.T) {
	store := newStore(t)
	a, b := open(t, store), open(t, store)
	var wg sync.WaitGroup
	for _, l := range []*Log{a, b} {
		wg.Go(func() {
			for range 100 {
				if err := l.Append(t.Context(), Record{Org: org, Action: "a"}); err != nil && !errors.Is(err, storage.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantRight(t, a, org, 200)
}

// TestBatching: what waits while a transaction runs goes into the next one.
func TestBatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		defer l.Close(context.Background())
		const callers = 64
		var returned atomic.Int32
		var wg sync.WaitGroup
		for i := range callers + 1 {
			wg.Go(func() {
				if err := l.Append(t.Context(), Record{Org: fmt.Sprint("org-", i%2), Action: "a"}); err != nil {
					t.Error(err)
				}
				returned.Add(1)
			})
			if i == 0 {
				synctest.Wait() // the first one has a transaction for itself
			}
		}
		synctest.Wait()
		if got := returned.Load(); got != 0 {
			t.Errorf("%d appends returned before anything was durable", got)
		}
		store.hold <- struct{}{}
		synctest.Wait()
		if got := returned.Load(); got != 1 {
			t.Errorf("%d appends returned after the first transaction, want 1", got)
		}
		store.hold <- struct{}{}
		wg.Wait()
		if got := store.updates.Load(); got != 2 {
			t.Errorf("%d transactions for %d appends, want 2", got, callers+1)
		}
		wantRight(t, l, "org-0", 33)
	})
}

func TestBatchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		defer l.Close(context.Background())
		const n = maxBatch + 10
		var wg sync.WaitGroup
		for i := range n + 1 {
			wg.Go(func() {
				if err := l.Append(t.Context(), Record{Org: org, Action: "a"}); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		for range 3 { // one, then maxBatch, then 10
			store.hold <- struct{}{}
		}
		wg.Wait()
		wantRight(t, l, org, n+1)
	})
}

// TestFailsClosed: when the store does not take a record, its caller hears of it
// and nothing is there.
func TestFailsClosed(t *testing.T) {
	store, l := openGated(t, nil)
	defer l.Close(context.Background())
	full := fmt.Errorf("disk full: %w", storage.ErrUnavailable)
	store.fail.Store(&full)
	if err := l.Append(t.Context(), Record{Org: org, Action: "secret.read"}); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("got %v, want the store's error", err)
	}
	wantRight(t, l, org, 0)
	store.fail.Store(nil)
	add(t, l, Record{Org: org, Action: "secret.read"}) // and it recovers
	wantRight(t, l, org, 1)
}

// TestBrokenOrganizationFailsAlone puts a broken and a right chain in one batch.
func TestBrokenOrganizationFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		defer l.Close(context.Background())
		change(t, store.Store, headKey("broken"), []byte("x"))
		errs := make(map[string]error)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, name := range []string{"first", "broken", "right"} {
			wg.Go(func() {
				err := l.Append(t.Context(), Record{Org: name, Action: "a"})
				mu.Lock()
				defer mu.Unlock()
				errs[name] = err
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		store.hold <- struct{}{}
		store.hold <- struct{}{}
		wg.Wait()
		if errs["right"] != nil || !errors.Is(errs["broken"], ErrBroken) || store.updates.Load() != 2 {
			t.Errorf("got %v in %d transactions; want ErrBroken for the broken one alone, in 2", errs, store.updates.Load())
		}
		wantRight(t, l, "right", 1)
	})
}

// retryStore runs each function once in vain, on a state where one head is
// damaged, as a store does that finds out about a conflict when it commits.
type retryStore struct{ storage.Store }

var errInVain = errors.New("in vain")

func (s retryStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	err := s.Store.Update(ctx, func(tx storage.Tx) error {
		if err := tx.Put(headKey(org), []byte("x")); err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		return errInVain
	})
	if !errors.Is(err, errInVain) {
		return err
	}
	return s.Store.Update(ctx, f)
}

func TestOnlyTheLastAttemptCounts(t *testing.T) {
	l := open(t, retryStore{newStore(t)})
	add(t, l, Record{Org: org, Action: "a"})
	wantRight(t, l, org, 1)
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		defer l.Close(context.Background())
		first := make(chan error, 1)
		go func() { first <- l.Append(t.Context(), Record{Org: org, Action: "first"}) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Append(ctx, Record{Org: org, Action: "second"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		if err := l.Append(ctx, Record{Org: org, Action: "third"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a context that has ended: got %v, want DeadlineExceeded", err)
		}
		store.hold <- struct{}{}
		if err := <-first; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		wantRight(t, l, org, 1) // the second one was withdrawn
	})
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		var wg sync.WaitGroup
		var refused atomic.Int32
		for i := range maxWaiting + 5 {
			wg.Go(func() {
				err := l.Append(t.Context(), Record{Org: org, Action: "a"})
				if errors.Is(err, storage.ErrUnavailable) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if got := refused.Load(); got != 4 { // one runs, maxWaiting wait
			t.Errorf("%d refused, want 4", got)
		}
		close(store.hold)
		wg.Wait()
		wantRight(t, l, org, maxWaiting+1)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := openGated(t, make(chan struct{}))
		const n = 10
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if err := l.Append(t.Context(), Record{Org: org, Action: "a"}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- l.Close(t.Context()) }()
		synctest.Wait()
		if err := l.Append(t.Context(), Record{Org: org, Action: "a"}); !errors.Is(err, ErrClosed) {
			t.Errorf("append after close: got %v, want ErrClosed", err)
		}
		close(store.hold)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		wg.Wait()
		wantRight(t, l, org, n) // reading goes on
		if err := l.Close(t.Context()); err != nil {
			t.Errorf("close again: %v", err)
		}
	})
}

// TestCloseGivesUp: a store that hangs does not keep Close, its goroutine or
// those who wait.
func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l := openGated(t, make(chan struct{}))
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- l.Append(t.Context(), Record{Org: org, Action: "a"}) }()
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: got %v, want DeadlineExceeded", err)
		}
		for range 2 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("append: got %v, want Canceled", err)
			}
		}
		<-l.done
	})
}

// TestOpenReadsNothing: the number of organizations does not matter at the start.
func TestOpenReadsNothing(t *testing.T) {
	l, err := Open(nil, testKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
