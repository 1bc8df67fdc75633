package examples

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

// provider is the other service: it gives a code to who agrees, tokens for a
// code or a refresh token once each, and ends what is revoked.
type provider struct {
	mu        sync.Mutex
	codes     map[string]url.Values // by code: what was asked for
	access    map[string]bool
	refresh   map[string]bool
	made      int
	refreshed int
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Path == "/me" {
		if !p.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"name":"Ada"}`)
		return
	}
	id, secret, _ := r.BasicAuth()
	if id != "client-1" || secret != "s3cret" || r.Method != http.MethodPost {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	switch r.URL.Path {
	case "/token":
		p.token(w, r)
	case "/revoke":
		delete(p.refresh, r.FormValue("token"))
		p.access = map[string]bool{}
	default:
		http.NotFound(w, r)
	}
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	switch r.FormValue("grant_type") {
	case "authorization_code":
		asked, ok := p.codes[r.FormValue("code")]
		delete(p.codes, r.FormValue("code"))
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || asked.Get("redirect_uri") != r.FormValue("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
	case "refresh_token":
		if !p.refresh[r.FormValue("refresh_token")] {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		delete(p.refresh, r.FormValue("refresh_token"))
		p.refreshed++
	}
	p.made++
	access, refresh := fmt.Sprintf("access-%d", p.made), fmt.Sprintf("refresh-%d", p.made)
	p.access[access], p.refresh[refresh] = true, true
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": access, "refresh_token": refresh, "expires_in": 60})
}

// agree is the person at the provider's page: the code for what was asked.
func (p *provider) agree(t *testing.T, address string) (state, code string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Host != "provider.example" || u.Path != "/authorize" {
		t.Fatalf("the browser is sent to %s", address)
	}
	q := u.Query()
	if q.Get("client_id") != "client-1" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		t.Fatalf("asked for %s", u.RawQuery)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code = fmt.Sprintf("code-%d", len(p.codes)+1)
	p.codes[code] = q
	return q.Get("state"), code
}

// back is the browser that comes back.
func (a *app) back(state, code string) answer {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), "GET", a.public+"callback?"+url.Values{"state": {state}, "code": {code}}.Encode(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.send(r)
}

func TestOAuth(t *testing.T) {
	p := &provider{codes: map[string]url.Values{}, access: map[string]bool{}, refresh: map[string]bool{}}
	var offset time.Duration
	var mu sync.Mutex
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(offset) }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); offset += d }
	a := open(t, "oauth", standard.Options{Egress: stub(t, "provider.example", p.serve), Now: now})
	configure := func(returnTo string) {
		t.Helper()
		values, _ := json.Marshal(map[string]string{"clientId": "client-1", "redirectUri": a.public + "callback", "returnTo": returnTo})
		if err := a.host.Configure(t.Context(), org, "annex.oauth", "test", values); err != nil {
			t.Fatal(err)
		}
	}
	begin := func() (state, code string) {
		t.Helper()
		got := a.call("POST", "connection", nil).want(t, 200)
		address, _ := got.json["url"].(string)
		return p.agree(t, address)
	}

	a.call("POST", "connection", nil).want(t, 409, "error", "clientId and redirectUri are not configured")
	configure("")
	setSecret(t, a, "client_secret", "s3cret")
	a.call("GET", "connection", nil).want(t, 409, "error", "no account is connected")

	// The callback believes a state that was made here, once, in time.
	state, code := begin()
	a.back("x"+state[1:], code).want(t, 400, "error", "unknown state")
	a.back("", code).want(t, 400)
	if got := a.back(state, code).want(t, 200); !strings.Contains(got.text, "connected") {
		t.Errorf("the browser is told %q", got.text)
	}
	a.back(state, code).want(t, 400, "error", "unknown state")
	late, lateCode := begin()
	pass(11 * time.Minute)
	a.back(late, lateCode).want(t, 400, "error", "unknown state")
	refusedState, _ := begin()
	a.back(refusedState, "").want(t, 403)
	wrong, _ := begin()
	a.back(wrong, "code-of-somebody-else").want(t, 502, "error", "the provider answered 400")

	// The token has ended meanwhile: it is refreshed, and kept.
	if got := a.call("GET", "connection", nil).want(t, 200, "connectedBy", "u1"); !strings.Contains(got.text, "Ada") {
		t.Errorf("profile %s", got.text)
	}
	a.call("GET", "connection", nil).want(t, 200)
	if p.refreshed != 1 {
		t.Errorf("refreshed %d times, want once", p.refreshed)
	}
	// So is one that the provider does not want any more.
	p.mu.Lock()
	p.access = map[string]bool{}
	p.mu.Unlock()
	a.call("GET", "connection", nil).want(t, 200)
	if p.refreshed != 2 {
		t.Errorf("refreshed %d times, want twice", p.refreshed)
	}

	// Calls at the same time refresh it once: a refresh token is good for one.
	p.mu.Lock()
	p.access = map[string]bool{}
	p.mu.Unlock()
	var calls sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		calls.Go(func() { answers[i] = a.call("GET", "connection", nil) })
	}
	calls.Wait()
	for _, got := range answers {
		got.want(t, 200, "connectedBy", "u1")
	}
	if p.refreshed != 3 {
		t.Errorf("refreshed %d times, want three times", p.refreshed)
	}

	// The end, here and there.
	configure("https://app.example.com/settings")
	a.call("DELETE", "connection", nil).want(t, 200, "revoked", true)
	a.call("GET", "connection", nil).want(t, 409)
	if len(p.refresh) != 0 {
		t.Errorf("the provider still knows %v", p.refresh)
	}
	state, code = begin()
	if got := a.back(state, code).want(t, 302); got.header.Get("Location") != "https://app.example.com/settings" {
		t.Errorf("the browser is sent to %q", got.header.Get("Location"))
	}
}

// setSecret does what annex secrets set does.
func setSecret(t *testing.T, a *app, name, value string) {
	t.Helper()
	_, err := a.host.State.Keeper.Set(context.Background(), secrets.Owner{Org: org, Extension: "annex.oauth"}, name, secrets.NewValue(value))
	if err != nil {
		t.Fatal(err)
	}
}
