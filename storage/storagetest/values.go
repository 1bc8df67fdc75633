package storagetest

import (
	"bytes"
	"context"
	"testing"

	"github.com/annexhost/annex/storage"
)

var valueRules = []rule{
	{"absent", "a key without a value is ErrNotFound", func(t *testing.T, s *subject) {
		value, err := s.Get(context.Background(), "absent")
		wantError(t, "Get", err, storage.ErrNotFound)
		if value != nil {
			t.Errorf("Get returned %q with its error", value)
		}
	}},
	{"put", "a value comes back as it was put, and the last one put stays", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "b", "2")
		want(t, s, "a", "1")
		want(t, s, "b", "2")
		s.put(t, "a", "3")
		want(t, s, "a", "3")
		s.put(t, "a", "4", "a", "5")
		want(t, s, "a", "5")
	}},
	{"delete", "a deleted key is absent until it is put again; deleting an absent key is no error", func(t *testing.T, s *subject) {
		s.put(t, "a", "1", "b", "2")
		s.remove(t, "a", "never")
		want(t, s, "a", "-")
		want(t, s, "b", "2")
		wantKeys(t, s, "", "", 10, "b")
		s.put(t, "a", "3")
		want(t, s, "a", "3")
	}},
	{"empty value", "an empty value is a value, and is not nil", func(t *testing.T, s *subject) {
		s.update(t, func(tx storage.Tx) error {
			if err := tx.Put("nil", nil); err != nil {
				return err
			}
			return tx.Put("empty", []byte{})
		})
		for _, key := range []storage.Key{"nil", "empty"} {
			value, err := s.Get(context.Background(), key)
			if err != nil || value == nil || len(value) != 0 {
				t.Errorf("Get %q: got %v, %v", key, value, err)
			}
		}
		wantKeys(t, s, "", "", 10, "empty", "nil")
	}},
	{"any bytes", "keys and values are any bytes", func(t *testing.T, s *subject) {
		var all []byte
		for b := range 256 {
			all = append(all, byte(b))
		}
		keys := []storage.Key{"\x00", "\x00\x00", "\xff\xff", "!badger!", "!badger!txn", "a/../b", "é\xc3", "'; --", storage.Key(all)}
		for _, key := range keys {
			s.put(t, string(key), string(all)+string(key))
		}
		for _, key := range keys {
			want(t, s, key, string(all)+string(key))
		}
	}},
	{"empty key", "an empty key is ErrInvalid", func(t *testing.T, s *subject) {
		ctx := context.Background()
		_, err := s.Get(ctx, "")
		wantError(t, "Get", err, storage.ErrInvalid)
		err = s.Update(ctx, func(tx storage.Tx) error { return tx.Put("", []byte("x")) })
		wantError(t, "Put", err, storage.ErrInvalid)
		err = s.Update(ctx, func(tx storage.Tx) error { return tx.Delete("") })
		wantError(t, "Delete", err, storage.ErrInvalid)
		err = s.Update(ctx, func(tx storage.Tx) error { _, err := tx.Get(ctx, ""); return err })
		wantError(t, "Get in a transaction", err, storage.ErrInvalid)
	}},
	{"copies in", "a value is copied when it is put", func(t *testing.T, s *subject) {
		value := []byte("before")
		s.update(t, func(tx storage.Tx) error {
			copy(value, "before")
			if err := tx.Put("a", value); err != nil {
				return err
			}
			copy(value, "after!")
			want(t, tx, "a", "before")
			return nil
		})
		want(t, s, "a", "before")
	}},
	{"copies out", "a value belongs to who has read it", func(t *testing.T, s *subject) {
		ctx := context.Background()
		s.put(t, "a", "before")
		spoil := func(r storage.Reader) {
			for range 2 {
				value, err := r.Get(ctx, "a")
				if err != nil || !bytes.Equal(value, []byte("before")) {
					t.Fatalf("Get: got %q, %v", value, err)
				}
				copy(value, "after!")
				pairs, err := r.Scan(ctx, "a", "", 1)
				if err != nil || len(pairs) != 1 || string(pairs[0].Value) != "before" {
					t.Fatalf("Scan: got %q, %v", pairs, err)
				}
				copy(pairs[0].Value, "after!")
			}
		}
		spoil(s)
		s.update(t, func(tx storage.Tx) error { spoil(tx); return nil })
		s.update(t, func(tx storage.Tx) error {
			if err := tx.Put("a", []byte("before")); err != nil {
				return err
			}
			spoil(tx) // its own write
			return nil
		})
		want(t, s, "a", "before")
	}},
}
