package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/annexhost/annex/storage"
)

// ErrNotFound says that there is no such recording.
var ErrNotFound = errors.New("recording: not found")

// Keep is how many recordings of an installation are kept, unless another
// number is given.
const Keep = 100

// waiting is how many recordings wait to be written; more are dropped.
const waiting = 64

// Summary is what a list shows of a recording.
type Summary struct {
	ID         string        `json:"id"`
	Extension  string        `json:"extension"`
	Version    string        `json:"version"`
	Route      string        `json:"route"`
	At         time.Time     `json:"at"`
	Wall       time.Duration `json:"wallNs"`
	Outcome    string        `json:"outcome"`
	Calls      int           `json:"calls"`
	Incomplete string        `json:"incomplete,omitempty"`
}

// Archive keeps recordings in a store, below "rec/ORG/":
//
//	e/EXTENSION/TIME/ID   a Summary
//	d/ID                  the Recording
//
// It is safe for concurrent use.
type Archive struct {
	store storage.Store
	keep  int

	mu      sync.Mutex
	closed  bool
	queue   chan *Recording
	pending sync.WaitGroup // recordings that were taken and not written yet
	done    chan struct{}
	dropped func(why error)
}

// Open returns the archive in store, which keeps so many recordings of each
// installation (0: Keep). dropped is told of recordings that could not be kept.
func Open(store storage.Store, keep int, dropped func(error)) *Archive {
	if keep <= 0 {
		keep = Keep
	}
	a := &Archive{store: store, keep: keep, queue: make(chan *Recording, waiting), done: make(chan struct{}), dropped: dropped}
	go a.write()
	return a
}

// errBusy says that recordings come faster than they are written.
var errBusy = errors.New("recording: too many at once")

// Put keeps a recording, soon. It does not wait for the store.
func (a *Archive) Put(r *Recording) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	a.pending.Add(1)
	select {
	case a.queue <- r:
	default:
		a.pending.Done()
		a.dropped(errBusy)
	}
}

// Close writes what waits.
func (a *Archive) Close() {
	a.mu.Lock()
	closed := a.closed
	a.closed = true
	a.mu.Unlock()
	if !closed {
		close(a.queue)
	}
	<-a.done
}

func (a *Archive) write() {
	defer close(a.done)
	for r := range a.queue {
		if err := a.put(context.Background(), r); err != nil {
			a.dropped(err)
		}
		a.pending.Done()
	}
}

func orgPrefix(org string) storage.Key { return storage.Key("rec/" + org + "/") }

func listPrefix(org, extension string) storage.Key {
	return orgPrefix(org) + storage.Key("e/"+extension+"/")
}

// timeFormat sorts like the time that it writes.
const timeFormat = "20060102T150405.000000000"

func listKey(r *Recording) storage.Key {
	return listPrefix(r.Org, r.Extension) + storage.Key(r.At.UTC().Format(timeFormat)+"/"+r.ID)
}

func dataKey(org, id string) storage.Key { return orgPrefix(org) + storage.Key("d/"+id) }

// CheckID reports whether an invocation of that name can be recorded.
func CheckID(id string) bool {
	if len(id) == 0 || len(id) > 200 {
		return false
	}
	for _, c := range []byte(id) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// put writes a recording in place of one of the same id, and drops the oldest.
func (a *Archive) put(ctx context.Context, r *Recording) error {
	if !CheckID(r.ID) {
		return fmt.Errorf("recording: id %q", r.ID)
	}
	summary, err := json.Marshal(r.summary())
	if err != nil {
		return err
	}
	data, err := encode(r)
	if err != nil {
		return err
	}
	if len(data) > storage.MaxValue {
		small := *r
		small.Input, small.Calls, small.Clock, small.Result = Payload{}, nil, nil, Payload{}
		small.Incomplete = "it is too large to be kept"
		return a.put(ctx, &small)
	}
	return a.store.Update(ctx, func(tx storage.Tx) error {
		if err := a.dropSame(ctx, tx, r); err != nil {
			return err
		}
		if err := tx.Put(listKey(r), summary); err != nil {
			return err
		}
		if err := tx.Put(dataKey(r.Org, r.ID), data); err != nil {
			return err
		}
		return a.trim(ctx, tx, r)
	})
}

// encode writes JSON whose texts are as they crossed the wall.
func encode(r *Recording) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(r)
	return b.Bytes(), err
}

// dropSame forgets the summary of an earlier recording of the same id.
func (a *Archive) dropSame(ctx context.Context, tx storage.Tx, r *Recording) error {
	before, err := get(ctx, tx, r.Org, r.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Delete(listKey(before))
}

// trim drops the oldest recordings beyond those that are kept.
func (a *Archive) trim(ctx context.Context, tx storage.Tx, r *Recording) error {
	pairs, err := tx.Scan(ctx, listPrefix(r.Org, r.Extension), "", a.keep+10)
	if err != nil {
		return err
	}
	for _, p := range pairs[:max(0, len(pairs)-a.keep)] {
		var s Summary
		if err := json.Unmarshal(p.Value, &s); err != nil {
			return fmt.Errorf("recording: %q: %v", p.Key, err)
		}
		if err := tx.Delete(p.Key); err != nil {
			return err
		}
		if err := tx.Delete(dataKey(r.Org, s.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recording) summary() Summary {
	return Summary{
		ID: r.ID, Extension: r.Extension, Version: r.Version, Route: r.Route, At: r.At, Wall: r.Wall,
		Outcome: r.Outcome(), Calls: len(r.Calls), Incomplete: r.Incomplete,
	}
}

// Get returns a recording, or ErrNotFound. What was put before is seen.
func (a *Archive) Get(ctx context.Context, org, id string) (*Recording, error) {
	a.pending.Wait()
	if !CheckID(id) {
		return nil, ErrNotFound
	}
	return get(ctx, a.store, org, id)
}

func get(ctx context.Context, from storage.Reader, org, id string) (*Recording, error) {
	data, err := from.Get(ctx, dataKey(org, id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	var r Recording
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("recording: %s: %v", id, err)
	}
	return &r, nil
}

// List returns the recordings of an organization, of one extension unless it
// is empty: by extension, the oldest first.
func (a *Archive) List(ctx context.Context, org, extension string) ([]Summary, error) {
	a.pending.Wait()
	prefix := orgPrefix(org) + "e/"
	if extension != "" {
		prefix = listPrefix(org, extension)
	}
	list := []Summary{}
	for after := storage.Key(""); ; {
		pairs, err := a.store.Scan(ctx, prefix, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			var s Summary
			if err := json.Unmarshal(p.Value, &s); err != nil {
				return nil, fmt.Errorf("recording: %q: %v", p.Key, err)
			}
			list, after = append(list, s), p.Key
		}
		if len(pairs) < 1000 {
			return list, nil
		}
	}
}

// Erase removes all recordings of an extension.
func (a *Archive) Erase(ctx context.Context, org, extension string) error {
	a.pending.Wait()
	prefix := listPrefix(org, extension)
	for {
		pairs, err := a.store.Scan(ctx, prefix, "", 500)
		if err != nil || len(pairs) == 0 {
			return err
		}
		err = a.store.Update(ctx, func(tx storage.Tx) error {
			for _, p := range pairs {
				var s Summary
				if err := json.Unmarshal(p.Value, &s); err == nil {
					if err := tx.Delete(dataKey(org, s.ID)); err != nil {
						return err
					}
				}
				if err := tx.Delete(p.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
