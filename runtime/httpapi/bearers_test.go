package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/storage/memstore"
)

// ask sends a request with a bearer credential and returns its answer without
// what differs between any two.
func ask(h http.Handler, path, bearer string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("X-Request-Id", "id-1")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// What a revoked token gets is what an unknown one gets, from the next call on.
func TestRevokedAtTheNextCall(t *testing.T) {
	tokens := identity.NewTokens(memstore.New(), nil)
	h := newTestHandler(t, demoHost, func(c *Config) { c.Auth = AnyOf(c.Auth, Bearers{tokens}) })
	value, made, err := tokens.New(t.Context(), identity.Token{Org: "demo", User: "ada", Role: identity.Member})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/extensions/acme.demo/echo"
	if got := ask(h, path, value); got.Code != 200 {
		t.Fatalf("with the token: %d %s", got.Code, got.Body)
	}
	if got := ask(h, path, testToken); got.Code != 200 {
		t.Fatalf("with the printed token: %d %s", got.Code, got.Body)
	}
	if err := tokens.Revoke(t.Context(), "demo", made.ID); err != nil {
		t.Fatal(err)
	}
	revoked, unknown := ask(h, path, value), ask(h, path, identity.NewValue())
	if revoked.Code != 401 {
		t.Fatalf("after it was revoked: %d %s", revoked.Code, revoked.Body)
	}
	if revoked.Body.String() != unknown.Body.String() || revoked.Code != unknown.Code {
		t.Errorf("a revoked token gets\n%s\nan unknown one\n%s", revoked.Body, unknown.Body)
	}
}

// A body may take its time; a token that is revoked before its end calls nothing.
func TestRevokedWhileTheBodyArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, called := identity.NewTokens(memstore.New(), nil), false
		h := newTestHandler(t, func(context.Context, runtime.Call) (runtime.Reply, error) {
			called = true
			return text(200, "called"), nil
		}, func(c *Config) { c.Auth = Bearers{tokens} })
		for _, revoked := range []bool{false, true} {
			value, made, err := tokens.New(t.Context(), identity.Token{Org: "demo", User: "ada", Role: identity.Member})
			if err != nil {
				t.Fatal(err)
			}
			called = false
			r := httptest.NewRequest("POST", "/extensions/acme.demo/echo", io.MultiReader(strings.NewReader("{"), readerFunc(func([]byte) (int, error) {
				time.Sleep(20 * time.Second)
				if revoked {
					err = tokens.Revoke(t.Context(), "demo", made.ID)
				}
				return 0, io.EOF
			}), strings.NewReader("}")))
			r.Header.Set("Authorization", "Bearer "+value)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if err != nil || called == revoked || revoked && w.Code != 401 {
				t.Errorf("revoked %v: called %v, %d %s, error %v", revoked, called, w.Code, w.Body, err)
			}
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Organizations come from credentials: no header that a caller chooses changes
// whose extensions are called.
func TestNoHeaderNamesTheOrganization(t *testing.T) {
	tokens := identity.NewTokens(memstore.New(), nil)
	h := newTestHandler(t, demoHost, func(c *Config) { c.Auth = Bearers{tokens} })
	value, _, err := tokens.New(t.Context(), identity.Token{Org: "other", Role: identity.Admin})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Org-Id", "X-Annex-Org", "X-Organization", "X-Tenant-Id", "X-Forwarded-User", "X-Forwarded-Host", "Forwarded", "From", "Cookie"} {
		if got := ask(h, "/extensions/acme.demo/echo", value, name, "demo"); got.Code != 404 {
			t.Errorf("%s: demo: status %d, want 404 as for what does not exist", name, got.Code)
		}
		if got := ask(h, "/extensions/acme.demo/echo", "", name, "demo"); got.Code != 401 {
			t.Errorf("%s: demo without a credential: status %d, want 401", name, got.Code)
		}
	}
}

// The host is told by which token a user is known, and of an anonymous caller nothing.
func TestTheHostKnowsTheCredential(t *testing.T) {
	tokens := identity.NewTokens(memstore.New(), nil)
	known := "nobody called"
	h := newTestHandler(t, func(ctx context.Context, call runtime.Call) (runtime.Reply, error) {
		known = call.Credential
		return publicHost(ctx, call)
	}, func(c *Config) { c.Auth, c.SingleOrg = Bearers{tokens}, "demo" })
	value, made, err := tokens.New(t.Context(), identity.Token{Org: "demo", User: "ada", Role: identity.Member})
	if err != nil {
		t.Fatal(err)
	}
	for bearer, want := range map[string]string{value: made.ID, "": ""} {
		if got := ask(h, "/extensions/acme.demo/open", bearer); got.Code != 200 || known != want {
			t.Errorf("status %d, known by %q, want %q", got.Code, known, want)
		}
	}
}

// Handlers know members and admins; an operator is an admin to them.
func TestIdentityOfCaller(t *testing.T) {
	for role, want := range map[identity.Role]string{identity.Member: "member", identity.Admin: "admin", identity.Operator: "admin"} {
		got := identityOf(identity.Caller{Org: "demo", User: "u", Email: "u@demo.example", Role: role})
		if *got.User != (bridge.User{ID: "u", Email: "u@demo.example", OrgID: "demo", Role: want}) || got.Role != role {
			t.Errorf("%s: %+v, role %s", role, *got.User, got.Role)
		}
	}
}

// A store that fails is answered as that, not as a wrong token.
func TestVerifierFault(t *testing.T) {
	store := memstore.New()
	h := newTestHandler(t, demoHost, func(c *Config) { c.Auth = Bearers{identity.NewTokens(store, nil)} })
	store.Close()
	got := ask(h, "/extensions/acme.demo/echo", identity.NewValue())
	if got.Code != 503 || got.Header().Get("Retry-After") == "" || strings.Contains(got.Body.String(), "storage") {
		t.Errorf("status %d, Retry-After %q, body %s; want 503 without the cause", got.Code, got.Header().Get("Retry-After"), got.Body)
	}
}
