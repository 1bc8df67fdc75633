package admin

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

const testManifest = `{
	"id": "acme.x", "name": "X", "version": "1.0.0", "publisher": "acme", "license": "MIT",
	"engines": {"blueplm": "^3.0.0"}, "serverMain": "h.js", "activationEvents": ["onStartup"],
	"contributes": {
		"apiRoutes": [{"method": "GET", "path": "a", "handler": "h.js"}, {"method": "POST", "path": "hook", "handler": "h.js", "public": true}],
		"configuration": {"title": "X", "properties": {"size": {"type": "number", "default": 1}}}
	},
	"permissions": {"server": ["storage:database", "secrets:read"]}
}`

// testFiles is an extension with a route, a public one and a configuration.
func testFiles() map[string][]byte {
	return map[string][]byte{
		"extension.json": []byte(testManifest), "LICENSE": []byte("MIT"),
		"h.js": []byte(`export default async ({ storage, config }) => ({ n: await storage.increment('n'), size: config.size })`),
	}
}

// fixture is a host with organizations acme and other, which have installed
// acme.x, and a server on it.
type fixture struct {
	host   *standard.Host
	server *Server
}

// tokens knows a caller by the name of a role, and an admin of other.
type tokens struct{}

func (tokens) Authenticate(_ context.Context, r *http.Request) (httpapi.Identity, error) {
	token, err := httpapi.Bearer(r)
	if err != nil {
		return httpapi.Identity{}, err
	}
	id := httpapi.Identity{Org: "acme", Role: identity.Role(token), User: &bridge.User{ID: token, OrgID: "acme"}}
	id.Credential = "id-of-" + token
	switch token {
	case "none":
		id.Role = ""
	case "stranger":
		id = httpapi.Identity{Org: "other", Role: identity.Admin, User: &bridge.User{ID: token, OrgID: "other"}}
	case "member", "admin", "operator":
	default:
		return id, &sandbox.Error{Code: sandbox.Denied, Reason: sandbox.ReasonIdentity, Message: "unknown"}
	}
	return id, nil
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	key, err := secrets.NewMasterKey()
	if err != nil {
		t.Fatal(err)
	}
	host, err := standard.OpenMemory(t.Context(), standard.Options{MasterKey: key, SaveMasterKey: func(secrets.MasterKey) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := host.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	p, err := pack.FromFiles(testFiles(), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, org := range []string{"acme", "other"} {
		if _, err := host.Install(t.Context(), org, p, runtime.Consent{Granted: p.Manifest.Permissions, By: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	server, err := New(configOf(host))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{host, server}
}

func configOf(host *standard.Host) Config {
	return Config{
		Host: host.Host, Registry: host.State.Registry, Keeper: host.State.Keeper, Audit: host.State.Audit, Store: host.State.Store,
		Tokens: host.State.Tokens, Space: host.Space, Rotate: host.State.RotateMasterKey, Auth: tokens{},
		Logs: host.State.Logs,
		Backup: func(_ context.Context, _ string, w io.Writer) error {
			_, err := io.WriteString(w, "a backup")
			return err
		},
	}
}

// ask sends a request as the caller of a token, and returns status and body.
func (f *fixture) ask(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	return askServer(t, f.server, token, method, path, body)
}

func askServer(t *testing.T, h http.Handler, token, method, path, body string) (status int, text string) {
	t.Helper()
	r := httptest.NewRequest(method, Prefix+path, strings.NewReader(body))
	r.Header.Set("X-Request-Id", "r1")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := Memory(h).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: the answer broke off: %v", method, path, err)
	}
	return resp.StatusCode, string(bytes.TrimSpace(data))
}
