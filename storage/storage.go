// Package storage is the contract for everything durable: an ordered,
// transactional map from byte strings to byte strings.
//
// A [Store] is one database; packages memstore and badgerstore implement it and
// package storagetest proves an implementation. [Namespace] confines a Store to a
// prefix, and [Space] is what one (organization, extension) gets: keys with
// quotas and expiry, counted in the transaction that changes them.
package storage

import (
	"context"
	"errors"
)

// The maxima that every Store accepts. A larger key, value or transaction fails
// with [ErrTooLarge] before anything is written.
const (
	MaxKey     = 1 << 10 // bytes in a key
	MaxValue   = 1 << 20 // bytes in a value
	MaxTxBytes = 4 << 20 // keys and values written by one Update
	MaxTxKeys  = 10_000  // keys written by one Update
)

// The errors that callers may match.
var (
	// ErrNotFound says that a key has no value.
	ErrNotFound = errors.New("storage: key not found")

	// ErrTooLarge says that a key, a value or a transaction is over its maximum.
	ErrTooLarge = errors.New("storage: too large")

	// ErrConflict says that an Update lost against others too many times.
	ErrConflict = errors.New("storage: conflict")

	// ErrUnavailable says that the store cannot take the write now, such as on
	// a full disk. Nothing was written, and trying later may succeed.
	ErrUnavailable = errors.New("storage: unavailable")

	// ErrInUse says that another process holds the store.
	ErrInUse = errors.New("storage: in use by another process")

	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("storage: closed")

	// ErrReadOnly says that a write was tried on a store opened for reading.
	ErrReadOnly = errors.New("storage: read only")
)

// Key is an ordered byte string, held in a string so that it can be compared
// and kept. Keys order bytewise.
type Key string

// Pair is a key and its value. The value belongs to the caller.
type Pair struct {
	Key   Key
	Value []byte
}

// Reader reads a consistent state.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The value belongs to the caller.
	Get(ctx context.Context, key Key) ([]byte, error)

	// Scan returns up to limit pairs whose keys start with prefix and are
	// greater than after, in key order. An empty after means from the start;
	// limit must be positive.
	Scan(ctx context.Context, prefix, after Key, limit int) ([]Pair, error)
}

// Tx is one attempt of an Update. It sees its own writes. It must not be used
// after the function that was given it returned, nor from other goroutines.
type Tx interface {
	Reader

	// Put sets key to a copy of value.
	Put(key Key, value []byte) error

	// Delete removes key. Removing an absent key is no error.
	Delete(key Key) error
}

// Store is one ordered, transactional, durable map. It is safe for concurrent use.
type Store interface {
	Reader

	// Update runs f in a transaction and commits what it wrote when it returns
	// nil, all or nothing. When anything that f read was changed by others in
	// the meantime, f runs again from the start: it must have no effects of its
	// own. An error of f is returned as it is and nothing is written.
	//
	// When Update returns nil the write is durable, as far as the store is.
	Update(ctx context.Context, f func(tx Tx) error) error

	// Close releases the store. Calls that are running end first; later ones
	// fail with ErrClosed.
	Close() error
}
