package badgerstore

import (
	"errors"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"

	"github.com/annexhost/annex/storage"
)

// keyPrefix stands before every key, because some keys are Badger's own.
const keyPrefix = 'd'

// badgerKey returns key as Badger has it.
func badgerKey(key storage.Key) []byte {
	b := make([]byte, 1, 1+len(key)+1) // one more for Walk
	b[0] = keyPrefix
	return append(b, key...)
}

// moreInMeta as the expiry of an entry (which Badger takes to be never) says that
// the last byte of the value is in its user meta. Badger puts values of MaxValue
// bytes and more into its value log; like this, MaxValue is one byte less.
const moreInMeta = math.MaxUint64

func newEntry(key storage.Key, value []byte) *badger.Entry {
	e := badger.NewEntry(badgerKey(key), value)
	if n := len(value) - 1; len(value) == storage.MaxValue {
		e.Value, e.UserMeta, e.ExpiresAt = value[:n], value[n], moreInMeta
	}
	return e
}

// valueOf returns a copy of the value of an item.
func valueOf(item *badger.Item) ([]byte, error) {
	value, err := item.ValueCopy([]byte{})
	if err != nil {
		return nil, readError(err)
	}
	if item.ExpiresAt() == moreInMeta {
		value = append(value, item.UserMeta())
	}
	return value, nil
}

// readError is an error of Badger while it reads: a block whose checksum is wrong.
func readError(err error) error { return fmt.Errorf("%w: %v", storage.ErrCorrupt, err) }

// state is what was committed up to a version. It implements [optimistic.State].
type state struct {
	db *badger.DB
	at uint64
}

func (s state) Get(key storage.Key) ([]byte, error) {
	txn := s.db.NewTransactionAt(s.at, false)
	defer txn.Discard()
	item, err := txn.Get(badgerKey(key))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, storage.ErrNotFound
	}
	if err != nil {
		return nil, readError(err)
	}
	return valueOf(item)
}

func (s state) Walk(prefix, after storage.Key, visit func(storage.Key, func() ([]byte, error)) bool) error {
	txn := s.db.NewTransactionAt(s.at, false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{Prefix: badgerKey(prefix)})
	defer it.Close()
	start := badgerKey(prefix)
	if after >= prefix && after != "" {
		start = append(badgerKey(after), 0) // the smallest key that is greater
	}
	for it.Seek(start); it.Valid(); it.Next() {
		item := it.Item()
		key := storage.Key(item.Key()[1:])
		if !visit(key, func() ([]byte, error) { return valueOf(item) }) {
			return nil
		}
	}
	return nil
}
