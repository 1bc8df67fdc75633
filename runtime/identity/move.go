package identity

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// moved is a token on its way to another host: with the hash of its value, from
// which the value cannot be had.
type moved struct {
	Token
	Hash string `json:"hash"`
}

// Export gives every token of org that lets callers in to line, as JSON, so that
// its value lets them in where the line is imported. Operators' tokens stay: they
// are the host's.
func (s *Tokens) Export(ctx context.Context, org string, line func(json.RawMessage) error) error {
	for after := storage.Key(""); ; {
		index, err := s.store.Scan(ctx, indexKey(org, ""), after, 100)
		if err != nil {
			return err
		}
		for _, entry := range index {
			after = entry.Key
			t, err := read(ctx, s.store, string(entry.Value))
			if errors.Is(err, storage.ErrNotFound) || err == nil && (t.Expired(s.now()) || t.Role == Operator) {
				continue
			}
			if err != nil {
				return err
			}
			data, err := json.Marshal(moved{t, string(entry.Value)})
			if err != nil {
				return err
			}
			if err := line(data); err != nil {
				return err
			}
		}
		if len(index) < 100 {
			return nil
		}
	}
}

// Import makes a token of org of what Export gave elsewhere. It is false when the
// token has expired, or when its value lets somebody in here already.
func (s *Tokens) Import(ctx context.Context, org string, line json.RawMessage) (bool, error) {
	var m moved
	if err := json.Unmarshal(line, &m); err != nil {
		return false, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	sum, err := hex.DecodeString(m.Hash)
	id, err2 := hex.DecodeString(m.ID)
	if err != nil || err2 != nil || m.Hash != hex.EncodeToString(sum) || m.ID != hex.EncodeToString(id) || len(m.Hash) != len(hash("")) || len(m.ID) != len(newID()) {
		return false, fmt.Errorf("%w: a token needs an id and a hash", ErrInvalid)
	}
	t := m.Token
	t.Org = org
	if t.Expired(s.now()) {
		return false, nil
	}
	if err := t.check(s.now()); err != nil {
		return false, err
	}
	if t.Role == Operator {
		return false, fmt.Errorf("%w: an operator's token does not move with an organization", ErrInvalid)
	}
	data, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	made := false
	err = s.store.Update(ctx, func(tx storage.Tx) error {
		made = false
		for _, key := range []storage.Key{tokenKey(m.Hash), indexKey(org, t.ID)} {
			if _, err := tx.Get(ctx, key); !errors.Is(err, storage.ErrNotFound) {
				return err
			}
		}
		if err := s.makeRoom(ctx, tx, org); err != nil {
			return err
		}
		if err := tx.Put(indexKey(org, t.ID), []byte(m.Hash)); err != nil {
			return err
		}
		made = true
		return tx.Put(tokenKey(m.Hash), data)
	})
	return made && err == nil, err
}
