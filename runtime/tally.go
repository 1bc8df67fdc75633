package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/secrets"
)

// Stats is what an installation has used since the host started, and what it keeps.
type Stats struct {
	Since       time.Time        `json:"since"` // when counting began
	Invocations int64            `json:"invocations"`
	Outcomes    map[string]int64 `json:"outcomes"` // as in Ledger.Outcome
	Wall        time.Duration    `json:"wallNanoseconds"`
	Longest     time.Duration    `json:"longestNanoseconds"`
	CPU         time.Duration    `json:"cpuNanoseconds"`
	Denied      int64            `json:"denied"`
	Fetches     int64            `json:"fetches"`
	LogLines    int64            `json:"logLines"`
	BytesIn     int64            `json:"bytesIn"`
	BytesOut    int64            `json:"bytesOut"`
	Running     int              `json:"running"` // at this moment

	StorageKeys  int   `json:"storageKeys"`
	StorageBytes int64 `json:"storageBytes"`
	Secrets      int   `json:"secrets"`
}

// tally counts invocations for each installation, in memory.
type tally struct {
	since time.Time

	mu sync.Mutex
	by map[owner]*Stats
}

func newTally(now time.Time) *tally { return &tally{since: now.UTC(), by: map[owner]*Stats{}} }

// add counts one ledger. Beyond maxInstalls installations, others are forgotten.
func (t *tally) add(l *Ledger) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := owner{l.Org, l.Extension}
	s := t.by[o]
	if s == nil {
		if len(t.by) >= maxInstalls {
			for other := range t.by {
				delete(t.by, other)
				break
			}
		}
		s = &Stats{Outcomes: map[string]int64{}}
		t.by[o] = s
	}
	s.Invocations++
	s.Outcomes[l.Outcome]++ // codes and reasons are few
	s.Wall += l.Wall
	s.Longest = max(s.Longest, l.Wall)
	s.CPU += l.CPU
	s.Denied += l.Bridge.Denied
	s.Fetches += l.Bridge.Fetches
	s.LogLines += l.Bridge.LogLines
	s.BytesIn += l.BytesIn
	s.BytesOut += l.BytesOut
}

func (t *tally) get(o owner) Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := Stats{Outcomes: map[string]int64{}}
	if s := t.by[o]; s != nil {
		found = *s
		found.Outcomes = make(map[string]int64, len(s.Outcomes))
		for outcome, n := range s.Outcomes {
			found.Outcomes[outcome] = n
		}
	}
	found.Since = t.since
	return found
}

// Stats tells what an installation, named by its full id, has used and keeps.
func (h *Host) Stats(ctx context.Context, org, extension string) (Stats, error) {
	if _, err := h.registry.Get(ctx, org, extension); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return Stats{}, notInstalled(extension)
		}
		return Stats{}, err
	}
	o := owner{org, extension}
	s := h.tally.get(o)
	s.Running = h.running.count(o)
	usage, err := h.space(o).Usage(ctx)
	if err != nil {
		return Stats{}, err
	}
	s.StorageKeys, s.StorageBytes = usage.Keys, usage.Bytes
	kept, err := h.cfg.Keeper.List(ctx, secrets.Owner{Org: org, Extension: extension})
	s.Secrets = len(kept)
	return s, err
}

// Load is how busy the host is.
type Load struct {
	Running int // invocations that hold a slot
	Waiting int // that wait for one
}

// Load tells how busy the host is at this moment.
func (h *Host) Load() Load {
	held, waiting := h.slots.InUse()
	return Load{Running: held, Waiting: waiting}
}
