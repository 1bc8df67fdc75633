package runtime

import (
	"context"
	"errors"
	"time"

	"github.com/annexhost/annex/runtime/audit"
)

// hourlyAfter is how many rounds of housekeeping make an hour.
const hourlyAfter = int(time.Hour / housekeepingEvery)

// Hourly signs a checkpoint of every organization's audit, drops audit entries and
// log lines that are older than they are kept. The host does it every hour. Each
// checkpoint goes into the host's log too: kept elsewhere, that log shows whether
// the end of a chain was cut off.
func (h *Host) Hourly(ctx context.Context) error {
	err := h.cfg.Audit.CheckpointAll(ctx, func(org string, c audit.Checkpoint, err error) {
		if err != nil {
			h.log.Error("the audit cannot be signed", "org", org, "error", err)
			return
		}
		h.log.Info("audit checkpoint", "org", org, "seq", c.Seq, "mac", c.MAC.String(), "signature", c.Signature.String())
	})
	var failed []error
	failed = append(failed, err)
	if h.cfg.AuditRetention > 0 {
		before := h.cfg.Now().Add(-h.cfg.AuditRetention)
		failed = append(failed, h.cfg.Audit.PruneAll(ctx, "retention", before, func(org string, dropped int, err error) {
			if err != nil {
				h.log.Error("old audit entries cannot be dropped", "org", org, "error", err)
				return
			}
			h.log.Info("old audit entries were dropped", "org", org, "rows", dropped)
		}))
	}
	if h.cfg.Logs != nil {
		failed = append(failed, h.cfg.Logs.Tidy(ctx))
	}
	return errors.Join(failed...)
}
