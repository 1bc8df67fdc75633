package optimistic

import (
	"strings"

	"github.com/annexhost/annex/storage"
)

// Range is a part of the keys that was scanned: those that start with Prefix,
// are greater than After and, unless it is Open, not greater than Last.
type Range struct {
	Prefix, After, Last storage.Key
	Open                bool
}

func (r Range) contains(key storage.Key) bool {
	return key > r.After && (r.Open || key <= r.Last) && strings.HasPrefix(string(key), string(r.Prefix))
}

// Reads is what a transaction has read: keys, present or absent, and ranges.
type Reads struct {
	keys   []storage.Key
	ranges []Range
}

func (r *Reads) addKey(key storage.Key) { r.keys = append(r.keys, key) }
func (r *Reads) addRange(seen Range)    { r.ranges = append(r.ranges, seen) }

// maxLogKeys bounds the memory of a Log: a transaction that has run for longer
// than these many keys were written is taken to conflict.
const maxLogKeys = 1 << 17

// Log remembers which keys were written by the commits that a running
// transaction may not have seen. Commits are numbered, in increasing order. The
// zero Log is empty. It is not safe for concurrent use.
type Log struct {
	commits []commit // in order of at
	last    map[storage.Key]uint64
	keys    int    // in commits
	floor   uint64 // commits up to this one are forgotten although they may matter
}

type commit struct {
	at   uint64
	keys []storage.Key
}

// Conflicts reports whether a commit after number at has written what reads has read.
func (l *Log) Conflicts(at uint64, reads *Reads) bool {
	if at < l.floor && (len(reads.keys) > 0 || len(reads.ranges) > 0) {
		return true
	}
	for _, key := range reads.keys {
		if l.last[key] > at {
			return true
		}
	}
	if len(reads.ranges) == 0 {
		return false
	}
	for i := len(l.commits) - 1; i >= 0 && l.commits[i].at > at; i-- {
		for _, key := range l.commits[i].keys {
			for _, seen := range reads.ranges {
				if seen.contains(key) {
					return true
				}
			}
		}
	}
	return false
}

// Add notes the writes of a commit. Several transactions may share a number.
func (l *Log) Add(at uint64, writes map[storage.Key]Write) {
	c := commit{at: at, keys: make([]storage.Key, 0, len(writes))}
	if l.last == nil {
		l.last = make(map[storage.Key]uint64)
	}
	for key := range writes {
		c.keys = append(c.keys, key)
		l.last[key] = at
	}
	l.commits = append(l.commits, c)
	l.keys += len(c.keys)
	for l.keys > maxLogKeys && len(l.commits) > 1 {
		l.floor = l.commits[0].at
		l.drop()
	}
}

// Forget drops the commits up to number at: no running transaction is older.
func (l *Log) Forget(at uint64) {
	for len(l.commits) > 0 && l.commits[0].at <= at {
		l.drop()
	}
}

// drop forgets the oldest commit.
func (l *Log) drop() {
	c := l.commits[0]
	l.commits[0] = commit{}
	l.commits = l.commits[1:]
	l.keys -= len(c.keys)
	for _, key := range c.keys {
		if l.last[key] == c.at {
			delete(l.last, key)
		}
	}
}
