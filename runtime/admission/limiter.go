package admission

import (
	"hash/maphash"
	"sync"
	"time"
)

// Config configures a [Limiter]. The zero Config is usable.
type Config struct {
	// MaxKeys is the number of keys that are counted apart (65,536), rounded up
	// to a multiple of 64. Each costs about 400 bytes while it is in use, and
	// is given up a minute after its last call.
	MaxKeys int

	// Start is the first reading of the clock whose later readings are given to
	// [Limiter.Allow]; seconds are counted from it (time.Now).
	Start time.Time
}

const (
	shardCount     = 64
	defaultMaxKeys = 65_536
)

// Limiter is a sliding-window rate limiter for many keys. It is safe for
// concurrent use. A call takes constant time and, for a key that is known, no
// memory.
//
// A window is 60 seconds long and slides in steps of one second. The error is
// on one side: no more than the limit is ever allowed in any 60 seconds, and an
// allowed call weighs on its key for 60 to 61 seconds. Refused calls weigh
// nothing.
//
// When all of MaxKeys are in use, a further key shares a window with the other
// surplus keys of its shard (a 64th of all keys, by a hash that callers cannot
// predict). A key in use is never given up for another, so nobody can wash off
// what they have used by making up new keys.
type Limiter struct {
	start  time.Time
	seed   maphash.Seed
	shards [shardCount]shard
}

// shard is a part of the keys, with a lock of its own.
type shard struct {
	mu      sync.Mutex
	index   map[string]int32 // key to its place in entries
	entries []entry          // dense
	hand    int              // where the search for idle entries goes on
	max     int
	surplus window
	_       [64]byte // keeps neighbours off this shard's cache lines
}

type entry struct {
	key    string
	window window
}

// New returns a Limiter that has seen no call.
func New(c Config) *Limiter {
	if c.MaxKeys <= 0 {
		c.MaxKeys = defaultMaxKeys
	}
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	l := &Limiter{start: c.Start, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].max = (c.MaxKeys + shardCount - 1) / shardCount
		l.shards[i].index = make(map[string]int32)
	}
	return l
}

// Allow decides on one call of key at now and counts it when it is allowed.
// limit is in calls a minute; a limit below 1 ([Off]) allows every call and
// counts none. The key is kept, so it should be short and made once.
func (l *Limiter) Allow(key string, limit int, now time.Time) Decision {
	if limit < 1 {
		return Decision{Allowed: true}
	}
	limit = min(limit, maxRate)
	elapsed := now.Sub(l.start)
	slot := floorSlot(elapsed)

	s := &l.shards[maphash.String(l.seed, key)%shardCount]
	s.mu.Lock()
	w := s.find(key, slot)
	allowed := w.take(slot, uint32(limit))
	used, reset, retry := int(w.total), w.latest+windowSlots, int64(0)
	if !allowed {
		reset, retry = w.free(1), w.free(uint32(limit))
	}
	s.mu.Unlock()

	d := Decision{
		Allowed:   allowed,
		Limit:     limit,
		Remaining: max(0, limit-used),
		Reset:     now.Add(time.Duration(reset)*slotLength - elapsed),
	}
	if !allowed {
		wait := time.Duration(retry)*slotLength - elapsed
		d.RetryAfter = max(1, int((wait+time.Second-1)/time.Second))
	}
	return d
}

// Keys returns the number of keys that are held, those included that will be
// given up when a later call comes across them.
func (l *Limiter) Keys() int {
	n := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		n += len(s.entries)
		s.mu.Unlock()
	}
	return n
}

// find returns the window of key, a new one when key is not known, or the
// surplus window when there is no room. The window is good until the next find.
func (s *shard) find(key string, slot int64) *window {
	// One step of cleaning for each call keeps the shard at the keys in use;
	// a new key pays for more, because it adds one.
	s.reclaim(slot, 1)
	if i, ok := s.index[key]; ok {
		return &s.entries[i].window
	}
	s.reclaim(slot, 8)
	if len(s.entries) >= s.max {
		return &s.surplus
	}
	s.index[key] = int32(len(s.entries))
	s.entries = append(s.entries, entry{key: key, window: window{latest: slot}})
	return &s.entries[len(s.entries)-1].window
}

// reclaim looks at the next n entries and drops those that are idle.
func (s *shard) reclaim(slot int64, n int) {
	for range min(n, len(s.entries)) {
		if s.hand >= len(s.entries) {
			s.hand = 0
		}
		if !s.entries[s.hand].window.idle(slot) {
			s.hand++
			continue
		}
		last := len(s.entries) - 1
		delete(s.index, s.entries[s.hand].key)
		if s.hand != last {
			s.entries[s.hand] = s.entries[last]
			s.index[s.entries[s.hand].key] = int32(s.hand)
		}
		s.entries[last] = entry{}
		s.entries = s.entries[:last]
	}
}

// floorSlot is the number of the slot that a time since the start falls in.
func floorSlot(elapsed time.Duration) int64 {
	slot := int64(elapsed / slotLength)
	if elapsed < 0 && elapsed%slotLength != 0 {
		slot--
	}
	return slot
}
