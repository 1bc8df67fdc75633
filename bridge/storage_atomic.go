package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

type storageCompareAndSetArgs struct {
	Key      string          `json:"key" doc:"The key."`
	Expected json.RawMessage `json:"expected,omitempty" doc:"What the value must be now; undefined for no value."`
	Value    json.RawMessage `json:"value,omitempty" doc:"The new value; undefined removes the key."`
}

// errUnchanged ends a Modify without a write.
var errUnchanged = errors.New("bridge: value is not the expected one")

func storageCompareAndSet() Method {
	return define(line[storageCompareAndSetArgs, bool]{
		Method: Method{
			Name: "storage.compareAndSet", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc: "Writes a value if the present one equals `expected`, and says whether it did. " +
				"Values are equal when their JSON means the same: the order of members does not count. " + valueDoc,
			Limits: setLimits,
			Errors: []Failure{badKey, badValue, overQuota, lostTheRace, noStorage},
			Example: `const old = await api.storage.get('lock')
const mine = await api.storage.compareAndSet('lock', old, { by: api.request.id })`,
			Local: true,
		},
		scope: func(_ *Session, in *storageCompareAndSetArgs) (string, error) { return "", checkKey(in.Key) },
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageCompareAndSetArgs) (bool, error) {
			err := store.Modify(ctx, in.Key, func(old []byte) ([]byte, error) {
				same, err := equalJSON(old, in.Expected)
				if err == nil && !same {
					err = errUnchanged
				}
				return in.Value, err
			})
			if errors.Is(err, errUnchanged) {
				return false, nil
			}
			return err == nil, err
		}),
	})
}

type storageIncrementArgs struct {
	Key string   `json:"key" doc:"The key."`
	By  *float64 `json:"by,omitempty" doc:"What to add; 1 without it."`
}

func storageIncrement() Method {
	return define(line[storageIncrementArgs, float64]{
		Method: Method{
			Name: "storage.increment", Side: permissions.Server, Permission: permissions.StorageDatabase,
			Doc:    "Adds to a number and returns the sum; a key without a value counts as 0. Calls at the same time all count.",
			Limits: setLimits,
			Errors: []Failure{
				badKey, {sandbox.Invalid, "the value is not a number, or the sum is too large for one"},
				overQuota, lostTheRace, noStorage,
			},
			Example: `const visits = await api.storage.increment('visits')`,
			Local:   true,
		},
		scope: func(_ *Session, in *storageIncrementArgs) (string, error) { return "", checkKey(in.Key) },
		run: withStorage(func(ctx context.Context, _ *Session, store Storage, in storageIncrementArgs) (float64, error) {
			by := 1.0
			if in.By != nil {
				by = *in.By
			}
			var sum float64
			err := store.Modify(ctx, in.Key, func(old []byte) ([]byte, error) {
				n, err := add(in.Key, old, by)
				if err != nil {
					return nil, err
				}
				sum = n
				return json.Marshal(n)
			})
			if err != nil {
				return 0, err // sum may still be written to
			}
			return sum, nil
		}),
	})
}

// add returns the number whose JSON is old, or 0 without it, plus by.
func add(key string, old []byte, by float64) (float64, error) {
	n := 0.0
	if old != nil {
		d := decoder{scanner: scanner{data: old}}
		d.space()
		var err error
		if n, err = d.number(); err != nil {
			return 0, storageInvalid("The value of %s is not a number", key)
		}
	}
	if n += by; math.IsInf(n, 0) {
		return 0, storageInvalid("The value of %s would be too large for a number", key)
	}
	return n, nil
}
