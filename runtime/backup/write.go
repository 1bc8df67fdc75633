package backup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"github.com/annexhost/annex/storage"
)

// Write writes the newest state of store to w. key makes the MAC; info stands at
// the beginning. Errors of w end it, and w then holds a part that [Read] refuses.
func Write(ctx context.Context, store storage.Snapshotter, key []byte, info Info, w io.Writer) (Summary, error) {
	state, err := store.Snapshot()
	if err != nil {
		return Summary{}, err
	}
	defer state.Close()
	out := &writer{w: w, made: Summary{Info: info}}
	header, err := json.Marshal(info)
	if err != nil {
		return Summary{}, err
	}
	if _, err := io.WriteString(w, magic); err != nil {
		return Summary{}, fmt.Errorf("backup: write: %w", err)
	}
	if err := out.frame(kindInfo, header); err != nil {
		return Summary{}, err
	}
	if err := state.Walk(ctx, "", "", out.add); err != nil {
		return Summary{}, err
	}
	if err := out.flush(); err != nil {
		return Summary{}, err
	}
	out.made.sum, out.made.mac = out.sum, out.sum.mac(key)
	return out.made, out.frame(kindEnd, out.made.ending())
}

// writer makes frames.
type writer struct {
	w    io.Writer
	sum  sum
	page []byte
	made Summary
}

// add takes one pair into the frame that is being filled.
func (o *writer) add(p storage.Pair) error {
	o.page = binary.AppendUvarint(o.page, uint64(len(p.Key)))
	o.page = append(o.page, p.Key...)
	o.page = binary.AppendUvarint(o.page, uint64(len(p.Value)))
	o.page = append(o.page, p.Value...)
	o.made.Pairs++
	o.made.Bytes += int64(len(p.Key) + len(p.Value))
	if len(o.page) < frameBytes {
		return nil
	}
	return o.flush()
}

func (o *writer) flush() error {
	if len(o.page) == 0 {
		return nil
	}
	err := o.frame(kindPairs, o.page)
	o.page = o.page[:0]
	return err
}

func (o *writer) frame(kind byte, payload []byte) error {
	o.sum = o.sum.next(kind, payload)
	head := append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), kind)
	for _, part := range [][]byte{head, payload, o.sum[:]} {
		if _, err := o.w.Write(part); err != nil {
			return fmt.Errorf("backup: write: %w", err)
		}
	}
	return nil
}
