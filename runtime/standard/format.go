package standard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/annexhost/annex/runtime/dataformat"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// checkFormat returns the format of the data. Data of a newer one is refused.
func checkFormat(ctx context.Context, store storage.Store) (int, error) {
	format, err := dataformat.Of(ctx, store)
	if errors.Is(err, dataformat.ErrNewer) {
		return 0, &sandbox.Error{Code: sandbox.Conflict, Message: err.Error()}
	}
	return format, err
}

// upgrade brings data of an older format up to date, before anything reads it.
func upgrade(ctx context.Context, store storage.Store, keeper *secrets.Keeper, format int, o Options) error {
	steps := []dataformat.Step{
		{To: 2, Name: "indexes of secrets name hosts; organizations have records", Run: func(ctx context.Context) error {
			if _, err := keeper.UpgradeIndexes(ctx); err != nil {
				return err
			}
			return registry.New(store).RecordOrgs(ctx, "upgrade", now(o)())
		}},
	}
	if format == dataformat.Current {
		return nil
	}
	return dataformat.Upgrade(ctx, store, format, steps, func(s dataformat.Step) {
		if o.Logger != nil {
			o.Logger.Info("the data is brought up to date", "from", s.To-1, "to", s.To, "what", s.Name)
		}
	})
}

func now(o Options) func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

// checkRestored refuses a directory in which a restore was interrupted: making a
// new store there would hide that.
func checkRestored(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, restorePart)); err == nil {
		return sandbox.Errorf(sandbox.Conflict, "a restore into %s was interrupted: run annex restore again, or remove %s",
			dir, filepath.Join(dir, restorePart))
	}
	return nil
}
