package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

type storageGetArgs struct {
	Key string `json:"key" doc:"The key."`
}

func storageGet() Method {
	return define(line[storageGetArgs, json.RawMessage]{
		Method: Method{
			Name: "storage.get", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc: "Reads a value, or `undefined` when the key has none or it has expired. " +
				"The key `config` gives the extension's configuration as long as the extension has not written it.",
			Limits: keyLimits,
			Errors: []Failure{badKey, noStorage},
			Example: `const last = await api.storage.get('lastSync:vault-1')
return { last: last ?? 'never' }`,
			TS:    "<T = unknown>(key: string): Promise<T | undefined>",
			Brief: true,
		},
		scope: func(_ *Session, in *storageGetArgs) (string, error) { return "", checkKey(in.Key) },
		run: withStorage(func(ctx context.Context, s *Session, store Storage, in storageGetArgs) (json.RawMessage, error) {
			value, err := store.Get(ctx, in.Key)
			if errors.Is(err, storage.ErrNotFound) {
				return s.configured(in.Key), nil
			}
			return value, err
		}),
	})
}

type storageSetArgs struct {
	Key     string          `json:"key" doc:"The key."`
	Value   json.RawMessage `json:"value" doc:"The value: anything that JSON can hold."`
	Options struct {
		ExpiresIn *int64 `json:"expiresIn,omitempty" doc:"Seconds until the value is gone, 1 to 31,536,000. Without it the value stays."`
	} `json:"options,omitempty" doc:"How to keep it."`
}

func storageSet() Method {
	return define(line[storageSetArgs, struct{}]{
		Method: Method{
			Name: "storage.set", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:    "Writes a value. When the promise resolves the value is durable. " + valueDoc,
			Limits: setLimits,
			Errors: []Failure{badKey, badValue, overQuota, lostTheRace, noStorage},
			Example: `await api.storage.set('lastSync:vault-1', { at: Date.now() })
await api.storage.set('token', 'abc', { expiresIn: 3600 })`,
			Local: true,
		},
		scope: func(_ *Session, in *storageSetArgs) (string, error) {
			if n := in.Options.ExpiresIn; n != nil && (*n < 1 || *n > maxExpires) {
				return "", storageInvalid("options.expiresIn must be 1 to %d seconds, got %d", maxExpires, *n)
			}
			return "", checkKey(in.Key)
		},
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageSetArgs) (struct{}, error) {
			var expires time.Duration
			if in.Options.ExpiresIn != nil {
				expires = time.Duration(*in.Options.ExpiresIn) * time.Second
			}
			return struct{}{}, store.Set(ctx, in.Key, in.Value, expires)
		}),
	})
}

type storageDeleteArgs struct {
	Key string `json:"key" doc:"The key."`
}

func storageDelete() Method {
	return define(line[storageDeleteArgs, struct{}]{
		Method: Method{
			Name: "storage.delete", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:     "Removes a value. Removing a key that has none is no error.",
			Limits:  keyLimits,
			Errors:  []Failure{badKey, lostTheRace, noStorage},
			Example: `await api.storage.delete('lastSync:vault-1')`,
			Local:   true,
		},
		scope: func(_ *Session, in *storageDeleteArgs) (string, error) { return "", checkKey(in.Key) },
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageDeleteArgs) (struct{}, error) {
			return struct{}{}, store.Delete(ctx, in.Key)
		}),
	})
}

type storageListArgs struct {
	Prefix  string `json:"prefix,omitempty" doc:"What the keys start with; empty for all."`
	Options struct {
		After string `json:"after,omitempty" doc:"Only keys greater than this one: the last key of the page before."`
		Limit *int64 `json:"limit,omitempty" doc:"The most keys to return, 1 to 1,000; 1,000 without it."`
	} `json:"options,omitempty" doc:"Which part of the list."`
}

func storageList() Method {
	return define(line[storageListArgs, []string]{
		Method: Method{
			Name: "storage.list", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:    "Lists keys in their order, which is that of their bytes. The prefix is plain text without wildcards.",
			Limits: "1,000 keys a call.",
			Errors: []Failure{{sandbox.Invalid, "the prefix or `after` cannot be part of a key, or the limit is out of range"}, noStorage},
			Example: `const keys = await api.storage.list('note:', { limit: 50 })
const more = await api.storage.list('note:', { after: keys.at(-1), limit: 50 })
return [...keys, ...more]`,
			Brief: true,
		},
		scope: func(_ *Session, in *storageListArgs) (string, error) {
			if n := in.Options.Limit; n != nil && (*n < 1 || *n > maxList) {
				return "", storageInvalid("options.limit must be 1 to %d, got %d", maxList, *n)
			}
			if err := checkPrefix(in.Options.After); err != nil {
				return "", err
			}
			return "", checkPrefix(in.Prefix)
		},
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageListArgs) ([]string, error) {
			limit := maxList
			if in.Options.Limit != nil {
				limit = int(*in.Options.Limit)
			}
			return store.List(ctx, in.Prefix, in.Options.After, limit)
		}),
	})
}
