package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/standard"
)

// canary is in everything that belongs to the organization acme. Nobody of
// another organization may ever see it.
const canary = "CANARY-of-acme"

// tenants is a host with two organizations, every door of it open: acme, which
// has something to lose, and globex, whose admin and whose extension try to get it.
type tenants struct {
	t      *testing.T
	host   *standard.Host
	server *httptest.Server
	door   string            // the token of acme's public address
	tokens map[string]string // by who has it
	ids    map[string]string // of acme's things, by the name of a parameter in a path
}

// vault does what its caller says, with the data of its own installation.
const vault = `export default async ({request, storage, secrets}) => {
	const [what, ...args] = request.body || []
	const does = {
		get: (k) => storage.get(k), list: (p, o) => storage.list(p, o), many: (ks) => storage.getMany(ks), set: (k, v) => storage.set(k, v),
		swap: (k, a, b) => storage.compareAndSet(k, a, b), add: (k) => storage.increment(k),
		secret: (n) => secrets.get(n), keep: (n, v) => secrets.set(n, v), leave: (v) => { globalThis.left = v; Object.prototype.left = v }, look: () => globalThis.left ?? ({}).left,
	}
	try { return {value: await does[what](...args) ?? null} } catch (e) { return {code: e.code, message: e.message} }
}`

func newTenants(t *testing.T) *tenants {
	host, err := standard.OpenMemory(t.Context(), standard.Options{Limits: runtime.Limits{Rate: runtime.Unlimited, PublicRate: runtime.Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close(context.WithoutCancel(t.Context())) })
	w := &tenants{t: t, host: host, tokens: map[string]string{}, ids: map[string]string{}}
	for _, org := range []string{"acme", "globex"} {
		if _, err := host.State.Registry.CreateOrg(t.Context(), org, "test", time.Now()); err != nil {
			t.Fatal(err)
		}
		w.install(org, "annex.vault", vault)
		for _, role := range []identity.Role{identity.Admin, identity.Member} {
			w.token(org, role)
		}
	}
	w.install("acme", "annex.private", vault)
	w.token("acme", "operator")
	auth, err := authenticator(host.State, "acme", httpapi.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{Host: host, Doors: host, Auth: auth, Health: host.Health})
	if err != nil {
		t.Fatal(err)
	}
	door, err := openDoor(host, auth, "", "http://annex.test")
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(withAdmin(api, door.handler))
	t.Cleanup(w.server.Close)
	w.fill()
	return w
}

// token makes a token and keeps its value as "org/role".
func (w *tenants) token(org string, role identity.Role) {
	value, made, err := w.host.State.Tokens.New(w.t.Context(), identity.Token{
		Org: org, User: "somebody", Role: role, CreatedBy: "test", CreatedAt: time.Now(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.tokens[org+"/"+string(role)] = value
	if org == "acme" {
		w.ids["token"] = made.ID
	}
}

func (w *tenants) install(org, id, code string) {
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": fmt.Appendf(nil, `{
			"id": %q, "name": "V", "version": "1.0.0", "publisher": "annex", "license": "MIT", "engines": {"blueplm": "^3.0.0"},
			"serverMain": "h.js", "activationEvents": ["onStartup"], "permissions": {"server": ["storage:database", "secrets:read", "secrets:write"]},
			"contributes": {"apiRoutes": [{"method": "POST", "path": "do", "handler": "h.js"}, {"method": "POST", "path": "open", "handler": "h.js", "public": true}]}}`, id),
		"h.js": []byte(code), "LICENSE": []byte("MIT"),
	}, pack.Options{Manifest: w.host.ManifestOptions()})
	if err != nil {
		w.t.Fatal(err)
	}
	granted := permissions.Set{Server: p.Manifest.Permissions.Server, Public: true}
	inst, err := w.host.Install(w.t.Context(), org, p, runtime.Consent{Granted: granted, By: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	if org == "acme" {
		w.door = inst.PublicToken
		w.ids["digest"] = p.Digest
	}
}

// fill leaves the canary in everything that acme can have.
func (w *tenants) fill() {
	for name, call := range map[string][]any{
		"a value": {"set", "plans", canary}, "a secret": {"keep", "token", canary}, "a key": {"set", "key/" + canary, 1},
	} {
		if status, body := w.handler("acme/admin", "annex.vault", call...); status != 200 || strings.Contains(body, "code") {
			w.t.Fatalf("%s of acme: %d %s", name, status, body)
		}
	}
	w.ids["key"], w.ids["name"], w.ids["version"], w.ids["id"] = "plans", "token", "1.0.0", "1"
}

// send sends a request. What differs from one to the next by itself is taken out
// of the answer.
func (w *tenants) send(who, method, path string, header map[string]string, body []byte) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token, ok := w.tokens[who]; ok {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, requestIDs.ReplaceAllString(string(text), `"requestId":""`)
}

var requestIDs = regexp.MustCompile(`"requestId":"[^"]*"`)

// handler has an extension's handler do something.
func (w *tenants) handler(who, extension string, call ...any) (int, string) {
	w.t.Helper()
	body, err := json.Marshal(call)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(who, "POST", "/extensions/"+extension+"/do", nil, body)
}

// TestEveryAdminRouteKeepsToItsOrganization asks each route of the admin API for
// what is acme's as the admin of globex: the answer is the one for an
// organization that does not exist, to the letter.
func TestEveryAdminRouteKeepsToItsOrganization(t *testing.T) {
	w := newTenants(t)
	probed := 0
	for path, methods := range w.routes() {
		for method := range methods {
			for _, who := range []string{"globex/admin", "globex/member"} {
				status, got := w.send(who, strings.ToUpper(method), w.fillIn(path, "acme", w.ids), nil, []byte("{}"))
				if !strings.Contains(path, "{org}") {
					if strings.Contains(got, canary) || strings.Contains(got, "acme") {
						t.Errorf("%s %s as %s: %d %.300s", method, path, who, status, got)
					}
					continue
				}
				probed++
				wantStatus, want := w.send(who, strings.ToUpper(method), w.fillIn(path, "nobody", w.ids), nil, []byte("{}"))
				if got = strings.ReplaceAll(got, "acme", "nobody"); status != wantStatus || got != want {
					t.Errorf("%s %s as %s:\n acme's: %d %s\nnobody's: %d %s", method, path, who, status, got, wantStatus, want)
				}
				if status != 403 && status != 404 {
					t.Errorf("%s %s as %s: status %d, want 403 or 404", method, path, who, status)
				}
			}
		}
	}
	if probed < 40 {
		t.Errorf("%d requests probed routes of an organization: too few to be all of them", probed)
	}
}

// routes reads the API's own list of what it answers.
func (w *tenants) routes() map[string]map[string]json.RawMessage {
	_, text := w.send("globex/admin", "GET", "/admin/v1/openapi.json", nil, nil)
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil || len(document.Paths) < 20 {
		w.t.Fatalf("%d paths, %v", len(document.Paths), err)
	}
	return document.Paths
}

var parameters = regexp.MustCompile(`\{[a-z]+\}`)

// fillIn puts an organization and ids into a path.
func (w *tenants) fillIn(path, org string, ids map[string]string) string {
	return parameters.ReplaceAllStringFunc(path, func(p string) string {
		switch name := strings.Trim(p, "{}"); name {
		case "org":
			return org
		case "extension":
			return "annex.vault"
		default:
			if ids[name] == "" {
				return "x"
			}
			return url.PathEscape(ids[name])
		}
	})
}

// TestIDsOfOthersAreNobodys asks routes of globex's own for acme's things: an id
// that exists elsewhere is answered like one that exists nowhere.
func TestIDsOfOthersAreNobodys(t *testing.T) {
	w := newTenants(t)
	type pair struct{ method, theirs, nobodys string }
	base := "/admin/v1/orgs/~/"
	pairs := []pair{
		{"DELETE", base + "tokens/" + w.ids["token"], base + "tokens/0123456789abcdef"},
		{"GET", base + "extensions/annex.private", base + "extensions/annex.nothere"},
		{"GET", base + "extensions/private", base + "extensions/nothere"},
		{"DELETE", base + "extensions/annex.private", base + "extensions/annex.nothere"},
		{"GET", base + "extensions/annex.private/storage", base + "extensions/annex.nothere/storage"},
		{"GET", base + "extensions/annex.private/secrets", base + "extensions/annex.nothere/secrets"},
		{"GET", base + "extensions/annex.vault/storage/plans", base + "extensions/annex.vault/storage/nothere"},
		{"DELETE", base + "extensions/annex.vault/storage/plans", base + "extensions/annex.vault/storage/nothere"},
		{"DELETE", base + "extensions/annex.vault/secrets/token", base + "extensions/annex.vault/secrets/nothere"},
		{"POST", "/extensions/annex.private/do", "/extensions/annex.nothere/do"},
		{"POST", "/extensions/private/do", "/extensions/nothere/do"},
		{"POST", "/extensions/annex.vault/..%2fannex.private/do", "/extensions/annex.vault/..%2fannex.nothere/do"},
		{"POST", "/extensions/acme%2fannex.private/do", "/extensions/acme%2fannex.nothere/do"},
		{"POST", "/public/" + strings.ToUpper(w.door) + "/open", "/public/" + strings.Repeat("A", len(w.door)) + "/open"},
		{"POST", "/public/" + w.door[:len(w.door)-1] + "/open", "/public/" + strings.Repeat("a", len(w.door)-1) + "/open"},
		{"POST", "/public/annex.private/open", "/public/annex.nothere/open"},
		{"POST", "/public/" + w.door + "/do", "/public/" + strings.Repeat("a", len(w.door)) + "/do"},
	}
	same := strings.NewReplacer("annex.private", "X", "annex.nothere", "X", "private", "X", "nothere", "X", "plans", "X", "token token", "X",
		w.ids["token"], "X", "0123456789abcdef", "X", "secret token", "secret X", "token", "X")
	for _, p := range pairs {
		status, got := w.send("globex/admin", p.method, p.theirs, nil, nil)
		wantStatus, want := w.send("globex/admin", p.method, p.nobodys, nil, nil)
		if status != wantStatus || same.Replace(got) != same.Replace(want) {
			t.Errorf("%s\n%s: %d %s\n%s: %d %s", p.method, p.theirs, status, got, p.nobodys, wantStatus, want)
		}
		if status < 400 {
			t.Errorf("%s %s: status %d", p.method, p.theirs, status)
		}
	}
	if status, body := w.handler("acme/admin", "annex.vault", "get", "plans"); status != 200 || !strings.Contains(body, canary) {
		t.Errorf("acme's own value afterwards: %d %s", status, body)
	}
}

// TestHeadersNameNoOrganization sends everything that programs have trusted to
// say who is calling.
func TestHeadersNameNoOrganization(t *testing.T) {
	w := newTenants(t)
	body := []byte(`["get","plans"]`)
	for _, name := range []string{
		"X-Org-Id", "X-Organization", "X-Tenant", "X-Tenant-Id", "X-Annex-Org", "X-User-Id", "X-Role", "X-Forwarded-User", "X-Forwarded-Host",
		"X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "Forwarded", "Via", "Cookie", "Origin", "Referer",
	} {
		for _, value := range []string{"acme", "org=acme", "host=acme.annex.test", "/extensions/annex.private/do"} {
			status, got := w.send("globex/admin", "POST", "/extensions/annex.vault/do", map[string]string{name: value}, body)
			if status != 200 || got != `{"value":null}` {
				t.Errorf("%s: %s: %d %s, want globex's own value, which is not there", name, value, status, got)
			}
		}
	}
	status, got := w.send("globex/admin", "POST", "/extensions/annex.vault/do?org=acme&tenant=acme&organization=acme", nil, body)
	if status != 200 || got != `{"value":null}` {
		t.Errorf("in the query: %d %s", status, got)
	}
}

// TestHandlersReachNothingOfOthers has globex's extension, the same code as
// acme's, ask for every key, cursor and name that may lead out.
func TestHandlersReachNothingOfOthers(t *testing.T) {
	w := newTenants(t)
	calls := [][]any{}
	for _, key := range []string{
		"plans", "../annex.vault/plans", "../../acme/annex.vault/plans", "acme/annex.vault/plans", "ext/acme/annex.vault/plans", "/plans", "//plans",
		"ext/acme/annex.vault/d/plans", "..", ".", "plans\x00", "\x00plans", "plans\xff", "PLANS", "%2e%2e/plans", "acme.plans", "acme:plans",
	} {
		calls = append(calls, []any{"get", key}, []any{"many", []string{key}}, []any{"list", key}, []any{"swap", key, canary, canary})
	}
	for _, cursor := range []string{"", "\x00", "../", "acme/", "ext/acme/", "ext/acme/annex.vault/", "/", "\u00ff", "~", "zzzz"} {
		calls = append(calls, []any{"list", "", map[string]any{"after": cursor, "limit": 1000}})
	}
	for _, name := range []string{"token", "../acme/token", "acme/token", "acme.token", "acme/annex.vault/token", "Token", "token\x00"} {
		calls = append(calls, []any{"secret", name})
	}
	for _, call := range calls {
		status, got := w.handler("globex/member", "annex.vault", call...)
		if status != 200 || strings.Contains(got, canary) || strings.Contains(got, "plans\"]") || strings.Contains(got, `"value":true`) {
			t.Errorf("%q: %d %s", call, status, got)
		}
	}
	// What one leaves behind in the engine, the other does not find.
	w.handler("acme/admin", "annex.vault", "leave", canary)
	for range 20 {
		if _, got := w.handler("globex/member", "annex.vault", "look"); got != `{"value":null}` {
			t.Errorf("what acme left in a global: %s", got)
		}
	}
	// The cursors of the admin API.
	for _, after := range []string{"", "..", "../acme/", "acme/annex.vault", "acme/", "/", "\x00", "~", "a%2f..%2f"} {
		for _, list := range []string{"extensions", "tokens", "audit", "extensions/annex.vault/storage", "extensions/annex.vault/secrets"} {
			path := "/admin/v1/orgs/~/" + list + "?limit=1000&after=" + url.QueryEscape(after)
			_, got := w.send("globex/admin", "GET", path, nil, nil)
			if strings.Contains(got, canary) || strings.Contains(got, "annex.private") || strings.Contains(got, w.ids["token"]) || strings.Contains(got, `"acme"`) {
				t.Errorf("%s: %s", path, got)
			}
		}
	}
}

// TestTokensAreNotReplayed is that a token which has ended, in whatever way, is
// answered like one that never was.
func TestTokensAreNotReplayed(t *testing.T) {
	w := newTenants(t)
	w.tokens["unknown"] = identity.NewValue()
	wantStatus, want := w.send("unknown", "POST", "/extensions/annex.vault/do", nil, nil)
	if wantStatus != 401 {
		t.Fatalf("a token that never was: %d %s", wantStatus, want)
	}
	w.tokens["revoked"] = w.tokens["acme/member"]
	list, err := w.host.State.Tokens.List(t.Context(), "acme", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range list {
		if token.Role == identity.Member {
			if err := w.host.State.Tokens.Revoke(t.Context(), "acme", token.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := identity.NewTokens(w.host.State.Store, func() time.Time { return time.Now().Add(-2 * time.Hour) })
	expired, _, err := before.New(t.Context(), identity.Token{Org: "acme", User: "somebody", Role: identity.Member, ExpiresAt: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	good := w.tokens["globex/admin"]
	for name, value := range map[string]string{
		"revoked": w.tokens["revoked"], "expired": expired, "cut": good[:len(good)-1], "longer": good + "A",
		"another case": strings.ToUpper(good), "an id": w.ids["token"], "a public address's": w.door, "without its prefix": strings.TrimPrefix(good, "annex_"),
	} {
		w.tokens["probe"] = value
		for _, path := range []string{"/extensions/annex.vault/do", "/admin/v1/orgs/acme/extensions", "/admin/v1/whoami"} {
			method := "GET"
			if strings.HasPrefix(path, "/extensions") {
				method = "POST"
			}
			status, got := w.send("probe", method, path, nil, nil)
			if _, want := w.send("unknown", method, path, nil, nil); status != 401 || got != want {
				t.Errorf("a token that is %s, at %s: %d %s; want 401 %s", name, path, status, got, want)
			}
		}
	}
}
