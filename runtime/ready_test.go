package runtime_test

import (
	"context"
	"errors"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/storage"
)

// TestReady fails with the store, and once the host is closed.
func TestReady(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		fail func(h *standard.Host) error
	}{
		{"the store is closed", func(h *standard.Host) error { return h.State.Store.Close() }},
		{"the host shuts down", func(h *standard.Host) error { return h.Host.Close(ctx) }},
	} {
		h, err := standard.OpenMemory(ctx, standard.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.fail(h); err != nil {
			t.Fatal(err)
		}
		if err := h.Ready(ctx); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s: %v", c.name, err)
		}
		_ = h.Close(ctx)
	}
	h, err := standard.OpenMemory(ctx, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close(ctx)
	if err := h.Ready(ctx); err != nil {
		t.Errorf("a host that works: %v", err)
	}
}
