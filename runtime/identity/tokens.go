package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/annexhost/annex/storage"
)

// MaxTokens is how many tokens an organization may have. Expired ones make
// room for new ones.
const MaxTokens = 1000

// ErrFull says that the organization has [MaxTokens] tokens.
var ErrFull = fmt.Errorf("identity: an organization has at most %d tokens; revoke one first", MaxTokens)

// ErrNotFound says that the organization has no token of that id.
var ErrNotFound = errors.New("identity: no such token")

// Tokens keeps tokens. It is safe for concurrent use.
type Tokens struct {
	store storage.Store
	now   func() time.Time
}

// NewTokens returns the tokens that are kept in store. A nil now is time.Now.
func NewTokens(store storage.Store, now func() time.Time) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{store: store, now: now}
}

const orgPrefix = "identity/org/"

func tokenKey(hash string) storage.Key    { return storage.Key("identity/token/" + hash) }
func indexKey(org, id string) storage.Key { return storage.Key(orgPrefix + org + "/" + id) }

// New makes a token of t: [Tokens.Draft], and then [Tokens.Make].
func (s *Tokens) New(ctx context.Context, t Token) (value string, made Token, err error) {
	if made, err = s.Draft(t); err == nil {
		value, err = s.Make(ctx, made)
	}
	if err != nil {
		return "", Token{}, err
	}
	return value, made, nil
}

// Draft returns t with its ID and CreatedAt, so that it can be put on record
// before it is made, or says what is wrong with it. A token without a user is
// one of a service, which is named after it.
func (s *Tokens) Draft(t Token) (Token, error) {
	now := s.now().UTC().Truncate(time.Second)
	t.ID, t.CreatedAt = newID(), now
	if t.User == "" {
		t.User = "token-" + t.ID
	}
	if err := t.check(now); err != nil {
		return Token{}, err
	}
	return t, nil
}

// Make makes a token of a draft and returns its value: the one time that it is
// seen.
func (s *Tokens) Make(ctx context.Context, draft Token) (value string, err error) {
	value = NewValue()
	data, err := json.Marshal(draft)
	if err != nil {
		return "", err
	}
	err = s.store.Update(ctx, func(tx storage.Tx) error {
		if err := s.makeRoom(ctx, tx, draft.Org); err != nil {
			return err
		}
		if err := tx.Put(indexKey(draft.Org, draft.ID), []byte(hash(value))); err != nil {
			return err
		}
		return tx.Put(tokenKey(hash(value)), data)
	})
	if err != nil {
		return "", err
	}
	return value, nil
}

// makeRoom deletes expired tokens of org when it has as many as it may.
func (s *Tokens) makeRoom(ctx context.Context, tx storage.Tx, org string) error {
	index, err := tx.Scan(ctx, indexKey(org, ""), "", MaxTokens)
	if err != nil || len(index) < MaxTokens {
		return err
	}
	room := false
	for _, entry := range index {
		t, err := read(ctx, tx, string(entry.Value))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if err == nil && !t.Expired(s.now()) {
			continue
		}
		room = true
		if err := drop(tx, entry); err != nil {
			return err
		}
	}
	if !room {
		return ErrFull
	}
	return nil
}

// drop deletes the token of an entry of the index, and the entry.
func drop(tx storage.Tx, entry storage.Pair) error {
	if err := tx.Delete(tokenKey(string(entry.Value))); err != nil {
		return err
	}
	return tx.Delete(entry.Key)
}

func read(ctx context.Context, from storage.Reader, hash string) (Token, error) {
	data, err := from.Get(ctx, tokenKey(hash))
	if err != nil {
		return Token{}, err
	}
	var t Token
	if err := json.Unmarshal(data, &t); err != nil {
		return Token{}, fmt.Errorf("identity: damaged token record: %v", err)
	}
	return t, nil
}

// Verify implements [Verifier]. It reads the store each time, so that a
// revocation needs to reach nobody.
func (s *Tokens) Verify(ctx context.Context, bearer string) (Caller, error) {
	t, err := read(ctx, s.store, hash(bearer))
	if errors.Is(err, storage.ErrNotFound) || (err == nil && t.Expired(s.now())) {
		return Caller{}, ErrUnknown
	}
	if err != nil {
		return Caller{}, err
	}
	return Caller{Org: t.Org, User: t.User, Email: t.Email, Role: t.Role, Credential: t.ID}, nil
}

// List returns up to limit tokens of org whose ids are greater than after, in
// the order of their ids, expired ones too. Their values are not kept.
func (s *Tokens) List(ctx context.Context, org, after string, limit int) ([]Token, error) {
	var from storage.Key
	if after != "" {
		from = indexKey(org, after)
	}
	index, err := s.store.Scan(ctx, indexKey(org, ""), from, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Token, 0, len(index))
	for _, entry := range index {
		t, err := read(ctx, s.store, string(entry.Value))
		if errors.Is(err, storage.ErrNotFound) {
			continue // revoked since the index was read
		}
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// Get returns the token of org with that id, or ErrNotFound.
func (s *Tokens) Get(ctx context.Context, org, id string) (Token, error) {
	h, err := s.store.Get(ctx, indexKey(org, id))
	if err == nil {
		var t Token
		if t, err = read(ctx, s.store, string(h)); err == nil {
			return t, nil
		}
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return Token{}, ErrNotFound
	}
	return Token{}, err
}

// Revoke ends a token of org: when it returns, no call that begins afterwards
// is let in by it. An id of another organization is ErrNotFound.
func (s *Tokens) Revoke(ctx context.Context, org, id string) error {
	err := s.store.Update(ctx, func(tx storage.Tx) error {
		h, err := tx.Get(ctx, indexKey(org, id))
		if err != nil {
			return err
		}
		return drop(tx, storage.Pair{Key: indexKey(org, id), Value: h})
	})
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrTooLarge) {
		return ErrNotFound
	}
	return err
}

// Erase ends every token of org.
func (s *Tokens) Erase(ctx context.Context, org string) error {
	for {
		var found int
		err := s.store.Update(ctx, func(tx storage.Tx) error {
			index, err := tx.Scan(ctx, indexKey(org, ""), "", 500)
			if err != nil {
				return err
			}
			found = len(index)
			for _, entry := range index {
				if err := drop(tx, entry); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || found == 0 {
			return err
		}
	}
}
