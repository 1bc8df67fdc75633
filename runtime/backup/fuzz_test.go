package backup

import (
	"bytes"
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// FuzzRead reads whatever may be in place of a backup: it ends, its keys come in
// order, and what is not whole is not taken for whole.
func FuzzRead(f *testing.F) {
	s := memstore.New()
	for _, k := range []string{"a", "b", "c"} {
		if err := s.Update(ctx, func(tx storage.Tx) error { return tx.Put(storage.Key(k), []byte(k)) }); err != nil {
			f.Fatal(err)
		}
	}
	var whole bytes.Buffer
	if _, err := Write(ctx, s, key, info, &whole); err != nil {
		f.Fatal(err)
	}
	good := whole.Bytes()
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(magic))
	f.Add(append([]byte(magic), "I\xff\xff\xff\xff"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := storage.Key("")
		_, err := Read(ctx, bytes.NewReader(data), func(pairs []storage.Pair) error {
			for _, p := range pairs {
				if p.Key <= last {
					t.Fatalf("key %q after %q", p.Key, last)
				}
				last = p.Key
			}
			return nil
		})
		if err == nil && bytes.HasPrefix(good, data) && len(data) < len(good) {
			t.Fatalf("%d of %d bytes were taken for all", len(data), len(good))
		}
	})
}
