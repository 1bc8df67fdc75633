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

	// ErrInvalid says that an argument makes no sense: an empty key, or a limit
	// that is not positive.
	ErrInvalid = errors.New("storage: invalid argument")

	// ErrTooLarge says that a key, a value or a transaction is over its maximum.
	ErrTooLarge = errors.New("storage: too large")

	// ErrConflict says that an Update lost against others too many times.
	// Nothing was written, and trying again may succeed.
	ErrConflict = errors.New("storage: conflict")

	// ErrUnavailable says that the store cannot take the write now, such as on
	// a full disk. Nothing was written, and trying later may succeed.
	ErrUnavailable = errors.New("storage: unavailable")

	// ErrUncertain says that the store was lost while it committed: a failed
	// fsync, a connection that broke. What the Update wrote is there or it is
	// not, all of it or nothing; only reading it back tells.
	ErrUncertain = errors.New("storage: outcome unknown")

	// ErrInUse says that another process holds the store.
	ErrInUse = errors.New("storage: in use by another process")

	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("storage: closed")

	// ErrReadOnly says that a write was tried on a store opened for reading.
	ErrReadOnly = errors.New("storage: read only")

	// ErrCorrupt says that what is stored is damaged.
	ErrCorrupt = errors.New("storage: damaged")
)

// Key is an ordered byte string, held in a string so that it can be compared
// and kept. Keys order bytewise. An empty Key is the start of all keys, and
// names no value.
type Key string

// Pair is a key and its value. The value belongs to the caller.
type Pair struct {
	Key   Key
	Value []byte
}

// Reader reads a consistent state. Each call of a [Store] reads the state at
// one moment, and what was acknowledged before the call began is in it; all
// calls of a [Tx] read the same state.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The value belongs to the
	// caller; an empty value is not nil.
	Get(ctx context.Context, key Key) ([]byte, error)

	// Scan returns up to limit pairs whose keys start with prefix and are
	// greater than after, in key order. Fewer than limit means that there are
	// no more. An empty after means from the start; limit must be positive.
	// All the values are held in memory: limit them by what they may weigh.
	Scan(ctx context.Context, prefix, after Key, limit int) ([]Pair, error)

	// Keys is Scan without the values, for prefixes whose values may be large.
	Keys(ctx context.Context, prefix, after Key, limit int) ([]Key, error)
}

// Tx is one attempt of an Update. It sees its own writes. It must not be used
// after the function that was given it returned, nor from other goroutines.
//
// An error of a Tx other than ErrNotFound ends the Update: its function should
// return it, and nothing is written even if it does not.
type Tx interface {
	Reader

	// Put sets key to a copy of value.
	Put(key Key, value []byte) error

	// Delete removes key. Removing an absent key is no error.
	Delete(key Key) error
}

// Store is one ordered, transactional, durable map. It is safe for concurrent use.
//
// # Isolation
//
// Updates are serializable: what they leave behind, and what each of them that
// committed has read, is as if they had run one after the other. So a Store
// prevents lost updates (two read a counter, each writes what it read plus one),
// write skew (each reads what the other writes) and phantoms: a key that others
// add to or remove from a scanned range counts as read, and so does a key that
// was found absent. Order in real time is promised only between an Update that
// has returned and a call that begins afterwards.
//
// A driver may find out about a conflict when it commits, or fail a call of the
// Tx in the middle and run the function again.
type Store interface {
	Reader

	// Update runs f in a transaction and commits what it wrote when it returns
	// nil, all or nothing. When f and others have got in each other's way, f
	// runs again from the start with a new Tx: it must have no effects of its
	// own, and should be short. An error of f is returned as it is and nothing
	// is written. f may call the Store itself, outside the transaction.
	//
	// When Update returns nil the write is durable, as far as the store is.
	// When ctx is done before the commit has begun, Update returns its error
	// and nothing is written; a commit that has begun is waited for.
	Update(ctx context.Context, f func(tx Tx) error) error

	// Close releases the store. Calls that are running end first; later ones
	// fail with ErrClosed. Closing again does nothing.
	Close() error
}
