package identity

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

func TestTokenLife(t *testing.T) {
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	store := memstore.New()
	tokens := NewTokens(store, func() time.Time { return clock })
	ctx := t.Context()

	value, made, err := tokens.New(ctx, Token{Org: "acme", User: "ada", Email: "ada@acme.example", Role: Admin, CreatedBy: "test", ExpiresAt: clock.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(value, Prefix) || len(value) != len(Prefix)+43 {
		t.Errorf("value %q: want %s and 43 characters", value, Prefix)
	}
	want := Caller{Org: "acme", User: "ada", Email: "ada@acme.example", Role: Admin, Credential: made.ID}
	if got, err := tokens.Verify(ctx, value); err != nil || got != want {
		t.Fatalf("Verify = %+v, %v; want %+v", got, err, want)
	}
	unknown(t, tokens, "another token", NewValue())
	unknown(t, tokens, "the id", made.ID)
	unknown(t, tokens, "the hash", hash(value))
	unknown(t, tokens, "nothing", "")
	unknown(t, tokens, "a part", value[:len(value)-1])

	if err := tokens.Revoke(ctx, "other", made.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Revoke by another organization: %v, want ErrNotFound", err)
	}
	if _, err := tokens.Get(ctx, "other", made.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get by another organization: %v, want ErrNotFound", err)
	}
	if list, err := tokens.List(ctx, "acme", "", 10); err != nil || len(list) != 1 || list[0] != made {
		t.Errorf("List = %+v, %v; want the token", list, err)
	}
	if list, err := tokens.List(ctx, "acm", "", 10); err != nil || len(list) != 0 {
		t.Errorf("List of another organization = %+v, %v", list, err)
	}

	clock = clock.Add(time.Hour)
	unknown(t, tokens, "an expired token", value)
	clock = clock.Add(-time.Second)
	if _, err := tokens.Verify(ctx, value); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	if err := tokens.Revoke(ctx, "acme", made.ID); err != nil {
		t.Fatal(err)
	}
	unknown(t, tokens, "a revoked token", value)
	if err := tokens.Revoke(ctx, "acme", made.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Revoke again: %v, want ErrNotFound", err)
	}
	if left, err := store.Scan(ctx, "identity/", "", 10); err != nil || len(left) != 0 {
		t.Errorf("a revoked token leaves %v, %v", left, err)
	}
}

func unknown(t *testing.T, v Verifier, what, bearer string) {
	t.Helper()
	if got, err := v.Verify(t.Context(), bearer); err != ErrUnknown || got != (Caller{}) {
		t.Errorf("%s: Verify = %+v, %v; want ErrUnknown", what, got, err)
	}
}

// The value of a token is nowhere in the store, nor a part of it.
func TestTokenIsHashedAtRest(t *testing.T) {
	store := memstore.New()
	value, _, err := NewTokens(store, nil).New(t.Context(), Token{Org: "acme", Role: Member})
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.Scan(t.Context(), "", "", 100)
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	secret := []byte(strings.TrimPrefix(value, Prefix))[:12]
	for _, pair := range all {
		if bytes.Contains([]byte(pair.Key), secret) || bytes.Contains(pair.Value, secret) {
			t.Errorf("the token's value is in %q", pair.Key)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	now := time.Now()
	tests := []struct {
		rule  string
		token Token
	}{
		{"no organization", Token{Role: Member}},
		{"a slash in the organization", Token{Org: "a/b", Role: Member}},
		{"no role", Token{Org: "acme"}},
		{"an unknown role", Token{Org: "acme", Role: "root"}},
		{"expired", Token{Org: "acme", Role: Member, ExpiresAt: now.Add(-time.Second)}},
		{"a line break in the user", Token{Org: "acme", Role: Member, User: "a\nb"}},
		{"a control character of eight bits", Token{Org: "acme", Role: Member, User: "a\u009b31m"}},
		{"a turned direction", Token{Org: "acme", Role: Member, User: "a\u202eb"}},
		{"broken UTF-8", Token{Org: "acme", Role: Member, Email: "a\xff"}},
		{"an endless user", Token{Org: "acme", Role: Member, User: strings.Repeat("x", maxText+1)}},
	}
	tokens := NewTokens(memstore.New(), nil)
	for _, tt := range tests {
		if value, _, err := tokens.New(t.Context(), tt.token); !errors.Is(err, ErrInvalid) || value != "" {
			t.Errorf("%s: New = %q, %v; want ErrInvalid", tt.rule, value, err)
		}
	}
}

func TestTokensAreBounded(t *testing.T) {
	clock := time.Now()
	tokens := NewTokens(memstore.New(), func() time.Time { return clock })
	ctx := t.Context()
	for i := range MaxTokens {
		expires := time.Time{}
		if i%100 == 0 {
			expires = clock.Add(time.Hour)
		}
		if _, _, err := tokens.New(ctx, Token{Org: "acme", Role: Member, ExpiresAt: expires}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := tokens.New(ctx, Token{Org: "acme", Role: Member}); !errors.Is(err, ErrFull) {
		t.Fatalf("one more: %v, want ErrFull", err)
	}
	if _, _, err := tokens.New(ctx, Token{Org: "other", Role: Member}); err != nil {
		t.Errorf("another organization: %v", err)
	}
	clock = clock.Add(2 * time.Hour)
	if _, _, err := tokens.New(ctx, Token{Org: "acme", Role: Member}); err != nil {
		t.Errorf("when some have expired: %v", err)
	}
	if list, _ := tokens.List(ctx, "acme", "", 2*MaxTokens); len(list) != MaxTokens-9 {
		t.Errorf("%d tokens, want %d: the ten that expired make room for one", len(list), MaxTokens-9)
	}
	if err := tokens.Erase(ctx, "acme"); err != nil {
		t.Fatal(err)
	}
	if list, _ := tokens.List(ctx, "acme", "", 10); len(list) != 0 {
		t.Errorf("%d tokens are left of an erased organization", len(list))
	}
	if list, _ := tokens.List(ctx, "other", "", 10); len(list) != 1 {
		t.Errorf("another organization has %d tokens, want 1", len(list))
	}
}

func TestListPages(t *testing.T) {
	tokens := NewTokens(memstore.New(), nil)
	for range 5 {
		if _, _, err := tokens.New(t.Context(), Token{Org: "acme", Role: Member}); err != nil {
			t.Fatal(err)
		}
	}
	seen, after := 0, ""
	for {
		page, err := tokens.List(t.Context(), "acme", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		seen += len(page)
		after = page[len(page)-1].ID
	}
	if seen != 5 {
		t.Errorf("pages had %d tokens, want 5", seen)
	}
}

// A store that fails is a fault of the host, not an unknown token: otherwise
// nobody would look at the store.
func TestVerifyFault(t *testing.T) {
	store := memstore.New()
	tokens := NewTokens(store, nil)
	store.Close()
	if _, err := tokens.Verify(context.Background(), "annex_x"); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Verify = %v, want the store's error", err)
	}
	if _, err := First(tokens, tokens).Verify(context.Background(), "annex_x"); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("First = %v, want the store's error", err)
	}
}
