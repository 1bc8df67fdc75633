package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/standard"
)

const org = "demo"

// app is a host in memory with one example installed, behind HTTP.
type app struct {
	t      *testing.T
	host   *standard.Host
	url    string
	public string // address of its public routes; empty when it has none
	token  string
}

// open installs the example and serves it to an admin.
func open(t *testing.T, example string, o standard.Options) *app {
	t.Helper()
	return openFrom(t, example, example, o)
}

// openFrom installs the example from a directory.
func openFrom(t *testing.T, example, dir string, o standard.Options) *app {
	t.Helper()
	host, err := standard.OpenMemory(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := host.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	inst, err := host.InstallDir(t.Context(), org, dir)
	if err != nil {
		t.Fatal(err)
	}
	token := httpapi.NewToken()
	auth, err := httpapi.NewStaticToken(token, httpapi.Identity{Org: org, User: &bridge.User{
		ID: "u1", Email: "ada@example.com", OrgID: org, Role: "admin",
	}})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := httpapi.New(httpapi.Config{Host: host, Doors: host, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	a := &app{t: t, host: host, url: server.URL + "/extensions/annex." + example + "/", token: token}
	if inst.PublicToken != "" {
		a.public = server.URL + "/public/" + inst.PublicToken + "/"
	}
	return a
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any // nil unless the body is a JSON object
}

// call sends a request; body, unless nil, as JSON.
func (a *app) call(method, path string, body any) answer {
	a.t.Helper()
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		sent = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, sent)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return a.send(r)
}

// browser follows no redirects: the tests look at each of them.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send sends a request as it is.
func (a *app) send(r *http.Request) answer {
	a.t.Helper()
	resp, err := browser.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	got := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &got.json) // not every answer is an object
	return got
}

// want fails the test unless the answer has the status and, for each pair of
// name and value, the member in its JSON.
func (got answer) want(t *testing.T, status int, pairs ...any) answer {
	t.Helper()
	if got.status != status {
		t.Fatalf("status %d, want %d; body %s", got.status, status, got.text)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got.json[pairs[i].(string)] != pairs[i+1] {
			t.Errorf("%s = %v, want %v; body %s", pairs[i], got.json[pairs[i].(string)], pairs[i+1], got.text)
		}
	}
	return got
}
