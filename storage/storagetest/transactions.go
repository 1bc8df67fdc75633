package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/annexhost/annex/storage"
)

var txRules = []rule{
	{"own writes", "a transaction sees what it has written so far, in key order with the rest", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "c", "3", "e", "5", "g", "7")
		s.update(t, func(tx storage.Tx) error {
			for _, err := range []error{
				tx.Put("b", []byte("2")), tx.Put("c", []byte("three")), tx.Delete("e"), tx.Put("h", nil), tx.Put("i", nil), tx.Delete("i"),
			} {
				if err != nil {
					return err
				}
			}
			want(t, tx, "b", "2")
			want(t, tx, "c", "three")
			want(t, tx, "e", "-")
			want(t, tx, "i", "-")
			wantKeys(t, tx, "", "", 10, "a", "b", "c", "g", "h")
			wantKeys(t, tx, "", "", 3, "a", "b", "c")
			wantKeys(t, tx, "", "a", 2, "b", "c")
			wantKeys(t, tx, "", "c", 1, "g")
			wantKeys(t, tx, "", "g", 5, "h")
			wantKeys(t, tx, "e", "", 5)
			return nil
		})
		wantKeys(t, s, "", "", 10, "a", "b", "c", "g", "h")
	}},
	{"unseen", "nobody sees what a transaction has written before it is committed", func(t *testing.T, s *subject) {
		s.put(t, "a", "old")
		s.update(t, func(tx storage.Tx) error {
			if err := errors.Join(tx.Put("a", []byte("new")), tx.Put("b", []byte("new"))); err != nil {
				return err
			}
			want(t, s, "a", "old")
			want(t, s, "b", "-")
			wantKeys(t, s, "", "", 10, "a")
			return nil
		})
		want(t, s, "a", "new")
	}},
	{"all or nothing", "when its function fails, the Update returns that error and nothing is written", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "b", "2")
		mine := errors.New("mine")
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			if err := errors.Join(tx.Put("a", []byte("x")), tx.Delete("b"), tx.Put("c", []byte("x"))); err != nil {
				return err
			}
			return mine
		})
		if err != mine {
			t.Errorf("Update: got error %v, want %v as it was", err, mine)
		}
		want(t, s, "a", "1")
		want(t, s, "b", "2")
		want(t, s, "c", "-")
	}},
	{"ignored errors", "an Update fails with an error of its transaction although its function returns nil", func(t *testing.T, s *subject) {
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			if err := tx.Put("a", []byte("x")); err != nil {
				return err
			}
			_ = tx.Put("", []byte("x"))
			return nil
		})
		wantError(t, "Update", err, storage.ErrInvalid)
		want(t, s, "a", "-")
		s.update(t, func(tx storage.Tx) error {
			_, err := tx.Get(context.Background(), "absent")
			wantError(t, "Get", err, storage.ErrNotFound)
			return tx.Put("a", []byte("x")) // an absent key is no such error
		})
		want(t, s, "a", "x")
	}},
	{"after its end", "a transaction fails when it is used after its function has returned", func(t *testing.T, s *subject) {
		ctx := context.Background()
		s.put(t, "a", "1")
		var kept storage.Tx
		s.update(t, func(tx storage.Tx) error { kept = tx; return nil })
		if _, err := kept.Get(ctx, "a"); err == nil || errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Get: got error %v", err)
		}
		if _, err := kept.Scan(ctx, "", "", 1); err == nil {
			t.Error("Scan did not fail")
		}
		if kept.Put("a", []byte("2")) == nil || kept.Delete("a") == nil {
			t.Error("a write did not fail")
		}
		want(t, s, "a", "1")
	}},
	{"nothing to write", "an Update that writes nothing succeeds", func(t *testing.T, s *subject) {
		s.put(t, "a", "1")
		s.update(t, func(tx storage.Tx) error { return nil })
		s.update(t, func(tx storage.Tx) error { want(t, tx, "a", "1"); return nil })
	}},
	{"nested", "the function of an Update may call the store outside of its transaction", func(t *testing.T, s *subject) {
		s.update(t, func(tx storage.Tx) error {
			s.put(t, "inner", "1")
			want(t, s, "inner", "1")
			return tx.Put("outer", []byte("1"))
		})
		want(t, s, "inner", "1")
		want(t, s, "outer", "1")
	}},
}
