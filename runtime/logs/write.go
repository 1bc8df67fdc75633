package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/annexhost/annex/storage"
)

// write stores lines of one source in chunks, and drops the oldest of what is
// over its size.
func (b *Book) write(ctx context.Context, s source, lines []Line) error {
	chunks, added, err := chunksOf(s, lines)
	if err != nil {
		return err
	}
	if err := b.learnSize(ctx, s); err != nil {
		return err
	}
	err = b.store.Update(ctx, func(tx storage.Tx) error {
		for _, c := range chunks {
			if err := tx.Put(c.Key, c.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("logs: keep lines of %s: %w", s.extension, err)
	}
	b.sizes[s] += added
	return b.trim(ctx, s)
}

// chunksOf joins lines into values. A batch is bounded by maxPending, which is
// more than one transaction holds: what is over it is left to be dropped first.
func chunksOf(s source, lines []Line) (chunks []storage.Pair, bytesAll int64, err error) {
	var value bytes.Buffer
	first := uint64(0)
	flush := func() {
		if value.Len() > 0 {
			chunks = append(chunks, storage.Pair{Key: s.key(first), Value: bytes.Clone(value.Bytes())})
			bytesAll += int64(value.Len())
			value.Reset()
		}
	}
	for _, l := range lines {
		data, err := json.Marshal(l)
		if err != nil { // fields that are no JSON
			l.Fields = nil
			if data, err = json.Marshal(l); err != nil {
				return nil, 0, err
			}
		}
		if value.Len() == 0 {
			first = l.Seq
		}
		value.Write(append(data, '\n'))
		if value.Len() >= chunkBytes {
			flush()
		}
	}
	flush()
	const most = storage.MaxTxBytes - storage.MaxTxBytes/8
	for len(chunks) > 1 && bytesAll > most {
		bytesAll -= int64(len(chunks[0].Value))
		chunks = chunks[1:]
	}
	return chunks, bytesAll, nil
}

// learnSize finds out once how much is stored of a source.
func (b *Book) learnSize(ctx context.Context, s source) error {
	if _, ok := b.sizes[s]; ok {
		return nil
	}
	size := int64(0)
	err := b.each(ctx, s.prefix(), func(p storage.Pair) error {
		size += int64(len(p.Value))
		return nil
	})
	if err == nil {
		b.sizes[s] = size
	}
	return err
}

// each calls f for every pair below prefix, in order.
func (b *Book) each(ctx context.Context, prefix storage.Key, f func(storage.Pair) error) error {
	const page = 16 // of up to chunkBytes
	var after storage.Key
	for {
		pairs, err := b.store.Scan(ctx, prefix, after, page)
		if err != nil {
			return fmt.Errorf("logs: %w", err)
		}
		for _, p := range pairs {
			if err := f(p); err != nil {
				return err
			}
			after = p.Key
		}
		if len(pairs) < page {
			return nil
		}
	}
}

// trim drops the oldest chunks while a source is over its size.
func (b *Book) trim(ctx context.Context, s source) error {
	for b.sizes[s] > b.cfg.MaxBytes {
		pairs, err := b.store.Scan(ctx, s.prefix(), "", 1)
		if err != nil {
			return fmt.Errorf("logs: %w", err)
		}
		if len(pairs) == 0 {
			b.sizes[s] = 0
			return nil
		}
		err = b.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete(pairs[0].Key) })
		if err != nil {
			return fmt.Errorf("logs: %w", err)
		}
		b.sizes[s] -= int64(len(pairs[0].Value))
	}
	return nil
}

// Tidy drops the chunks whose lines are older than they may be.
func (b *Book) Tidy(ctx context.Context) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	oldest := uint64(max(0, b.cfg.Now().Add(-b.cfg.MaxAge).UnixNano()))
	var after storage.Key
	for {
		const page = 1000
		keys, err := b.store.Keys(ctx, "log/", after, page)
		if err != nil {
			return fmt.Errorf("logs: %w", err)
		}
		for _, key := range keys {
			after = key
			seq, err := strconv.ParseUint(string(key[max(0, len(key)-16):]), 16, 64)
			if err == nil && seq+uint64(time.Hour) > oldest {
				continue // a chunk covers a second, or what waited for a store
			}
			if err := b.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete(key) }); err != nil {
				return fmt.Errorf("logs: %w", err)
			}
			clear(b.sizes) // learned again
		}
		if len(keys) < page {
			return nil
		}
	}
}

// Erase drops every line of an installation.
func (b *Book) Erase(ctx context.Context, org, extension string) error {
	b.flushing.Lock()
	defer b.flushing.Unlock()
	s := source{org, extension}
	b.mu.Lock()
	b.bytes -= b.bytesOf[s]
	delete(b.pending, s)
	delete(b.bytesOf, s)
	delete(b.dropped, s)
	b.mu.Unlock()
	delete(b.sizes, s)
	for {
		keys, err := b.store.Keys(ctx, s.prefix(), "", 1000)
		if err != nil || len(keys) == 0 {
			return err
		}
		err = b.store.Update(ctx, func(tx storage.Tx) error {
			for _, key := range keys {
				if err := tx.Delete(key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("logs: erase: %w", err)
		}
	}
}
