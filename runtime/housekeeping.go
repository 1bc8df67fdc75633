package runtime

import (
	"context"
	"time"
)

// housekeepingEvery is how often expired keys and data past its grace period
// are looked for. Expired keys are invisible at once; this frees their room.
const housekeepingEvery = time.Minute

func (h *Host) keepHouse(ctx context.Context) {
	defer close(h.stopped)
	if err := h.finishErasures(ctx); err != nil && ctx.Err() == nil {
		h.log.Error("an erasure that was interrupted cannot be finished; erase the organization again", "error", err)
	}
	tick := time.NewTicker(housekeepingEvery)
	defer tick.Stop()
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if round%hourlyAfter == 1 { // the first time soon: a host may not live for an hour
			if err := h.Hourly(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("hourly housekeeping failed, will be tried again", "error", err)
			}
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
