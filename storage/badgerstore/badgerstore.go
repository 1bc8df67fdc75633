// Package badgerstore is a [storage.Store] on one machine's disk: Badger, an
// embedded log-structured tree, with a committer of its own.
//
// Badger alone would sync its log once for each transaction, or never. Here the
// Updates that wait at the same moment are checked against each other, joined
// into one write to Badger's log, and made durable by one sync of it; only then
// are they acknowledged, and only then does a reader see them. So a reader never
// acts on what a power failure could take back.
//
// # What lies in the directory
//
// Only Badger's own files. Values stay in its tree, beside their keys: its value
// log is not used, because without SyncWrites Badger syncs neither a value log
// that it has filled nor what its garbage collection has moved before it deletes
// the original.
package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/gate"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// SyncMode says what an acknowledged write survives.
type SyncMode int

const (
	// SyncGroup acknowledges a write after the log was synced: it survives the
	// end of the process and of the power. Writers that wait share one sync.
	SyncGroup SyncMode = iota

	// SyncOff acknowledges a write when the operating system has it: it
	// survives the end of the process. After a power failure, what was written
	// within the last half minute or so may be gone, latest first.
	SyncOff
)

// DefaultFreeReserve is the reserve of free space when Config names none: 64 MiB.
const DefaultFreeReserve = 64 << 20

// maxAttempts is how often an Update runs its function before it gives up. Who
// has lost more often is served first, so it takes as many writers of the same
// keys to get there.
const maxAttempts = 500

// Config says where a store is and how it works.
type Config struct {
	// Dir is the directory, which is made when it does not exist (mode 0700).
	Dir string

	// Sync says what an acknowledged write survives (SyncGroup).
	Sync SyncMode

	// FreeReserve is how many bytes of the disk writes leave free, beside what
	// Badger may need in the background (DefaultFreeReserve). A write that
	// would touch it fails with [storage.ErrUnavailable]; Badger would end the
	// process on a full disk. Negative: not checked.
	FreeReserve int64

	// ReadOnly opens what is there for reading. It must have been closed
	// properly. Others may read it at the same time, nobody may write.
	ReadOnly bool

	// Logger is told what recovery has cut off, and what Badger says (none).
	Logger hclog.Logger
}

// Store is a store in a directory. Make one with [Open].
type Store struct {
	dir      string
	readOnly bool
	db       *badger.DB
	lock     *dirLock
	gate     gate.Gate
	views    *views
	commits  *committer // nil when read only

	closing sync.Mutex
	closed  bool
}

// Open opens the store in c.Dir, and makes it when there is none. It fails with
// [storage.ErrInUse] when another process holds the directory, with
// [storage.ErrCorrupt] when a file of it is damaged beyond what a crash leaves,
// and with [storage.ErrUnavailable] when the disk is too full to work on it. A
// log that ends in the middle of a write is cut there, and the logger told.
func Open(c Config) (*Store, error) { return open(c, localDisk{}) }

func open(c Config, d disk) (_ *Store, err error) {
	if c.Dir == "" {
		return nil, errors.New("storage: no directory given")
	}
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
	if c.FreeReserve == 0 {
		c.FreeReserve = DefaultFreeReserve
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	lock, err := lockDir(c.Dir, c.ReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lock.release()
		}
	}()
	room := &room{dir: c.Dir, reserve: c.FreeReserve, disk: d}
	if !c.ReadOnly {
		if err := room.checkOpen(); err != nil {
			return nil, err
		}
	}
	if err := recoverDir(c, room); err != nil {
		return nil, err
	}
	db, err := openBadger(c, lock.held)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: c.Dir, readOnly: c.ReadOnly, db: db, lock: lock, views: newViews(db.MaxVersion())}
	if c.ReadOnly {
		return s, nil
	}
	log, err := openWAL(c.Dir, d)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	room.tables = func() int64 { return tableBytes(db) }
	s.commits = newCommitter(db, s.views, log, room, c.Sync, c.Logger)
	return s, nil
}

// Get implements [storage.Reader].
func (s *Store) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := optimistic.CheckKey(key); err != nil {
		return nil, err
	}
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	v := s.views.begin()
	defer s.views.end(v)
	return state{s.db, v.at}.Get(key)
}

// Scan implements [storage.Reader].
func (s *Store) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	v := s.views.begin()
	defer s.views.end(v)
	return optimistic.Scan(ctx, state{s.db, v.at}, prefix, after, limit)
}

// Keys implements [storage.Reader].
func (s *Store) Keys(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Key, error) {
	if !s.gate.Enter() {
		return nil, storage.ErrClosed
	}
	defer s.gate.Leave()
	v := s.views.begin()
	defer s.views.end(v)
	return optimistic.Keys(ctx, state{s.db, v.at}, prefix, after, limit)
}

// Update implements [storage.Store].
func (s *Store) Update(ctx context.Context, f func(tx storage.Tx) error) error {
	if !s.gate.Enter() {
		return storage.ErrClosed
	}
	defer s.gate.Leave()
	for attempt := range maxAttempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.attempt(ctx, f, attempt); err != errConflict {
			return err
		}
	}
	return fmt.Errorf("%w: gave up after %d attempts", storage.ErrConflict, maxAttempts)
}

// attempt runs f once, and returns errConflict when it has to run again.
func (s *Store) attempt(ctx context.Context, f func(storage.Tx) error, attempt int) error {
	v := s.views.begin()
	defer s.views.end(v)
	tx, err := optimistic.Run(state{s.db, v.at}, s.readOnly, f)
	if err != nil || len(tx.Writes()) == 0 {
		return err
	}
	return s.commits.commit(ctx, &pending{tx: tx, read: v.at, attempt: attempt})
}

// Bytes is the size of the tables on disk, and 0 after Close. What is still in the log
// comes on top.
func (s *Store) Bytes() int64 {
	if !s.gate.Enter() {
		return 0
	}
	defer s.gate.Leave()
	return tableBytes(s.db)
}

// Close implements [storage.Store]. It writes what is in memory into tables;
// when the disk has no room for them it fails with [storage.ErrUnavailable] and
// keeps the directory: calling Close again, or ending the process, is safe.
func (s *Store) Close() error {
	s.gate.Close()
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return nil
	}
	if s.commits != nil {
		if err := s.commits.close(); err != nil {
			return err
		}
	}
	s.closed = true
	err := s.db.Close()
	s.lock.release()
	if err != nil {
		return fmt.Errorf("storage: close %s: %v", s.dir, err)
	}
	return nil
}
