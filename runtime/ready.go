package runtime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/annexhost/annex/storage"
)

// readyFor is how long an answer of Ready is given again, so that whoever asks
// often cannot keep the store busy.
const readyFor = time.Second

// readyKey is what Ready writes.
const readyKey storage.Key = "sys/ready"

// readiness is the last answer of Ready.
type readiness struct {
	mu  sync.Mutex
	at  time.Time // of the machine's clock
	err error
}

// Ready returns an error when the host cannot do its work: when its store cannot
// be read or written, as on a full disk, or when it shuts down.
func (h *Host) Ready(ctx context.Context) error {
	if h.running.ended() {
		return fmt.Errorf("runtime: shutting down: %w", storage.ErrClosed)
	}
	h.ready.mu.Lock()
	defer h.ready.mu.Unlock()
	if time.Since(h.ready.at) < readyFor {
		return h.ready.err
	}
	err := h.Health(ctx)
	if err == nil {
		now, _ := h.cfg.Now().UTC().MarshalText()
		err = h.cfg.Store.Update(ctx, func(tx storage.Tx) error { return tx.Put(readyKey, now) })
	}
	if ctx.Err() == nil { // who asked has not just left
		h.ready.at, h.ready.err = time.Now(), err
	}
	return err
}
