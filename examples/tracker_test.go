package examples

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

func TestTracker(t *testing.T) {
	const token, key, host = "t0ken-of-the-team", "k3y-of-the-team", "api.tracker.example"
	a := open(t, "tracker", standard.Options{Egress: stub(t, host, func(w http.ResponseWriter, r *http.Request) {
		var issue struct{ Title, By string }
		switch err := json.NewDecoder(r.Body).Decode(&issue); {
		case err != nil || issue.By != "ada@example.com":
			http.Error(w, "no issue", http.StatusBadRequest)
		case r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-Workspace-Key") != "workspace="+key:
			http.Error(w, "who are you", http.StatusForbidden)
		case issue.Title == "echo":
			http.Error(w, "you sent "+r.Header.Get("Authorization"), http.StatusTeapot)
		default:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"number": 7}`)
		}
	})})
	owner := secrets.Owner{Org: org, Extension: "annex.tracker"}
	set := func(name, value string, hosts ...string) {
		t.Helper()
		if _, err := a.host.State.Keeper.SetFor(t.Context(), owner, name, secrets.NewValue(value), hosts); err != nil {
			t.Fatal(err)
		}
	}
	file := func(title string) answer { return a.call("POST", "issues", map[string]string{"title": title}) }

	file("").want(t, 400, "error", "title is required")
	if got := file("early"); got.status != 500 || !strings.Contains(got.text, "there is no secret workspace_key") {
		t.Errorf("without a token: %d %s", got.status, got.text)
	}
	set("token", token, host)
	set("workspace_key", key, "elsewhere.example")
	if got := file("bound elsewhere"); got.status != 403 || !strings.Contains(got.text, "not bound to "+host) {
		t.Errorf("with a key that is bound elsewhere: %d %s", got.status, got.text)
	}
	set("workspace_key", key, host)
	before, err := a.host.State.Audit.Last(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	file("it works").want(t, 201, "number", 7.0)
	if after, err := a.host.State.Audit.Last(t.Context(), org); err != nil || after != before+2 {
		t.Errorf("%d uses of two secrets on record, error %v", after-before, err)
	}
	// What the other side repeats does not reach the handler, and so nobody else.
	got := file("echo").want(t, 502)
	if strings.Contains(got.text, token) || !strings.Contains(got.text, "you sent Bearer [REDACTED]") {
		t.Errorf("an answer that repeats the token: %s", got.text)
	}
}
