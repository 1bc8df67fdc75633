package runtime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/keyspace"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// Erasure says what EraseOrg did and how it knows.
type Erasure struct {
	Org     string `json:"org"`
	Keys    int    `json:"keys"`    // records that were removed one by one, beside data and packages
	Scanned int    `json:"scanned"` // keys of the store that were looked at to prove that none is left
}

// endWait is how long EraseOrg waits for what it has ended to be over.
const endWait = 30 * time.Second

// EraseOrg destroys everything of an organization: the keys of its secrets first,
// then its data, tokens, logs, recordings and audit. Then it looks at every key of
// the store, and fails when one is left. It may be interrupted at any point: the
// organization stays in the state erasing, in which nothing of it answers, and the
// next EraseOrg, or the next start of the host, finishes it. What was exported or
// backed up before is not touched: rotate the master key to make the secrets in
// old backups unreadable.
func (h *Host) EraseOrg(ctx context.Context, org, by string) (Erasure, error) {
	h.erasing.Lock() // two at once would each take the other's work for lost
	defer h.erasing.Unlock()
	done := Erasure{Org: org}
	if _, err := h.registry.Org(ctx, org); errors.Is(err, registry.ErrNotFound) {
		return done, sandbox.Errorf(sandbox.NotFound, "there is no organization %.128s", org)
	} else if err != nil {
		return done, err
	}
	record := audit.Record{Org: audit.HostOrg, Actor: by, Action: "org.erase", Target: org, Outcome: "ok"}
	if err := h.cfg.Audit.Append(ctx, record); err != nil {
		return done, fmt.Errorf("runtime: nothing is erased without an audit record: %w", err)
	}
	if err := h.endOrg(ctx, org, by); err != nil {
		return done, err
	}
	if err := h.destroyKeys(ctx, org); err != nil {
		return done, err
	}
	if err := h.eraseInstallations(ctx, org); err != nil {
		return done, err
	}
	var err error
	if done.Keys, err = h.removeOwned(ctx, org); err != nil {
		return done, err
	}
	if done.Scanned, err = h.proveGone(ctx, org); err != nil {
		return done, err
	}
	if err := h.registry.DeleteOrg(ctx, org); err != nil {
		return done, err
	}
	record.Action, record.Detail = "org.erased", map[string]string{"keys": strconv.Itoa(done.Keys), "scanned": strconv.Itoa(done.Scanned)}
	return done, h.cfg.Audit.Append(ctx, record)
}

// endOrg lets nothing of an organization answer any more, and waits for what runs.
func (h *Host) endOrg(ctx context.Context, org, by string) error {
	if _, err := h.SetOrgState(ctx, org, registry.OrgErasing, by); err != nil {
		return err
	}
	for began := time.Now(); h.running.countOrg(org) > 0; {
		if time.Since(began) > endWait {
			return sandbox.Errorf(sandbox.Conflict, "invocations of %s do not end; erase it again", org)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// destroyKeys makes every secret of an organization unreadable.
func (h *Host) destroyKeys(ctx context.Context, org string) error {
	owners, err := h.cfg.Keeper.Owners(ctx, org)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if err := h.cfg.Keeper.Destroy(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// eraseInstallations removes what is installed with its data, and releases the packages.
func (h *Host) eraseInstallations(ctx context.Context, org string) error {
	for {
		page, err := h.registry.List(ctx, org, "", 100)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, inst := range page {
			o := owner{org, inst.Extension}
			if !inst.Removed() {
				if _, err := h.registry.Remove(ctx, org, inst.Extension, h.cfg.Now()); err != nil {
					return err
				}
			}
			h.installs.release(o)
			if err := h.cfg.Keeper.Destroy(ctx, secrets.Owner{Org: org, Extension: inst.Extension}); err != nil {
				return err
			}
			if err := h.space(o).Erase(ctx); err != nil {
				return err
			}
			if err := h.recordings.Erase(ctx, org, inst.Extension); err != nil {
				return err
			}
			if h.cfg.Logs != nil {
				if err := h.cfg.Logs.Erase(ctx, org, inst.Extension); err != nil {
					return err
				}
			}
			if err := h.registry.Forget(ctx, org, inst.Extension); err != nil {
				return err
			}
		}
	}
}

// removeOwned deletes every key of an organization but that of its record, which
// goes last.
func (h *Host) removeOwned(ctx context.Context, org string) (removed int, err error) {
	var batch []storage.Key
	flush := func() error {
		err := h.cfg.Store.Update(ctx, func(tx storage.Tx) error {
			for _, key := range batch {
				if err := tx.Delete(key); err != nil {
					return err
				}
			}
			return nil
		})
		removed += len(batch)
		batch = batch[:0]
		return err
	}
	_, err = h.eachOwned(ctx, org, func(key storage.Key) error {
		if batch = append(batch, key); len(batch) < 1000 {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	return removed, err
}

// proveGone fails when the store has a key of the organization beside its record.
func (h *Host) proveGone(ctx context.Context, org string) (scanned int, err error) {
	return h.eachOwned(ctx, org, func(key storage.Key) error {
		return fmt.Errorf("runtime: %.80q of the erased organization %s is left", key, org)
	})
}

// eachOwned looks at every key of the store and calls f for those of an
// organization, but for its record. A key of which nobody knows whose it is, is an error.
func (h *Host) eachOwned(ctx context.Context, org string, f func(storage.Key) error) (scanned int, err error) {
	const page = 1000
	for after := storage.Key(""); ; {
		keys, err := h.cfg.Store.Keys(ctx, "", after, page)
		if err != nil {
			return scanned, err
		}
		for _, key := range keys {
			after = key
			scanned++
			var value []byte
			if keyspace.NeedsValue(key) {
				value, err = h.cfg.Store.Get(ctx, key)
				if errors.Is(err, storage.ErrNotFound) {
					continue // removed since
				}
				if err != nil {
					return scanned, err
				}
			}
			whose, err := keyspace.Owner(key, value)
			if err != nil {
				return scanned, err
			}
			if whose != org || key == storage.Key("reg/org/"+org) {
				continue
			}
			if err := f(key); err != nil {
				return scanned, err
			}
		}
		if len(keys) < page {
			return scanned, nil
		}
	}
}

// finishErasures goes on with what was interrupted.
func (h *Host) finishErasures(ctx context.Context) error {
	for after := ""; ; {
		page, err := h.registry.Orgs(ctx, after, 100)
		if err != nil {
			return err
		}
		for _, o := range page {
			after = o.Name
			if o.State != registry.OrgErasing {
				continue
			}
			if _, err := h.EraseOrg(ctx, o.Name, "the host, going on"); err != nil {
				return err
			}
			h.log.Info("an erasure that was interrupted is finished", "org", o.Name)
		}
		if len(page) < 100 {
			return nil
		}
	}
}
