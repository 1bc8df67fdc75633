package audit

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/annexhost/annex/storage"
)

// Bounds of the appender.
const (
	maxWaiting    = 4096    // records that wait; more are refused
	maxBatch      = 512     // records in one transaction
	maxBatchBytes = 1 << 20 // their bytes
)

// Log appends to and reads the chains of all organizations in a Store. It is
// safe for concurrent use. Close it to end its goroutine.
type Log struct {
	store  storage.Store
	key    []byte
	now    func() time.Time
	signer ed25519.PrivateKey
	cancel context.CancelFunc // of the appender's transactions
	done   chan struct{}      // closed when the appender has ended

	signing sync.Mutex // held while a checkpoint is made

	mu      sync.Mutex
	changed sync.Cond  // waiting or closed
	waiting []*pending // in the order of arrival
	closed  bool
}

// pending is a record that waits for its transaction.
type pending struct {
	org    string
	body   []byte
	result chan error // of capacity 1
}

// Open returns a Log over store. key is the HMAC key, 32 bytes or more; what
// another key wrote does not verify and cannot be appended to. now is the clock of
// the records. Open reads nothing, however many organizations there are.
func Open(store storage.Store, key []byte, now func() time.Time) (*Log, error) {
	if len(key) < macSize {
		return nil, fmt.Errorf("%w: an HMAC key of %d bytes, at least %d", ErrInvalid, len(key), macSize)
	}
	if now == nil {
		now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Log{store: store, key: slices.Clone(key), signer: newSigner(key), now: now, cancel: cancel, done: make(chan struct{})}
	l.changed.L = &l.mu
	go l.appender(ctx)
	return l, nil
}

// Append adds r to the chain of r.Org; it is durable when Append returns nil.
// On any error the caller must not do what it wanted to record. Texts longer
// than 1,024 bytes are cut and marked with "…". When ctx ends while the record
// waits, it is withdrawn, unless its transaction has begun: then it may be there.
func (l *Log) Append(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("audit: append: %w", err)
	}
	if r.Credential == "" {
		r.Credential = credentialOf(ctx)
	}
	body, err := r.encode(l.now())
	if err != nil {
		return err
	}
	p := &pending{org: r.Org, body: body, result: make(chan error, 1)}
	if err := l.enqueue(p); err != nil {
		return err
	}
	select {
	case err := <-p.result:
		return err
	case <-ctx.Done():
		l.withdraw(p)
		return fmt.Errorf("audit: append: %w", ctx.Err())
	}
}

func (l *Log) enqueue(p *pending) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if len(l.waiting) >= maxWaiting {
		return fmt.Errorf("audit: %d records wait already: %w", len(l.waiting), storage.ErrUnavailable)
	}
	l.waiting = append(l.waiting, p)
	l.changed.Signal()
	return nil
}

func (l *Log) withdraw(p *pending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, p); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}

// Close appends what waits, ends the appender and returns. When ctx ends first,
// the transaction that runs is cancelled and what waits fails. Closing again is
// no error.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.changed.Signal()
	l.mu.Unlock()
	defer l.cancel()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("audit: close: %w", ctx.Err())
	}
}

// appender writes batches until the Log is closed and nothing waits.
func (l *Log) appender(ctx context.Context) {
	defer close(l.done)
	c := newChain(l.key)
	for {
		batch := l.take()
		if len(batch) == 0 {
			return
		}
		l.write(ctx, c, batch)
	}
}

// take waits for records and returns those of the next batch; none when the Log
// is closed.
func (l *Log) take() []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closed {
		l.changed.Wait()
	}
	n, bytes := 0, 0
	for n < len(l.waiting) && n < maxBatch && (n == 0 || bytes+len(l.waiting[n].body) <= maxBatchBytes) {
		bytes += len(l.waiting[n].body)
		n++
	}
	batch := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return batch
}
