// Package dataformat knows in which format the data of a store is. A store holds
// the number under "sys/format"; one without it is of format 1, or new when it is
// empty. A newer one than this program knows is refused before anything is
// written, an older one is brought up to date step by step.
package dataformat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// Current is the format that this program writes.
//
//	1  the first
//	2  the index of an owner's secrets names the hosts that each may be sent to
const Current = 2

// ErrNewer says that a later version of Annex wrote the data.
var ErrNewer = errors.New("dataformat: the data was written by a newer version of Annex")

// Key is where the number is.
const Key storage.Key = "sys/format"

// Step brings the data from one format to the next. It may be interrupted at any
// point, and must then do the rest when it runs again.
type Step struct {
	To   int    // 2 or more: the format after it
	Name string // what it does, for the log
	Run  func(ctx context.Context) error
}

// record is what is stored.
type record struct {
	Format int `json:"format"`
}

// Of returns the format of a store, 0 for an empty one. Data of a newer format
// than Current is ErrNewer.
func Of(ctx context.Context, store storage.Reader) (int, error) {
	data, err := store.Get(ctx, Key)
	if errors.Is(err, storage.ErrNotFound) {
		there, err := store.Keys(ctx, "", "", 1)
		if err != nil || len(there) == 0 {
			return 0, err
		}
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Format < 1 {
		return 0, fmt.Errorf("dataformat: %q holds %.40q: %w", Key, data, storage.ErrCorrupt)
	}
	if r.Format > Current {
		return 0, fmt.Errorf("%w: it is of format %d, and this version knows formats up to %d: use the newer version, or a backup from before",
			ErrNewer, r.Format, Current)
	}
	return r.Format, nil
}

// Upgrade runs the steps that a store of format from still needs, each followed
// by the note that it is done, and tells of each before it begins. What is
// interrupted goes on with the step that was not noted.
func Upgrade(ctx context.Context, store storage.Store, from int, steps []Step, tell func(Step)) error {
	if from == 0 {
		return note(ctx, store, Current)
	}
	for at := from; at < Current; at++ {
		step, ok := find(steps, at+1)
		if !ok {
			return fmt.Errorf("dataformat: there is no step from format %d to %d", at, at+1)
		}
		tell(step)
		if err := step.Run(ctx); err != nil {
			return fmt.Errorf("dataformat: to format %d (%s): %w", step.To, step.Name, err)
		}
		if err := note(ctx, store, step.To); err != nil {
			return err
		}
	}
	return nil
}

func find(steps []Step, to int) (Step, bool) {
	for _, s := range steps {
		if s.To == to {
			return s, true
		}
	}
	return Step{}, false
}

func note(ctx context.Context, store storage.Store, format int) error {
	data, err := json.Marshal(record{format})
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx storage.Tx) error { return tx.Put(Key, data) })
}
