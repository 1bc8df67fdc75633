package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/internal/optimistic"
)

// errConflict sends an Update back to run its function again.
var errConflict = errors.New("storage: changed by others")

// pending is an Update that wants to commit.
type pending struct {
	tx      *optimistic.Tx
	read    uint64 // the state that it has read
	attempt int    // how often it has lost already
	done    chan error
}

// cost is what the writes of p may weigh in Badger's account of one write.
func (p *pending) cost() int { return p.tx.Bytes() + entryCost*len(p.tx.Writes()) }

// committer is the only one that writes to Badger. It takes what waits, and in
// one goroutine checks it for conflicts, writes it, syncs it, and acknowledges it.
type committer struct {
	db    *badger.DB
	views *views
	wal   *wal
	room  *room
	sync  SyncMode
	log   hclog.Logger

	mu     sync.Mutex
	queue  []*pending
	closed bool
	wake   chan struct{} // has an element when the queue may be worth a look
	ended  chan struct{}

	// Of the goroutine alone.
	recent optimistic.Log
	at     uint64 // number of the last commit
	joined int    // how many Updates the last group had
	failed error  // why nothing can be written any more
}

func startCommitter(db *badger.DB, views *views, wal *wal, room *room, sync SyncMode, log hclog.Logger) *committer {
	c := &committer{
		db: db, views: views, wal: wal, room: room, sync: sync, log: log,
		wake: make(chan struct{}, 1), ended: make(chan struct{}), at: views.newest,
	}
	go c.run()
	return c
}

// commit queues p and waits for its outcome. It gives up when ctx is done before
// p was taken up.
func (c *committer) commit(ctx context.Context, p *pending) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	c.queue = append(c.queue, p)
	c.mu.Unlock()
	c.nudge()
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		if c.withdraw(p) {
			return ctx.Err()
		}
		return <-p.done
	}
}

func (c *committer) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// withdraw takes p out of the queue, and reports whether it was still there.
func (c *committer) withdraw(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.queue, p)
	if i >= 0 {
		c.queue = slices.Delete(c.queue, i, i+1)
	}
	return i >= 0
}

// stop ends the goroutine: no Update is running any more. It fails, and may be
// called again, when closing Badger needs more room than there is.
func (c *committer) stop() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if first {
		c.nudge()
	}
	<-c.ended
	if err := c.room.checkClose(); err != nil {
		return err
	}
	c.wal.close()
	return nil
}

func (c *committer) run() {
	defer close(c.ended)
	for range c.wake {
		c.gather()
		for group := c.take(); len(group) > 0; group = c.take() {
			c.commitGroup(group)
			c.joined = len(group)
			c.gather()
		}
		c.mu.Lock()
		closed := c.closed
		c.mu.Unlock()
		if closed {
			return
		}
	}
}

// gather lets those who were just acknowledged come back with their next Update,
// so that they share one sync: otherwise the first of them would have a sync for
// itself while the others wait for the next one. It costs a lone writer nothing.
func (c *committer) gather() {
	for last := -1; c.joined > 1; {
		c.mu.Lock()
		n := len(c.queue)
		c.mu.Unlock()
		if n >= c.joined || n == last {
			return
		}
		last = n
		runtime.Gosched()
	}
}

// take removes from the queue what fits into one write.
func (c *committer) take() []*pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, cost := 0, 0
	for n < len(c.queue) {
		cost += c.queue[n].cost()
		if n > 0 && cost > maxGroupCost {
			break
		}
		n++
	}
	group := c.queue[:n:n]
	c.queue = c.queue[n:]
	return group
}

// commitGroup decides the fate of every Update of the group.
func (c *committer) commitGroup(group []*pending) {
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
	var winners, losers []*pending
	txn := c.db.NewTransactionAt(math.MaxUint64, true)
	defer txn.Discard()
	for _, p := range group {
		switch err := c.join(txn, p); err {
		case nil:
			winners = append(winners, p)
		case errConflict:
			losers = append(losers, p)
		default: // Badger's limits are wider than ours: a defect, and nothing is written
			answer(group, err)
			return
		}
	}
	if len(winners) > 0 {
		if err := c.write(txn, int64(bytes)); err != nil {
			answer(winners, err)
			answer(losers, errConflict)
			return
		}
	}
	answer(winners, nil)
	answer(losers, errConflict)
}

// join adds the writes of p to txn, unless what p has read was changed by a
// commit that p has not seen, or by one that joined before it.
func (c *committer) join(txn *badger.Txn, p *pending) error {
	if c.recent.Conflicts(p.read, p.tx.Reads()) {
		return errConflict
	}
	for key, w := range p.tx.Writes() {
		var err error
		if w.Delete {
			err = txn.Delete(badgerKey(key))
		} else {
			err = txn.SetEntry(newEntry(key, w.Value))
		}
		if err != nil {
			return fmt.Errorf("joining a write of %d bytes: %v", p.tx.Bytes(), err)
		}
	}
	c.recent.Add(c.at+1, p.tx.Writes())
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
	oldest := c.views.publish(c.at)
	c.recent.Forget(oldest)
	c.db.SetDiscardTs(oldest)
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
		p.done <- err
	}
}
