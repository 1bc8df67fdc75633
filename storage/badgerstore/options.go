package badgerstore

import (
	"fmt"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/annexhost/annex/storage"
)

// Sizes of what Badger keeps. A write to Badger may weigh 15 % of a memtable,
// and must hold the largest transaction of the contract: that makes 32 MiB the
// smallest memtable that will do.
const (
	memtableBytes = 32 << 20
	maxGroupCost  = memtableBytes * 15 / 100 * 9 / 10 // what one joined write may cost, see cost
	entryCost     = 32                                // what Badger adds to a key and its value, at most
)

// badgerOptions are Badger's settings, and why they are what they are.
func badgerOptions(c Config, locked bool) badger.Options {
	return badger.DefaultOptions(c.Dir).
		WithLogger(badgerLogger{c.Logger.Named("badger")}).
		WithReadOnly(c.ReadOnly).
		WithBypassLockGuard(locked).
		// Small, because most stores are: a memtable is memory and its log a
		// (sparse) file of twice its size.
		WithMemTableSize(memtableBytes).
		WithNumMemtables(3).
		// Values of any size stay in the tree (see the package comment; for
		// the largest one see encodeValue); the value log is an empty file.
		WithValueThreshold(storage.MaxValue).
		WithValueLogFileSize(1 << 20).
		// The committer syncs, and finds the conflicts.
		WithSyncWrites(false).
		WithDetectConflicts(false).
		// Blocks are read from the memory map: nothing to unpack, no cache
		// beside the one of the operating system.
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithIndexCacheSize(0).
		// Tables are checked before Badger is opened, see checkTable.
		WithChecksumVerificationMode(options.NoVerification).
		WithNumCompactors(2).
		WithMetricsEnabled(false)
}

// openBadger opens Badger in managed mode: the committer numbers the versions.
func openBadger(c Config, locked bool) (db *badger.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("%w: open %s: %v", storage.ErrCorrupt, c.Dir, r)
		}
	}()
	db, err = badger.OpenManaged(badgerOptions(c, locked))
	if err == nil {
		return db, nil
	}
	// Badger's errors cannot be matched: their texts are all there is.
	text := err.Error()
	switch {
	case strings.Contains(text, "Cannot acquire directory lock"):
		return nil, inUse(c.Dir)
	case strings.Contains(text, badger.ErrTruncateNeeded.Error()):
		return nil, fmt.Errorf("%w: %s was not closed properly: open it for writing once, which recovers it",
			storage.ErrReadOnly, c.Dir)
	case strings.Contains(text, "checksum"), strings.Contains(text, "corrupt"), strings.Contains(text, "table"):
		return nil, fmt.Errorf("%w: open %s: %v", storage.ErrCorrupt, c.Dir, err)
	}
	return nil, fmt.Errorf("storage: open %s: %v", c.Dir, err)
}

// tableBytes is the size of all tables.
func tableBytes(db *badger.DB) int64 {
	var n int64
	for _, level := range db.Levels() {
		n += level.Size
	}
	return n
}
