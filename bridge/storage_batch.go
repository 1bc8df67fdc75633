package bridge

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

type storageGetManyArgs struct {
	Keys []string `json:"keys" doc:"Up to 100 keys."`
}

//go:embed js/storage.getMany.js
var storageGetManyJS string

func storageGetMany() Method {
	return define(line[storageGetManyArgs, []json.RawMessage]{
		Method: Method{
			Name: "storage.getMany", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:     "Reads many values at one moment, in the order of the keys, with `undefined` where a key has none.",
			Limits:  "100 keys a call. " + keyLimits,
			Errors:  []Failure{badKey, {sandbox.Invalid, "there are more than 100 keys"}, noStorage},
			Example: `const [from, to] = await api.storage.getMany(['account:1', 'account:2'])`,
			TS:      "<T = unknown>(keys: string[]): Promise<(T | undefined)[]>",
			Brief:   true,
			JS:      storageGetManyJS,
		},
		scope: func(_ *Session, in *storageGetManyArgs) (string, error) {
			return "", checkKeys(len(in.Keys), func(i int) string { return in.Keys[i] })
		},
		run: withStorage(func(ctx context.Context, s *Session, store Storage, in storageGetManyArgs) ([]json.RawMessage, error) {
			found, err := store.GetMany(ctx, in.Keys)
			if err != nil {
				return nil, err
			}
			values := make([]json.RawMessage, len(in.Keys))
			for i, key := range in.Keys {
				if values[i] = found[i]; found[i] == nil {
					values[i] = s.configured(key)
				}
			}
			return values, nil
		}),
	})
}

type storageSetManyArgs struct {
	Entries Members `json:"entries" ts:"Record<string, unknown>" doc:"Up to 100 values by their keys."`
}

//go:embed js/storage.setMany.js
var storageSetManyJS string

func storageSetMany() Method {
	return define(line[storageSetManyArgs, struct{}]{
		Method: Method{
			Name: "storage.setMany", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:     "Writes many values, all of them or none. " + valueDoc,
			Limits:  "100 keys a call. " + setLimits,
			Errors:  []Failure{badKey, badValue, {sandbox.Invalid, "there are more than 100 keys"}, overQuota, lostTheRace, noStorage},
			Example: `await api.storage.setMany({ 'account:1': { balance: 5 }, 'account:2': { balance: 15 } })`,
			JS:      storageSetManyJS,
			Local:   true,
		},
		scope: func(_ *Session, in *storageSetManyArgs) (string, error) {
			return "", checkKeys(len(in.Entries), func(i int) string { return in.Entries[i].Name })
		},
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageSetManyArgs) (struct{}, error) {
			pairs := make([]storage.Pair, len(in.Entries))
			for i, m := range in.Entries {
				pairs[i] = storage.Pair{Key: storage.Key(m.Name), Value: m.Value}
			}
			return struct{}{}, store.SetMany(ctx, pairs)
		}),
	})
}
