package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

// room is what the tests leave of MaxTxBytes for what a decorator adds to keys.
const room = 64 << 10

var maximaRules = []rule{
	{"longest key", "a key of the longest length works; a longer one is ErrTooLarge", func(t *testing.T, s *subject) {
		ctx := context.Background()
		longest := strings.Repeat("k", s.options.MaxKey)
		s.put(t, longest, "x")
		want(t, s, storage.Key(longest), "x")
		wantKeys(t, s, "k", "", 10, storage.Key(longest))
		s.remove(t, storage.Key(longest))

		longer := storage.Key(longest + "k")
		_, err := s.Get(ctx, longer)
		wantError(t, "Get", err, storage.ErrTooLarge)
		wantTooLarge(t, s, func(tx storage.Tx) error { return tx.Put(longer, []byte("x")) })
		wantTooLarge(t, s, func(tx storage.Tx) error { return tx.Delete(longer) })
		wantTooLarge(t, s, func(tx storage.Tx) error { _, err := tx.Get(ctx, longer); return err })
	}},
	{"largest value", "a value of MaxValue bytes works and comes back; a larger one is ErrTooLarge", func(t *testing.T, s *subject) {
		for _, size := range []int{storage.MaxValue - 1, storage.MaxValue} {
			value := bytes.Repeat([]byte("0123456789abcdef"), storage.MaxValue/16)[:size]
			for _, last := range []byte{0, 1, 255} {
				value[size-1] = last
				s.put(t, "large", string(value))
				if got := text(t, s, "large"); got != string(value) {
					t.Fatalf("value of %d bytes that ends with %d: got %d bytes that end with %d", size, last, len(got), got[len(got)-1])
				}
				pairs, err := s.Scan(context.Background(), "large", "", 1)
				if err != nil || len(pairs) != 1 || !bytes.Equal(pairs[0].Value, value) {
					t.Fatalf("value of %d bytes that ends with %d: Scan returned another one (error %v)", size, last, err)
				}
			}
		}
		s.remove(t, "large")
		wantTooLarge(t, s, func(tx storage.Tx) error { return tx.Put("large", make([]byte, storage.MaxValue+1)) })
	}},
	{"largest transaction", "a transaction of MaxTxBytes works; a larger one is ErrTooLarge", func(t *testing.T, s *subject) {
		fill := func(total int) func(tx storage.Tx) error {
			return func(tx storage.Tx) error {
				for i := 0; total > 0; i++ {
					n := min(total, storage.MaxValue)
					if err := tx.Put(storage.Key(fmt.Sprintf("v%03d", i)), make([]byte, max(n-4, 0))); err != nil {
						return err
					}
					total -= n
				}
				return nil
			}
		}
		wantTooLarge(t, s, fill(storage.MaxTxBytes+1))
		s.update(t, fill(storage.MaxTxBytes-room))
		if n, err := count(s, "v"); err != nil || n != 4 {
			t.Errorf("%d of 4 keys are there (error %v)", n, err)
		}
	}},
	{"most keys", "a transaction of MaxTxKeys works; one with more is ErrTooLarge", func(t *testing.T, s *subject) {
		fill := func(n int) func(tx storage.Tx) error {
			return func(tx storage.Tx) error {
				for i := range n {
					key := storage.Key(fmt.Sprintf("n%05d", i))
					if err := tx.Put(key, []byte("x")); err != nil {
						return err
					}
					if err := tx.Put(key, []byte("y")); err != nil { // the same key counts once
						return err
					}
				}
				return nil
			}
		}
		wantTooLarge(t, s, fill(storage.MaxTxKeys+1))
		s.update(t, fill(storage.MaxTxKeys))
		keys, err := s.Keys(context.Background(), "n", "", storage.MaxTxKeys+1)
		if err != nil || len(keys) != storage.MaxTxKeys {
			t.Errorf("%d of %d keys are there (error %v)", len(keys), storage.MaxTxKeys, err)
		}
	}},
}

// wantTooLarge checks that an Update with f is ErrTooLarge and writes nothing of
// what it wrote before f.
func wantTooLarge(t *testing.T, s *subject, f func(tx storage.Tx) error) {
	t.Helper()
	err := s.Update(context.Background(), func(tx storage.Tx) error {
		if err := tx.Put("before", []byte("x")); err != nil {
			return err
		}
		return f(tx)
	})
	wantError(t, "Update", err, storage.ErrTooLarge)
	wantKeys(t, s, "", "", 1)
}
