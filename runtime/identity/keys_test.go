package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A rotation shows as a key that is not known yet. Strangers' tokens do not
// make the issuer be asked more often than it can take.
func TestIssuerRotation(t *testing.T) {
	clock := testNow
	var mu sync.Mutex
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); clock = clock.Add(d) }
	old, next := ecSigning(t, "old"), ecSigning(t, "next")
	server := newKeyServer(t, old.jwk())
	issuers := newTestIssuers(t, now, config(server))
	verify := func(s signing) error {
		_, err := issuers.Verify(t.Context(), s.sign(t, good(map[string]any{"exp": now().Add(time.Hour).Unix()}), nil))
		return err
	}
	for range 20 {
		if err := verify(old); err != nil {
			t.Fatal(err)
		}
	}
	if got := server.asked.Load(); got != 1 {
		t.Errorf("20 tokens of a known key: asked %d times, want once", got)
	}
	server.set(nil, next.jwk())
	for range 20 {
		if err := verify(next); err != ErrUnknown {
			t.Fatalf("within %s of the last fetch: %v, want ErrUnknown", fetchEvery, err)
		}
	}
	if got := server.asked.Load(); got != 1 {
		t.Errorf("20 tokens of an unknown key at once: asked %d times, want once", got)
	}
	pass(fetchEvery)
	if err := verify(next); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := verify(old); err != ErrUnknown {
		t.Errorf("the key that was taken away: %v, want ErrUnknown", err)
	}
	if got := server.asked.Load(); got != 2 {
		t.Errorf("after a rotation: asked %d times, want twice", got)
	}

	// Old keys are used while the issuer is down, but not for ever.
	server.set(func(w http.ResponseWriter) { w.WriteHeader(500) })
	pass(freshFor)
	if err := verify(next); err != nil {
		t.Errorf("while the issuer is down: %v", err)
	}
	pass(staleFor)
	if err := verify(next); err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrNoPlace) {
		t.Errorf("after a day: %v, want a fault", err)
	}
	server.set(nil, next.jwk())
	pass(fetchEvery)
	if err := verify(next); err != nil {
		t.Errorf("when the issuer is back: %v", err)
	}
}

// Keys that were taken away are forgotten without an unknown key in between.
func TestIssuerForgetsKeys(t *testing.T) {
	var offset atomic.Int64
	now := func() time.Time { return testNow.Add(time.Duration(offset.Load())) }
	gone, stays := ecSigning(t, "gone"), ecSigning(t, "stays")
	server := newKeyServer(t, gone.jwk(), stays.jwk())
	issuers := newTestIssuers(t, now, config(server))
	token := gone.sign(t, good(map[string]any{"exp": testNow.Add(time.Hour).Unix()}), nil)
	if _, err := issuers.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	server.set(nil, stays.jwk())
	offset.Store(int64(freshFor))
	if _, err := issuers.Verify(t.Context(), token); err != nil {
		t.Fatalf("the call behind whose back keys are fetched: %v", err)
	}
	keys := issuers.byURL[issuerURL].keys
	keys.mu.Lock()
	pending := keys.pending
	keys.mu.Unlock()
	if pending != nil {
		<-pending
	}
	if _, err := issuers.Verify(t.Context(), token); err != ErrUnknown {
		t.Errorf("a key that the issuer took away, after ten minutes and another call: %v, want ErrUnknown", err)
	}
}

func TestIssuerAnswers(t *testing.T) {
	key := ecSigning(t, "k")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	jwkOf := func(key any) string {
		text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k"})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	mine := jwkOf(key.public)
	tests := []struct {
		rule, answer string
		good         bool
	}{
		{"a key among others of no use", `{"keys":[{"kty":"new"},7,{"kty":"oct","k":"AAAA","kid":"k"},` + mine + `]}`, true},
		{"a key for encryption", `{"keys":[` + strings.Replace(mine, `{`, `{"use":"enc",`, 1) + `]}`, false},
		{"a key of another algorithm", `{"keys":[` + strings.Replace(mine, `{`, `{"alg":"ES384",`, 1) + `]}`, false},
		{"no keys", `{"keys":[]}`, false},
		{"no JSON", `<html>`, false},
		{"more than can be", `{"keys":[` + mine + `],"x":"` + strings.Repeat("x", maxKeySet) + `"}`, false},
		{"too many keys", `{"keys":[` + strings.Repeat(mine+",", maxKeys) + mine + `]}`, false},
	}
	for _, tt := range tests {
		server := newKeyServer(t)
		server.set(func(w http.ResponseWriter) { fmt.Fprint(w, tt.answer) })
		issuers := newTestIssuers(t, nil, config(server))
		if _, err := issuers.Verify(t.Context(), key.sign(t, good(nil), nil)); (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.rule, err)
		}
	}
	weak := signing{"k", jose.RS256, small, &small.PublicKey}
	server := newKeyServer(t, weak.jwk(), key.jwk())
	if _, err := newTestIssuers(t, nil, config(server)).Verify(t.Context(), weak.sign(t, good(nil), nil)); err != ErrUnknown {
		t.Errorf("a key of 1,024 bits: %v, want ErrUnknown", err)
	}
	redirecting := newKeyServer(t)
	target := newKeyServer(t, key.jwk())
	redirecting.set(func(w http.ResponseWriter) { w.Header().Set("Location", target.URL); w.WriteHeader(302) })
	if _, err := newTestIssuers(t, nil, config(redirecting)).Verify(t.Context(), key.sign(t, good(nil), nil)); err == nil || target.asked.Load() != 0 {
		t.Errorf("a redirect was followed: %v", err)
	}
}
