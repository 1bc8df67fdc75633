package optimistic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

// pairs is a state: keys in order, each its own value.
type pairs []storage.Key

func (p pairs) Get(key storage.Key) ([]byte, error) {
	if slices.Contains(p, key) {
		return []byte(key), nil
	}
	return nil, storage.ErrNotFound
}

func (p pairs) Walk(prefix, after storage.Key, visit func(storage.Key, func() ([]byte, error)) bool) error {
	for _, key := range p {
		if key > after && strings.HasPrefix(string(key), string(prefix)) &&
			!visit(key, func() ([]byte, error) { return []byte(key), nil }) {
			return nil
		}
	}
	return nil
}

func TestWhatAScanReads(t *testing.T) {
	ctx := context.Background()
	state := pairs{"a", "c", "e", "g"}
	for _, test := range []struct {
		rule string
		f    func(tx storage.Tx) error
		want []storage.Key // of a to h, those whose change is a conflict
	}{
		{"all of it", func(tx storage.Tx) error {
			_, err := tx.Scan(ctx, "", "", 10)
			return err
		}, []storage.Key{"a", "b", "c", "d", "e", "f", "g", "h"}},
		{"as far as the limit", func(tx storage.Tx) error {
			_, err := tx.Scan(ctx, "", "", 2)
			return err
		}, []storage.Key{"a", "b", "c"}},
		{"a limit that is just enough", func(tx storage.Tx) error {
			_, err := tx.Keys(ctx, "", "e", 1)
			return err
		}, []storage.Key{"f", "g"}},
		{"own removals move the page", func(tx storage.Tx) error {
			if err := tx.Delete("c"); err != nil {
				return err
			}
			_, err := tx.Keys(ctx, "", "", 2)
			return err
		}, []storage.Key{"a", "b", "c", "d", "e"}},
		{"keys, present and absent, but not what it wrote itself", func(tx storage.Tx) error {
			if err := tx.Put("b", nil); err != nil {
				return err
			}
			for _, key := range []storage.Key{"a", "b", "h"} {
				if _, err := tx.Get(ctx, key); err != nil && !errors.Is(err, storage.ErrNotFound) {
					return err
				}
			}
			return nil
		}, []storage.Key{"a", "h"}},
	} {
		tx, err := Run(state, false, test.f)
		if err != nil {
			t.Errorf("%s: %v", test.rule, err)
			continue
		}
		var got []storage.Key
		for _, key := range []storage.Key{"a", "b", "c", "d", "e", "f", "g", "h"} {
			var log Log
			log.Add(1, writes(key))
			if log.Conflicts(0, tx.Reads()) {
				got = append(got, key)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: conflicts with %q, want %q", test.rule, got, test.want)
		}
	}
}

func TestALongScanHeedsItsContext(t *testing.T) {
	var state pairs
	for i := range 3 * checkEvery {
		state = append(state, storage.Key(fmt.Sprintf("%06d", i)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	walked := 0
	_, err := Scan(ctx, visiting{state, func() {
		if walked++; walked == 10 {
			cancel()
		}
	}}, "", "", len(state))
	if !errors.Is(err, context.Canceled) || walked > 2*checkEvery {
		t.Errorf("got error %v after %d keys, canceled after 10", err, walked)
	}
}

// visiting is a state that tells of each key walked.
type visiting struct {
	pairs
	visited func()
}

func (v visiting) Walk(prefix, after storage.Key, visit func(storage.Key, func() ([]byte, error)) bool) error {
	return v.pairs.Walk(prefix, after, func(key storage.Key, value func() ([]byte, error)) bool {
		v.visited()
		return visit(key, value)
	})
}
