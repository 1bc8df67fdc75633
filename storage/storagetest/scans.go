package storagetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/annexhost/annex/storage"
)

var scanRules = []rule{
	{"order", "keys come in the order of their bytes", func(t *testing.T, s *subject) {
		keys := []storage.Key{"\x00", "\x00\x01", "\x01", "A", "B", "a", "a\x00", "a\x00\x00", "aa", "a\xff", "b", "é", "\xfe", "\xff", "\xff\xff"}
		for _, i := range []int{7, 3, 14, 0, 9, 5, 1, 12, 10, 4, 13, 2, 11, 6, 8} {
			s.put(t, string(keys[i]), "x")
		}
		if !slices.IsSorted(keys) {
			t.Fatal("the test's own keys are not in order")
		}
		wantKeys(t, s, "", "", 100, keys...)
	}},
	{"prefix", "only keys that start with the prefix", func(t *testing.T, s *subject) {
		s.put(t, "a", "", "a/", "", "a/1", "", "a/2", "", "a0", "", "b/1", "", "\xff", "", "\xff\xff1", "")
		wantKeys(t, s, "a/", "", 10, "a/", "a/1", "a/2")
		wantKeys(t, s, "a", "", 10, "a", "a/", "a/1", "a/2", "a0")
		wantKeys(t, s, "c", "", 10)
		wantKeys(t, s, "a/12", "", 10)
		wantKeys(t, s, "\xff", "", 10, "\xff", "\xff\xff1")
		wantKeys(t, s, "\xff\xff", "", 10, "\xff\xff1")
	}},
	{"after", "only keys greater than after, which need not exist nor have the prefix", func(t *testing.T, s *subject) {
		s.put(t, "a/1", "", "a/3", "", "a/5", "", "b", "")
		wantKeys(t, s, "a/", "a/1", 10, "a/3", "a/5")
		wantKeys(t, s, "a/", "a/2", 10, "a/3", "a/5")
		wantKeys(t, s, "a/", "a/5", 10)
		wantKeys(t, s, "a/", "a/1\x00", 10, "a/3", "a/5")
		wantKeys(t, s, "a/", "A", 10, "a/1", "a/3", "a/5")
		wantKeys(t, s, "a/", "b", 10)
		wantKeys(t, s, "", "a/4", 10, "a/5", "b")
	}},
	{"limit", "at most limit pairs, the smallest first; a limit that is not positive is ErrInvalid", func(t *testing.T, s *subject) {
		s.put(t, "a", "", "b", "", "c", "")
		wantKeys(t, s, "", "", 1, "a")
		wantKeys(t, s, "", "", 2, "a", "b")
		wantKeys(t, s, "", "", 3, "a", "b", "c")
		wantKeys(t, s, "", "a", 1, "b")
		for _, limit := range []int{0, -1} {
			_, err := s.Scan(context.Background(), "", "", limit)
			wantError(t, fmt.Sprintf("Scan with limit %d", limit), err, storage.ErrInvalid)
			_, err = s.Keys(context.Background(), "", "", limit)
			wantError(t, fmt.Sprintf("Keys with limit %d", limit), err, storage.ErrInvalid)
		}
	}},
	{"pages", "going on after the last key of a page visits every key once", func(t *testing.T, s *subject) {
		var keys []storage.Key
		s.update(t, func(tx storage.Tx) error {
			keys = nil
			for i := range 1000 {
				key := storage.Key(fmt.Sprintf("k/%04d", i))
				keys = append(keys, key)
				if err := tx.Put(key, []byte(key)); err != nil {
					return err
				}
			}
			return tx.Put("l", nil)
		})
		var got []storage.Key
		var after storage.Key
		for {
			pairs, err := s.Scan(context.Background(), "k/", after, 17)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pairs {
				if string(p.Value) != string(p.Key) {
					t.Fatalf("key %q has value %q", p.Key, p.Value)
				}
				got = append(got, p.Key)
			}
			if len(pairs) < 17 {
				break
			}
			after = pairs[len(pairs)-1].Key
		}
		if !slices.Equal(got, keys) {
			t.Errorf("got %d keys, want %d: %q", len(got), len(keys), got)
		}
	}},
}
