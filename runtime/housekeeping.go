package runtime

import (
	"context"
	"time"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/secrets"
)

// housekeepingEvery is how often expired keys and data past its grace period
// are looked for. Expired keys are invisible at once; this frees their room.
const housekeepingEvery = time.Minute

func (h *Host) keepHouse(ctx context.Context) {
	defer close(h.stopped)
	tick := time.NewTicker(housekeepingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := h.Tidy(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("housekeeping failed, will be tried again", "error", err)
		}
	}
}

// Tidy removes expired keys, and the data of uninstalled extensions whose
// grace period has ended. The host does it every minute.
func (h *Host) Tidy(ctx context.Context) error {
	now := h.cfg.Now()
	if _, err := h.sweeper.Sweep(ctx, now); err != nil {
		return err
	}
	for {
		due, err := h.registry.Due(ctx, now, 100)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, inst := range due {
			if err := h.purge(ctx, owner{inst.Org, inst.Extension}, "the end of the grace period"); err != nil {
				return err
			}
		}
	}
}

// purge destroys what an uninstalled extension left: first the key of its
// secrets, then its data, last its record, so that an interruption is found
// and finished by the next Tidy.
func (h *Host) purge(ctx context.Context, o owner, by string) error {
	err := h.cfg.Audit.Append(ctx, audit.Record{
		Time: h.cfg.Now(), Org: o.org, Extension: o.extension, Actor: by, Action: "purge", Outcome: "ok",
	})
	if err != nil {
		return err
	}
	if err := h.cfg.Keeper.Destroy(ctx, secrets.Owner{Org: o.org, Extension: o.extension}); err != nil {
		return err
	}
	if err := h.space(o).Erase(ctx); err != nil {
		return err
	}
	return h.registry.Forget(ctx, o.org, o.extension)
}
