package admin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/storage"
)

// adaTokens is a server that knows the tokens of the host, and two admin's tokens
// of one user of acme.
func adaTokens(t *testing.T, f *fixture) (server *Server, values, ids [2]string) {
	t.Helper()
	config := configOf(f.host)
	config.Auth = httpapi.Bearers{Verifier: f.host.State.Tokens}
	server, err := New(config)
	for i := range values {
		var made identity.Token
		if err == nil {
			values[i], made, err = f.host.State.Tokens.New(t.Context(), identity.Token{Org: "acme", User: "ada", Role: identity.Admin})
			ids[i] = made.ID
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return server, values, ids
}

// The audit tells which of a user's tokens did something: what the API records
// itself, what the host does, and what a handler does that was called with it.
func TestTheAuditNamesTheToken(t *testing.T) {
	f := newFixture(t)
	files := testFiles()
	files["extension.json"] = []byte(strings.ReplaceAll(testManifest, "acme.x", "acme.y"))
	files["h.js"] = []byte(`export default async ({ secrets }) => String(await secrets.get('n'))`)
	p, err := pack.FromFiles(files, pack.Options{})
	if err == nil {
		_, err = f.host.Install(t.Context(), "acme", p, runtime.Consent{Granted: p.Manifest.Permissions, By: "test"})
	}
	if err != nil {
		t.Fatal(err)
	}
	server, values, ids := adaTokens(t, f)
	of := "/orgs/acme/extensions/acme.y"
	want := [2][]string{}
	for i, step := range []struct{ method, path, body, action string }{
		{"PUT", of + "/secrets/n", `{"value":"v"}`, "secret.write"},
		{"POST", of + "/invoke", `{"method":"GET","path":"a"}`, "secret.read"},
		{"PUT", of + "/enabled", `{"enabled":false}`, "disable"},
		{"PUT", of + "/enabled", `{"enabled":true}`, "enable"},
		{"GET", of + "/export", "", "storage.export"},
		{"POST", "/orgs/~/tokens", `{"role":"member"}`, "token.new"},
	} {
		with := i % 2
		if status, text := askServer(t, server, values[with], step.method, step.path, step.body); status/100 != 2 {
			t.Fatalf("%s %s: %d %s", step.method, step.path, status, text)
		}
		want[with] = append(want[with], step.action)
	}
	for i, id := range ids {
		page, err := f.host.State.Audit.List(t.Context(), audit.Query{Org: "acme", Limit: 100, Credential: id})
		var got []string
		for _, e := range page.Entries {
			got = append(got, e.Action)
			if e.Actor != "ada" {
				t.Errorf("%s was done by %q", e.Action, e.Actor)
			}
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want[i]) {
			t.Errorf("token %d did %v, error %v; want %v", i, got, err, want[i])
		}
	}
	if _, text := askServer(t, server, values[0], "GET", "/whoami", ""); !strings.Contains(text, `"credential":"`+ids[0]+`"`) {
		t.Errorf("whoami: %s", text)
	}
	if _, text := askServer(t, server, values[0], "GET", "/orgs/~/audit?credential="+ids[1], ""); strings.Contains(text, ids[0]) || !strings.Contains(text, ids[1]) {
		t.Errorf("listed by credential: %s", text)
	}
}

// Who follows the log with a token that is revoked is sent no more.
func TestRevokingATokenEndsFollowing(t *testing.T) {
	f := newFixture(t)
	server, values, ids := adaTokens(t, f)
	client := &Client{Transport: Memory(server), Token: values[0]}
	stream, err := Open(t.Context(), client, ReadLogs, ReadLogsIn{InOrg: InOrg{Org: Own}, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	add := func(message string) {
		f.host.State.Logs.Add(logs.Line{Org: "acme", Extension: "acme.x", Level: "info", Message: message})
	}
	read := func() string {
		got := make(chan string, 1)
		go func() {
			b := make([]byte, 4096)
			n, err := stream.Read(b)
			got <- fmt.Sprint(string(b[:n]), err)
		}()
		select {
		case text := <-got:
			return text
		case <-time.After(time.Minute):
			t.Fatal("nothing comes, and the stream does not end")
			return ""
		}
	}
	add("before")
	if text := read(); !strings.Contains(text, "before") {
		t.Fatalf("before the token was revoked: %s", text)
	}
	if status, text := askServer(t, server, values[1], "DELETE", "/orgs/~/tokens/"+ids[0], ""); status != http.StatusNoContent {
		t.Fatalf("revoking: %d %s", status, text)
	}
	add("after")
	if text := read(); strings.Contains(text, "after") || !strings.Contains(text, "unexpected EOF") {
		t.Errorf("after the token was revoked: %s", text)
	}
}

// What arrives after its token was revoked does nothing: a request that is sent
// slowly would make of it another token, which nobody knows of.
func TestABodyThatArrivesAfterTheRevocation(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct{ path, first, second string }{
		{"/orgs/~/tokens", `{"role":`, `"admin","user":"eve"}`},
		{"/orgs/~/extensions/acme.x/import", `{"key":"before","value":1}` + "\n", `{"key":"after","value":2}` + "\n"},
	} {
		server, values, ids := adaTokens(t, f)
		body, writer := io.Pipe()
		r := httptest.NewRequest("POST", Prefix+step.path, body)
		r.Header.Set("Authorization", "Bearer "+values[0])
		w := httptest.NewRecorder()
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			server.ServeHTTP(w, r)
		}()
		if _, err := io.WriteString(writer, step.first); err != nil {
			t.Fatal(err)
		}
		if err := f.host.State.Tokens.Revoke(t.Context(), "acme", ids[0]); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(writer, step.second) // which may not be read any more
			writer.Close()
		}()
		<-answered
		body.Close()
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s, want 401", step.path, w.Code, w.Body)
		}
	}
	tokens, err := f.host.State.Tokens.List(t.Context(), "acme", "", 100)
	if err != nil || slices.ContainsFunc(tokens, func(t identity.Token) bool { return t.User == "eve" }) {
		t.Errorf("tokens %+v, error %v", tokens, err)
	}
	if _, err := f.host.Space("acme", "acme.x").Get(t.Context(), "after"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a line that came later was stored: %v", err)
	}
}
