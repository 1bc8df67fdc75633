package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/combine"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// errConflict sends an Update back to run its function again.
var errConflict = errors.New("storage: changed by others")

// errAbandoned is the outcome of a commit until there is another one.
var errAbandoned = fmt.Errorf("%w: the goroutine that committed has ended", storage.ErrUncertain)

// maxGroup bounds how many Updates are committed together.
const maxGroup = 4096

// pending is an Update that wants to commit.
type pending struct {
	tx      *optimistic.Tx
	read    uint64 // the state that it has read
	attempt int    // how often it has lost already
	err     error  // its outcome
}

// cost is what the writes of p may weigh in Badger's account of one write.
func (p *pending) cost() int { return p.tx.Bytes() + entryCost*len(p.tx.Writes()) }

// committer is the only one that writes to Badger. One of those who wait to
// commit does it for all: checks them for conflicts, writes what is without,
// syncs it, and lets them go.
type committer struct {
	db    *badger.DB
	views *views
	wal   *wal
	room  *room
	sync  SyncMode
	log   hclog.Logger
	queue combine.Queue[*pending]

	// Of whoever commits.
	recent optimistic.Log
	at     uint64 // number of the last commit
	failed error  // why nothing can be written any more
}

func newCommitter(db *badger.DB, views *views, wal *wal, room *room, sync SyncMode, log hclog.Logger) *committer {
	c := &committer{db: db, views: views, wal: wal, room: room, sync: sync, log: log, at: views.newest}
	c.queue.Perform, c.queue.MaxItems, c.queue.MaxCost = c.commitGroup, maxGroup, maxGroupCost
	return c
}

// commit commits p, together with others. It gives up when ctx is done before
// anybody has begun with it.
func (c *committer) commit(ctx context.Context, p *pending) error {
	p.err = errAbandoned
	if err := c.queue.Do(ctx, p, p.cost()); err != nil {
		return err
	}
	return p.err
}

// close closes the log when nobody commits any more. It fails, and may be called
// again, when closing Badger needs more room than there is.
func (c *committer) close() error {
	if err := c.room.checkClose(); err != nil {
		return err
	}
	c.wal.close()
	return nil
}

// commitGroup decides the fate of every Update of the group.
func (c *committer) commitGroup(_ context.Context, group []*pending) {
	defer func() {
		if r := recover(); r != nil { // in Badger, somewhere in the middle
			answer(group, c.fail(fmt.Errorf("panic: %v\n%s", r, debug.Stack())))
		}
	}()
	bytes := 0
	for _, p := range group {
		bytes += p.cost()
	}
	err := c.failed
	if err == nil {
		err = c.room.check(int64(bytes))
	}
	if err != nil {
		answer(group, err)
		return
	}
	// Who has lost before goes first, so that everybody gets through.
	slices.SortStableFunc(group, func(a, b *pending) int { return b.attempt - a.attempt })
	txn := c.db.NewTransactionAt(math.MaxUint64, true)
	defer txn.Discard()
	var joined []*pending
	for _, p := range group {
		if c.recent.Conflicts(p.read, p.tx.Reads()) {
			p.err = errConflict
			continue
		}
		if err := join(txn, p.tx); err != nil { // Badger's limits are wider than ours: a defect
			answer(group, err)
			return
		}
		c.recent.Add(c.at+1, p.tx.Writes())
		joined = append(joined, p)
	}
	if len(joined) > 0 {
		answer(joined, c.write(txn, int64(bytes)))
	}
}

// join adds the writes of tx to txn.
func join(txn *badger.Txn, tx *optimistic.Tx) error {
	for key, w := range tx.Writes() {
		var err error
		if w.Delete {
			err = txn.Delete(badgerKey(key))
		} else {
			err = txn.SetEntry(newEntry(key, w.Value))
		}
		if err != nil {
			return fmt.Errorf("storage: joining a write of %d bytes: %v", tx.Bytes(), err)
		}
	}
	return nil
}

// write makes txn durable and then visible.
func (c *committer) write(txn *badger.Txn, bytes int64) error {
	c.at++
	if err := txn.CommitAt(c.at, nil); err != nil {
		return c.fail(fmt.Errorf("write: %v", err))
	}
	if err := c.wal.wrote(bytes, c.room); err != nil {
		return c.fail(err)
	}
	if c.sync == SyncGroup {
		if err := c.wal.sync(); err != nil {
			return c.fail(err)
		}
	}
	read, kept := c.views.publish(c.at)
	c.recent.Forget(read)
	c.db.SetDiscardTs(kept)
	return nil
}

// fail ends all writing. After a failed sync nobody knows what is on the disk:
// the system may have dropped the pages that it could not write, and a second
// sync would succeed without them. So the commit stays invisible here, and
// opening the store again tells what has become of it.
func (c *committer) fail(cause error) (uncertain error) {
	c.log.Error("cannot write any more; the store must be opened again", "error", cause)
	c.failed = fmt.Errorf("%w: an earlier write failed (%v): the store must be opened again", storage.ErrUnavailable, cause)
	return fmt.Errorf("%w: %v", storage.ErrUncertain, cause)
}

func answer(group []*pending, err error) {
	for _, p := range group {
		p.err = err
	}
}
