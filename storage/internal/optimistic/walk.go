package optimistic

import (
	"context"

	"github.com/annexhost/annex/storage"
)

// Walk implements the Walk of [storage.Snapshot] over state.
func Walk(ctx context.Context, state State, prefix, after storage.Key, visit func(storage.Pair) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed error
	walked := 0
	err := state.Walk(prefix, after, func(key storage.Key, value func() ([]byte, error)) bool {
		if walked++; walked%checkEvery == 0 && ctx.Err() != nil {
			failed = ctx.Err()
			return false
		}
		v, err := value()
		if err == nil {
			err = visit(storage.Pair{Key: key, Value: v})
		}
		failed = err
		return err == nil
	})
	if err != nil {
		return err
	}
	return failed
}
