package admin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// KeyList is a page of keys.
type KeyList struct {
	Keys []string `json:"keys"`
	Next string   `json:"next,omitempty" doc:"the after of the page that follows"`
}

// ListKeysIn asks for keys.
type ListKeysIn struct {
	OfExtension
	Page
	Prefix string `query:"prefix" json:"-" doc:"only keys that start with it"`
}

// ListKeys lists what an extension has stored.
var ListKeys = Define(Spec{
	Name: "listKeys", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/storage", Right: identity.Data,
	Doc: "Lists the keys of what an extension has stored, in order",
}, func(ctx context.Context, c *Call, in ListKeysIn) (KeyList, error) {
	space, _, err := c.space(ctx, in.OfExtension)
	if err != nil {
		return KeyList{}, err
	}
	keys, err := space.List(ctx, in.Prefix, in.After, in.limit())
	list := KeyList{Keys: append([]string{}, keys...)}
	if len(keys) == in.limit() {
		list.Next = keys[len(keys)-1]
	}
	return list, err
})

// space finds what an extension has stored.
func (c *Call) space(ctx context.Context, in OfExtension) (*storage.Space, string, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return nil, "", err
	}
	return c.Space(in.Org, inst.Extension), inst.Extension, nil
}

// OfKey names a stored value.
type OfKey struct {
	OfExtension
	Key string `path:"key" json:"-" doc:"1 to 256 of A-Za-z0-9._:/-"`
}

// StoredValue is a value.
type StoredValue struct {
	Value json.RawMessage `json:"value"`
}

// GetValue reads a stored value.
var GetValue = Define(Spec{
	Name: "getValue", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/storage/{key}", Right: identity.Data,
	Doc: "Reads a stored value",
}, func(ctx context.Context, c *Call, in OfKey) (StoredValue, error) {
	space, id, err := c.space(ctx, in.OfExtension)
	if err != nil {
		return StoredValue{}, err
	}
	value, err := space.Get(ctx, in.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return StoredValue{}, noKey(id, in.Key)
	}
	return StoredValue{Value: value}, err
})

func noKey(extension, key string) error {
	return sandbox.Errorf(sandbox.NotFound, "%s has no key %.256s", extension, key)
}

// SetValueIn stores a value.
type SetValueIn struct {
	OfKey
	Value     json.RawMessage `json:"value" doc:"at most 102,400 bytes"`
	ExpiresIn int             `json:"expiresIn,omitempty" doc:"seconds, 1 to 31,536,000; left out: it is kept"`
}

// maxExpiry is the longest life of a key that expires, in seconds.
const maxExpiry = 31_536_000

// SetValue stores a value for an extension, within its quota.
var SetValue = Define(Spec{
	Name: "setValue", Method: "PUT", Path: "/orgs/{org}/extensions/{extension}/storage/{key}", Right: identity.Data,
	Doc: "Stores a value, within the quota of the extension",
}, func(ctx context.Context, c *Call, in SetValueIn) (None, error) {
	if in.ExpiresIn < 0 || in.ExpiresIn > maxExpiry {
		return None{}, sandbox.Errorf(sandbox.Invalid, "expiresIn is 1 to %d seconds", maxExpiry)
	}
	if len(in.Value) == 0 {
		return None{}, sandbox.Errorf(sandbox.Invalid, "there is no value")
	}
	if err := bridge.CheckKey(in.Key); err != nil {
		return None{}, err
	}
	space, id, err := c.space(ctx, in.OfExtension)
	if err != nil {
		return None{}, err
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Extension: id, Action: "storage.write", Target: in.Key}); err != nil {
		return None{}, err
	}
	return None{}, quota(space.Set(ctx, in.Key, in.Value, time.Duration(in.ExpiresIn)*time.Second))
})

// DeleteValue deletes a stored value.
var DeleteValue = Define(Spec{
	Name: "deleteValue", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/storage/{key}", Right: identity.Data,
	Doc: "Deletes a stored value",
}, func(ctx context.Context, c *Call, in OfKey) (None, error) {
	space, id, err := c.space(ctx, in.OfExtension)
	if err != nil {
		return None{}, err
	}
	if _, err := space.Get(ctx, in.Key); errors.Is(err, storage.ErrNotFound) {
		return None{}, noKey(id, in.Key)
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Extension: id, Action: "storage.delete", Target: in.Key}); err != nil {
		return None{}, err
	}
	return None{}, space.Delete(ctx, in.Key)
})
