// Package optimistic is what the stores of this process share: a transaction
// that reads one unchanging state, keeps its writes to itself, and remembers
// what it read, and a log of recent commits that tells whether others have
// changed it since.
package optimistic

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// State is one committed state. It never changes.
type State interface {
	// Get returns a copy of the value of key, or [storage.ErrNotFound].
	Get(key storage.Key) ([]byte, error)

	// Walk calls visit for each key that starts with prefix and is greater than
	// after, in key order, until visit returns false. value returns a copy of
	// the key's value, and may be called only until visit returns.
	Walk(prefix, after storage.Key, visit func(key storage.Key, value func() ([]byte, error)) bool) error
}

// Write is a new value of a key, or its removal.
type Write struct {
	Value  []byte
	Delete bool
}

// Tx is a [storage.Tx] over a State.
type Tx struct {
	state    State
	readOnly bool
	reads    Reads
	writes   map[storage.Key]Write
	bytes    int   // of keys and values in writes
	failed   error // ends the transaction whatever its function returns
	over     bool
}

var errOver = errors.New("storage: transaction used after its end")

// Run runs f in a transaction over state and returns it, ready to be committed.
// It fails with the error of f, or with that of a call that f did not heed.
func Run(state State, readOnly bool, f func(storage.Tx) error) (*Tx, error) {
	tx := &Tx{state: state, readOnly: readOnly}
	defer func() { tx.over = true }()
	if err := f(tx); err != nil {
		return nil, err
	}
	return tx, tx.failed
}

// Reads is what the transaction depends on.
func (tx *Tx) Reads() *Reads { return &tx.reads }

// Writes is what the transaction wants to change. The caller must not change it.
func (tx *Tx) Writes() map[storage.Key]Write { return tx.writes }

// Bytes is the size of the keys and values in Writes.
func (tx *Tx) Bytes() int { return tx.bytes }

// begin reports why no call may go on.
func (tx *Tx) begin() error {
	if tx.over {
		return errOver
	}
	return tx.failed
}

// beginRead is begin for a call that has a context.
func (tx *Tx) beginRead(ctx context.Context) error {
	if err := tx.begin(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// fail makes err the end of the transaction.
func (tx *Tx) fail(err error) error {
	tx.failed = err
	return err
}

// Get implements [storage.Reader].
func (tx *Tx) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	if err := tx.beginRead(ctx); err != nil {
		return nil, err
	}
	if err := CheckKey(key); err != nil {
		return nil, tx.fail(err)
	}
	if w, ok := tx.writes[key]; ok {
		if w.Delete {
			return nil, storage.ErrNotFound
		}
		return append([]byte{}, w.Value...), nil
	}
	tx.reads.addKey(key)
	value, err := tx.state.Get(key)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, tx.fail(err)
	}
	return value, err
}

// Put implements [storage.Tx].
func (tx *Tx) Put(key storage.Key, value []byte) error {
	if len(value) > storage.MaxValue {
		return tx.fail(fmt.Errorf("%w: value of key %.40q has %d bytes (max %d)",
			storage.ErrTooLarge, key, len(value), storage.MaxValue))
	}
	return tx.write(key, Write{Value: append([]byte{}, value...)})
}

// Delete implements [storage.Tx].
func (tx *Tx) Delete(key storage.Key) error { return tx.write(key, Write{Delete: true}) }

func (tx *Tx) write(key storage.Key, w Write) error {
	if err := tx.begin(); err != nil {
		return err
	}
	if tx.readOnly {
		return tx.fail(storage.ErrReadOnly)
	}
	if err := CheckKey(key); err != nil {
		return tx.fail(err)
	}
	old, again := tx.writes[key]
	bytes, keys := tx.bytes+len(w.Value)-len(old.Value), len(tx.writes)
	if !again {
		bytes += len(key)
		keys++
	}
	switch {
	case bytes > storage.MaxTxBytes:
		return tx.fail(fmt.Errorf("%w: transaction writes more than %d bytes", storage.ErrTooLarge, storage.MaxTxBytes))
	case keys > storage.MaxTxKeys:
		return tx.fail(fmt.Errorf("%w: transaction writes more than %d keys", storage.ErrTooLarge, storage.MaxTxKeys))
	}
	if tx.writes == nil {
		tx.writes = make(map[storage.Key]Write)
	}
	tx.writes[key] = w
	tx.bytes = bytes
	return nil
}

// CheckKey returns an error unless key may name a value.
func CheckKey(key storage.Key) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: empty key", storage.ErrInvalid)
	case len(key) > storage.MaxKey:
		return fmt.Errorf("%w: key %.40q has %d bytes (max %d)", storage.ErrTooLarge, key, len(key), storage.MaxKey)
	}
	return nil
}

// CheckLimit returns an error unless limit is positive.
func CheckLimit(limit int) error {
	if limit <= 0 {
		return fmt.Errorf("%w: limit %d is not positive", storage.ErrInvalid, limit)
	}
	return nil
}
