package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/storage"
)

// PublisherKey is the key that a publisher's packages are signed with, as an
// organization has first seen it, or has accepted it since.
type PublisherKey struct {
	KeyID       string    `json:"keyId"`
	PublicKey   string    `json:"publicKey"` // 32 bytes in base64
	Fingerprint string    `json:"fingerprint"`
	PinnedAt    time.Time `json:"pinnedAt"`
	PinnedBy    string    `json:"pinnedBy"`
}

func publisherKey(org, publisher string) storage.Key {
	return storage.Key("reg/publisher/" + org + "/" + publisher)
}

// PublisherKey returns the key that is pinned for a publisher, or ErrNotFound.
func (r *Registry) PublisherKey(ctx context.Context, org, publisher string) (PublisherKey, error) {
	var k PublisherKey
	data, err := r.store.Get(ctx, publisherKey(org, publisher))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return k, ErrNotFound
	}
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("registry: key of publisher %s in %s: %v", publisher, org, err)
	}
	return k, nil
}

// PublisherKeys returns the keys that an organization has pinned, by publisher.
func (r *Registry) PublisherKeys(ctx context.Context, org string) (map[string]PublisherKey, error) {
	keys := map[string]PublisherKey{}
	prefix := publisherKey(org, "")
	for after := storage.Key(""); ; {
		pairs, err := r.store.Scan(ctx, prefix, after, 100)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			after = p.Key
			var k PublisherKey
			if err := json.Unmarshal(p.Value, &k); err != nil {
				return nil, fmt.Errorf("registry: record %q: %v", p.Key, err)
			}
			keys[string(p.Key[len(prefix):])] = k
		}
		if len(pairs) < 100 {
			return keys, nil
		}
	}
}

// PinPublisher pins a key for a publisher in place of an earlier one; nil takes
// the pin away.
func (r *Registry) PinPublisher(ctx context.Context, org, publisher string, k *PublisherKey) error {
	if err := CheckOrg(org); err != nil {
		return err
	}
	return r.store.Update(ctx, func(tx storage.Tx) error {
		if k == nil {
			return tx.Delete(publisherKey(org, publisher))
		}
		data, err := json.Marshal(k)
		if err != nil {
			return err
		}
		return tx.Put(publisherKey(org, publisher), data)
	})
}

// forgetPublishers deletes every pin of an organization, some at a time.
func (r *Registry) forgetPublishers(ctx context.Context, org string) error {
	prefix := publisherKey(org, "")
	for {
		pairs, err := r.store.Scan(ctx, prefix, "", 100)
		if err != nil || len(pairs) == 0 {
			return err
		}
		err = r.store.Update(ctx, func(tx storage.Tx) error {
			for _, p := range pairs {
				if err := tx.Delete(p.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
