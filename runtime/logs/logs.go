// Package logs keeps what handlers log, for each installation: the newest lines,
// bounded by size and by age, and streams them to who follows.
//
// A handler never waits for its log: lines are held in memory and written once a
// second, so that a crash loses the last second of them. The audit, which must not
// lose anything, is package audit.
//
// Keys: log/ORG/EXTENSION/SEQ, the lines from number SEQ on, as lines of JSON.
package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/annexhost/annex/storage"
)

// Line is one line that a handler logged. Its texts are a stranger's.
type Line struct {
	Seq        uint64          `json:"seq"` // rises with every line of the host; has gaps
	Time       time.Time       `json:"time"`
	Org        string          `json:"org"`
	Extension  string          `json:"extension"`
	Invocation string          `json:"invocation"`
	Level      string          `json:"level"` // debug, info, warn or error
	Message    string          `json:"message"`
	Fields     json.RawMessage `json:"fields,omitempty"` // JSON object, may be empty
}

// Config bounds what is kept. The zero value of a field means the default.
type Config struct {
	MaxBytes int64            // for each installation (4 MiB)
	MaxAge   time.Duration    // (7 days)
	Now      func() time.Time // nil: time.Now
}

// Bounds that nobody sets.
const (
	flushEvery = time.Second
	chunkBytes = 64 << 10       // of one stored value, at most a line more
	maxPending = 8 << 20        // bytes that wait for the store; more lines are dropped
	maxOfOne   = maxPending / 4 // of them of one installation, so that others have room
)

// Book keeps the lines. It is safe for concurrent use; Close writes what waits.
type Book struct {
	store storage.Store
	cfg   Config
	stop  context.CancelFunc
	done  chan struct{}

	flushing sync.Mutex       // held while lines are written
	sizes    map[source]int64 // bytes that are stored, of sources that were written to

	mu        sync.Mutex
	seq       uint64
	pending   map[source][]Line
	bytes     int            // of pending
	bytesOf   map[source]int // the same of each
	dropped   map[source]int
	followers map[*Follower]struct{}
}

// source is an installation.
type source struct{ org, extension string }

func (s source) prefix() storage.Key { return storage.Key("log/" + s.org + "/" + s.extension + "/") }

func (s source) key(seq uint64) storage.Key {
	return s.prefix() + storage.Key(fmt.Sprintf("%016x", seq))
}

// Open returns the book in store.
func Open(store storage.Store, c Config) *Book {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 4 << 20
	}
	if c.MaxAge <= 0 {
		c.MaxAge = 7 * 24 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Book{
		store: store, cfg: c, stop: stop, done: make(chan struct{}), sizes: map[source]int64{},
		pending: map[source][]Line{}, bytesOf: map[source]int{}, dropped: map[source]int{}, followers: map[*Follower]struct{}{},
	}
	go b.keep(ctx)
	return b
}

// keep writes what waits, until ctx is done.
func (b *Book) keep(ctx context.Context) {
	defer close(b.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = b.Flush(ctx) // what was not written waits for the next time
		}
	}
}

// Close writes what waits, until ctx is done.
func (b *Book) Close(ctx context.Context) error {
	b.stop()
	<-b.done
	return b.Flush(ctx)
}

// Add takes a line. It does not wait: when the store cannot keep up, lines are
// dropped, and a line says how many.
func (b *Book) Add(l Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := source{l.Org, l.Extension}
	b.number(&l)
	for f := range b.followers {
		f.offer(l)
	}
	size := sizeOf(l)
	if b.bytes+size > maxPending || b.bytesOf[s]+size > maxOfOne {
		b.dropped[s]++
		return
	}
	b.bytes += size
	b.bytesOf[s] += size
	b.pending[s] = append(b.pending[s], l)
}

// number gives a line the next number: its time, or one more than the last.
func (b *Book) number(l *Line) {
	b.seq = max(b.seq+1, uint64(b.cfg.Now().UnixNano()))
	l.Seq = b.seq
}

// sizeOf is about how much a line takes.
func sizeOf(l Line) int { return 160 + len(l.Message) + len(l.Fields) + len(l.Invocation) }

// Flush writes what waits.
func (b *Book) Flush(ctx context.Context) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	b.mu.Lock()
	pending, dropped := b.pending, b.dropped
	for s, n := range dropped {
		l := Line{Time: b.cfg.Now().UTC(), Org: s.org, Extension: s.extension, Level: "warn", Message: fmt.Sprintf("%d lines were dropped: the store could not keep up", n)}
		b.number(&l)
		pending[s] = append(pending[s], l)
	}
	b.pending, b.bytes, b.bytesOf, b.dropped = map[source][]Line{}, 0, map[source]int{}, map[source]int{}
	b.mu.Unlock()
	var failed error
	for s, lines := range pending {
		if failed == nil {
			failed = b.write(ctx, s, lines)
		}
		if failed != nil {
			b.putBack(s, lines, dropped[s])
		}
	}
	return failed
}

// putBack lets lines wait again, before those that came meanwhile. When some were
// dropped, the last line says so: that is said anew, with those that follow.
func (b *Book) putBack(s source, lines []Line, dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if dropped > 0 {
		lines = lines[:len(lines)-1]
		b.dropped[s] += dropped
	}
	for _, l := range lines {
		b.bytes += sizeOf(l)
		b.bytesOf[s] += sizeOf(l)
	}
	b.pending[s] = append(lines, b.pending[s]...)
}
