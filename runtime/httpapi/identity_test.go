package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
)

const testToken = "annex_0123456789abcdef"

func TestStaticToken(t *testing.T) {
	want := Identity{Org: "demo", User: &bridge.User{ID: "u1", Role: "admin"}}
	auth, err := NewStaticToken(testToken, want)
	if err != nil {
		t.Fatal(err)
	}
	const missing, wrong = "Missing or invalid Authorization header", "Invalid or missing access token"
	tests := []struct {
		rule   string
		header []string
		refuse string
	}{
		{"the token", []string{"Bearer " + testToken}, ""},
		{"the scheme in any case", []string{"bEARER " + testToken}, ""},
		{"no header", nil, missing},
		{"an empty header", []string{""}, missing},
		{"no token", []string{"Bearer "}, missing},
		{"no scheme", []string{testToken}, missing},
		{"another scheme", []string{"Basic " + testToken}, missing},
		{"two headers, one of them right", []string{"Bearer " + testToken, "Bearer x"}, missing},
		{"two headers, both right", []string{"Bearer " + testToken, "Bearer " + testToken}, missing},
		{"two tokens", []string{"Bearer " + testToken + ", Bearer x"}, missing},
		{"two spaces", []string{"Bearer  " + testToken}, missing},
		{"a token that is too long", []string{"Bearer " + strings.Repeat("x", maxBearer+1)}, missing},
		{"another token", []string{"Bearer annex_0123456789abcdeF"}, wrong},
		{"the token cut short", []string{"Bearer " + testToken[:len(testToken)-1]}, wrong},
		{"the token and more", []string{"Bearer " + testToken + "0"}, wrong},
	}
	for _, tt := range tests {
		r := &http.Request{Header: http.Header{"Authorization": tt.header}}
		got, err := auth.Authenticate(t.Context(), r)
		if tt.refuse == "" {
			if err != nil || got != want {
				t.Errorf("%s: got %+v, %v; want %+v", tt.rule, got, err, want)
			}
			continue
		}
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Denied, Reason: sandbox.ReasonIdentity}) || err.Error() != tt.refuse {
			t.Errorf("%s: got error %v, want denied/identity %q", tt.rule, err, tt.refuse)
		}
		if got != (Identity{}) {
			t.Errorf("%s: refused, and yet %+v", tt.rule, got)
		}
	}
}

func TestNewStaticTokenRefuses(t *testing.T) {
	if _, err := NewStaticToken("0123456789abcde", Identity{Org: "demo"}); err == nil {
		t.Error("a token of 15 bytes was taken")
	}
	if _, err := NewStaticToken(testToken, Identity{}); err == nil {
		t.Error("a token of no organization was taken")
	}
}

func TestNewToken(t *testing.T) {
	a, b := NewToken(), NewToken()
	if a == b || len(a) != len("annex_")+43 || !strings.HasPrefix(a, "annex_") {
		t.Errorf("got %q and %q, want two different ones of 49 bytes that begin with annex_", a, b)
	}
	r := &http.Request{Header: http.Header{"Authorization": {"Bearer " + a}}}
	if got, err := Bearer(r); err != nil || got != a {
		t.Errorf("sent as a bearer token: got %q, %v", got, err)
	}
}
