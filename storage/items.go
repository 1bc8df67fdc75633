package storage

import (
	"context"
	"time"
)

// Item is a key of a [Space] with all that is kept of it.
type Item struct {
	Key     string
	Value   []byte
	Expires time.Time // zero: never
}

// Items returns up to limit keys that start with prefix and are greater than
// after, with their values, in order; what has expired is left out, so that a
// page may be short. next is the after of the page that follows, empty at the
// end. The values are all held in memory: limit them by what they may weigh.
func (sp *Space) Items(ctx context.Context, prefix, after string, limit int) (items []Item, next string, err error) {
	base := sp.owner.value("")
	var from Key
	if after != "" {
		from = base + Key(after)
	}
	pairs, err := sp.store.Scan(ctx, base+Key(prefix), from, limit)
	if err != nil {
		return nil, "", err
	}
	for _, p := range pairs {
		e, err := openEnvelope(p.Value)
		if err != nil {
			return nil, "", err
		}
		if !sp.alive(e) {
			continue
		}
		item := Item{Key: string(p.Key[len(base):]), Value: e.value}
		if e.expires != 0 {
			item.Expires = time.UnixMilli(int64(e.expires)).UTC()
		}
		items = append(items, item)
	}
	if len(pairs) == limit {
		next = string(pairs[limit-1].Key[len(base):])
	}
	return items, next, nil
}
