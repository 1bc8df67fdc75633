package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/annexhost/annex/storage"
)

// callers is how many goroutines work on a store at the same time.
const callers = 8

// together runs f in goroutines and reports what they return.
func together(t *testing.T, n int, f func(caller int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for caller := range n {
		wg.Go(func() {
			if err := f(caller); err != nil {
				t.Errorf("caller %d: %v", caller, err)
			}
		})
	}
	wg.Wait()
}

var concurrencyRules = []rule{
	{"counters", "concurrent additions to one number all count", func(t *testing.T, s *subject) {
		const each = 20
		together(t, callers, func(int) error {
			for range each {
				if err := s.tryUpdate(add("n", 1)); err != nil {
					return err
				}
			}
			return nil
		})
		want(t, s, "n", strconv.Itoa(callers*each))
	}},
	{"strangers", "concurrent Updates of different keys are all kept", func(t *testing.T, s *subject) {
		const each = 50
		together(t, callers, func(caller int) error {
			for i := range each {
				key := storage.Key(fmt.Sprintf("k/%d/%03d", caller, i))
				if err := s.tryUpdate(func(tx storage.Tx) error { return tx.Put(key, []byte(key)) }); err != nil {
					return err
				}
				if got, err := s.Get(context.Background(), key); err != nil || string(got) != string(key) {
					return fmt.Errorf("key %q was acknowledged, and then is %q, error %v", key, got, err)
				}
			}
			return nil
		})
		keys, err := s.Keys(context.Background(), "k/", "", 10*callers*each)
		if err != nil || len(keys) != callers*each {
			t.Errorf("%d of %d keys are there (error %v)", len(keys), callers*each, err)
		}
	}},
	{"transfers", "whoever reads during transfers between accounts sees the same sum", func(t *testing.T, s *subject) {
		const accounts, start, each = 6, 100, 30
		s.update(t, func(tx storage.Tx) error {
			for i := range accounts {
				if err := tx.Put(storage.Key(fmt.Sprintf("acc/%d", i)), []byte(strconv.Itoa(start))); err != nil {
					return err
				}
			}
			return nil
		})
		together(t, callers, func(caller int) error {
			random := rand.New(rand.NewPCG(uint64(caller), 1))
			for range each {
				if err := checkSum(s, accounts*start); err != nil {
					return err
				}
				from, to, n := random.IntN(accounts), random.IntN(accounts), random.IntN(20)
				err := s.tryUpdate(func(tx storage.Tx) error {
					return errors.Join(add(storage.Key(fmt.Sprintf("acc/%d", from)), -n)(tx),
						add(storage.Key(fmt.Sprintf("acc/%d", to)), n)(tx))
				})
				if err != nil {
					return err
				}
				if err := s.tryUpdate(func(tx storage.Tx) error { return checkSum(tx, accounts*start) }); err != nil {
					return err
				}
			}
			return nil
		})
	}},
}

// checkSum returns an error unless the accounts hold want together.
func checkSum(r storage.Reader, want int) error {
	pairs, err := r.Scan(context.Background(), "acc/", "", 100)
	if err != nil {
		return err
	}
	sum := 0
	for _, p := range pairs {
		n, err := strconv.Atoi(string(p.Value))
		if err != nil {
			return err
		}
		sum += n
	}
	if sum != want {
		return fmt.Errorf("the accounts hold %d, want %d: %q", sum, want, pairs)
	}
	return nil
}
