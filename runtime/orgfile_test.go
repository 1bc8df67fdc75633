package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
)

// exported returns the lines of an organization that has everything.
func exported(t *testing.T, from *standard.Host) []string {
	t.Helper()
	var file bytes.Buffer
	if err := from.ExportOrg(t.Context(), &file, "acme", "a test"); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file.Bytes(), []byte("s3cret")) {
		t.Error("a secret is in the export")
	}
	return strings.SplitAfter(strings.TrimSpace(file.String()), "\n")
}

func join(lines []string) *strings.Reader { return strings.NewReader(strings.Join(lines, "")) }

func TestExportAndImportOfAnOrganization(t *testing.T) {
	ctx := context.Background()
	from := inhabited(t)
	value, _, err := from.State.Tokens.New(ctx, identity.Token{Org: "acme", User: "ada", Role: identity.Member})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.Pin(ctx, "acme", "annex.notes", "a test", "because"); err != nil {
		t.Fatal(err)
	}
	if err := from.Configure(ctx, "acme", "annex.notes", "a test", []byte(`{"pageSize":7}`)); err != nil {
		t.Fatal(err)
	}
	lines := exported(t, from)
	to := openHost(t, standard.Options{})
	// What was cut off goes on, and until then nothing answers.
	if _, err := to.ImportOrg(ctx, join(lines[:len(lines)-3]), "moved", runtime.ImportOptions{By: "a test"}); runtime.CodeOf(err) != "invalid" {
		t.Errorf("a cut export: %v", err)
	}
	call := runtime.Call{ID: "3", Org: "moved", Extension: "annex.notes", Method: "GET", Path: "notes"}
	if _, err := to.Invoke(ctx, call); runtime.CodeOf(err) != "not_found" {
		t.Errorf("a half imported organization answers: %v", err)
	}
	if org, err := to.State.Registry.Org(ctx, "moved"); err != nil || org.State != registry.OrgImporting || org.CreatedBy != "a test" {
		t.Errorf("half imported: %+v, error %v", org, err)
	}
	done, err := to.ImportOrg(ctx, join(lines), "moved", runtime.ImportOptions{By: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	if done.Extensions != 4 || done.Versions != 1 || done.Values < 2 || len(done.Left) > 0 || fmt.Sprint(done.Secrets) != "[{annex.weather api_key []}]" {
		t.Errorf("imported %+v", done)
	}
	if reply, err := to.Invoke(ctx, call); err != nil || !bytes.Contains(reply.Body, []byte("of acme")) {
		t.Errorf("it answers %s, error %v", reply.Body, err)
	}
	compareInstallations(t, from, to)
	if c, err := to.State.Tokens.Verify(ctx, value); err != nil || c.Org != "moved" || c.User != "ada" || c.Role != identity.Member {
		t.Errorf("the token is that of %+v, error %v", c, err)
	}
	if k, err := to.State.Registry.PublisherKey(ctx, "moved", "somebody"); err != nil || k.KeyID != "somebody-1" {
		t.Errorf("the publisher's key %+v, error %v", k, err)
	}
	number, mac, err := from.State.Audit.Head(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	page, err := to.State.Audit.List(ctx, audit.Query{Org: "moved", Limit: 1, Action: "org.import"})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Detail["audit"] != fmt.Sprintf("%d %x", number, mac) {
		t.Errorf("the import's record %+v, error %v", page.Entries, err)
	}
	if org, err := to.State.Registry.Org(ctx, "moved"); err != nil || org.State != registry.OrgActive {
		t.Errorf("organization %+v, error %v", org, err)
	}
	if _, err := to.ImportOrg(ctx, join(lines), "moved", runtime.ImportOptions{By: "a test"}); runtime.CodeOf(err) != "conflict" {
		t.Errorf("over an organization: %v", err)
	}
	// Nor is one that was suspended later taken for one that is on its way.
	if _, err := to.SetOrgState(ctx, "moved", registry.OrgSuspended, "a test"); err != nil {
		t.Fatal(err)
	}
	if _, err := to.ImportOrg(ctx, join(lines), "moved", runtime.ImportOptions{By: "a test"}); runtime.CodeOf(err) != "conflict" {
		t.Errorf("over an organization that was imported and suspended: %v", err)
	}
}

// compareInstallations compares what acme has with what became of it.
func compareInstallations(t *testing.T, from, to *standard.Host) {
	t.Helper()
	for _, id := range []string{"annex.notes", "annex.weather", "annex.webhook", "some.x"} {
		a, err1 := from.State.Registry.Get(t.Context(), "acme", id)
		b, err2 := to.State.Registry.Get(t.Context(), "moved", id)
		a.Org, a.Epoch = "moved", b.Epoch
		if err1 != nil || err2 != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%+v became %+v (%v, %v)", a, b, err1, err2)
		}
		v1, err1 := from.Versions(t.Context(), "acme", id)
		v2, err2 := to.Versions(t.Context(), "moved", id)
		if err1 != nil || err2 != nil || !reflect.DeepEqual(v1, v2) {
			t.Errorf("the versions %+v became %+v (%v, %v)", v1, v2, err1, err2)
		}
	}
	inst, err := to.Rollback(t.Context(), "moved", "some.x", "", "a test")
	if reply, called := to.Invoke(t.Context(), callOf("moved", "some.x")); err != nil || inst.Version != "1.0.0" || called != nil || string(reply.Body) != "1.0.0" {
		t.Errorf("back to %+v, error %v, which answers %s, error %v", inst, err, reply.Body, called)
	}
	hook, err := from.State.Registry.Get(t.Context(), "acme", "annex.webhook")
	if err != nil || hook.PublicToken == "" {
		t.Fatalf("%+v, error %v", hook, err)
	}
	if org, _, err := to.OpenDoor(t.Context(), hook.PublicToken); err != nil || org != "moved" {
		t.Errorf("the public address is that of %q, error %v", org, err)
	}
}

// TestACopyTakesNothingFromItsOriginal imports into the host that has the original.
func TestACopyTakesNothingFromItsOriginal(t *testing.T) {
	ctx := context.Background()
	h := inhabited(t)
	value, _, err := h.State.Tokens.New(ctx, identity.Token{Org: "acme", User: "ada", Role: identity.Member})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := h.State.Registry.Get(ctx, "acme", "annex.webhook")
	if err != nil {
		t.Fatal(err)
	}
	done, err := h.ImportOrg(ctx, join(exported(t, h)), "copy", runtime.ImportOptions{By: "a test"})
	if err != nil || done.Tokens != 0 || done.Unused != 2 {
		t.Fatalf("%+v, error %v", done, err)
	}
	if c, err := h.State.Tokens.Verify(ctx, value); err != nil || c.Org != "acme" {
		t.Errorf("the token is that of %+v, error %v", c, err)
	}
	if org, _, err := h.OpenDoor(ctx, hook.PublicToken); err != nil || org != "acme" {
		t.Errorf("the address is that of %q, error %v", org, err)
	}
	if copied, err := h.State.Registry.Get(ctx, "copy", "annex.webhook"); err != nil || copied.PublicToken == "" || copied.PublicToken == hook.PublicToken {
		t.Errorf("the copy's address %q, error %v", copied.PublicToken, err)
	}
}

// TestTokensAreLeftOut where that is asked for, and the audit says so.
func TestTokensAreLeftOut(t *testing.T) {
	ctx := context.Background()
	from := inhabited(t)
	value, _, err := from.State.Tokens.New(ctx, identity.Token{Org: "acme", User: "ada", Role: identity.Admin})
	if err != nil {
		t.Fatal(err)
	}
	to := openHost(t, standard.Options{})
	done, err := to.ImportOrg(ctx, join(exported(t, from)), "moved", runtime.ImportOptions{By: "a test", NoTokens: true})
	if err != nil || done.Tokens != 0 || done.Unused != 2 || done.Extensions != 4 {
		t.Fatalf("%+v, error %v", done, err)
	}
	if c, err := to.State.Tokens.Verify(ctx, value); err != identity.ErrUnknown {
		t.Errorf("the token is that of %+v, error %v", c, err)
	}
	if list, err := to.State.Tokens.List(ctx, "moved", "", 10); err != nil || len(list) > 0 {
		t.Errorf("tokens %+v, error %v", list, err)
	}
	page, err := to.State.Audit.List(ctx, audit.Query{Org: "moved", Limit: 1, Action: "org.import"})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Detail["tokens"] != "left out" {
		t.Errorf("the import's record %+v, error %v", page.Entries, err)
	}
}

// TestWhatNoExportSays changes one line of an export at a time.
func TestWhatNoExportSays(t *testing.T) {
	from := inhabited(t)
	if _, _, err := from.State.Tokens.New(t.Context(), identity.Token{Org: "acme", User: "ada", Role: identity.Member, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	lines := exported(t, from)
	change := func(of, old, new string) []string {
		changed := append([]string(nil), lines...)
		for i, l := range changed {
			if strings.HasPrefix(l, `{"`+of+`"`) && strings.Contains(l, old) {
				changed[i] = strings.ReplaceAll(l, old, new)
				return changed
			}
		}
		t.Fatalf("no line %s has %s", of, old)
		return nil
	}
	for _, c := range []struct {
		what, want string
		lines      []string
	}{
		{"another format", "format 2", change("org", `"format":2`, `"format":1`)},
		{"a second head", "format 2", append([]string{lines[0]}, lines...)},
		{"no head", "format 2", lines[1:]},
		{"a publisher that is none", "is no publisher", change("publisher", `"somebody"`, `"../other"`)},
		{"an operator's token", "operator's token", change("token", `"member"`, `"operator"`)},
		{"a token of no hash", "needs an id and a hash", change("token", `"hash":"`, `"hash":"0`)},
		{"files of another digest", "have the digest", change("file", `"LICENSE","data":"`, `"LICENSE","data":"AAAA`)},
		{"files without an end", "are larger than", append([]string{lines[0]}, slices.Repeat([]string{`{"file":{"path":"x","data":"` + strings.Repeat("A", 8<<20) + `"}}` + "\n"}, 9)...)},
		{"grants that nobody asked for", "does not ask for", change("extension", `"granted":{"client":[],"server":[]}`, `"granted":{"server":["http:fetch"]}`)},
		{"another version than the package's", "the files are those of", change("extension", `"version":"1.1.0"`, `"version":"9.9.9"`)},
		{"a configuration that the manifest refuses", "configuration of annex.notes", change("extension", `"extension":"annex.notes",`, `"extension":"annex.notes","config":{"pageSize":"no"},`)},
		{"a secret's name that is none", "", change("extension", `"api_key"`, `"api key"`)},
		{"a value of nobody", "comes before the extension", change("value", `"annex.notes"`, `"annex.none"`)},
		{"a line too few", "lines came before the end", append(append([]string(nil), lines[:1]...), lines[2:]...)},
		{"something behind the end", "follows the end", append(append([]string(nil), lines...), "\n"+lines[1])},
		{"a line of nothing", "nothing in this line", append([]string{lines[0], "{}\n"}, lines[1:]...)},
	} {
		to := openHost(t, standard.Options{})
		done, err := to.ImportOrg(t.Context(), join(c.lines), "moved", runtime.ImportOptions{By: "a test"})
		if runtime.CodeOf(err) != "invalid" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, error %v", c.what, done, err)
		}
		if org, err := to.State.Registry.Org(t.Context(), "moved"); err == nil && org.State == registry.OrgActive {
			t.Errorf("%s: the organization answers", c.what)
		}
		if left, err := to.State.Store.Keys(t.Context(), "reg/writing/", "", 1); err != nil || len(left) > 0 {
			t.Errorf("%s: packages that nobody needs: %v, error %v", c.what, left, err)
		}
	}
	// An earlier version whose package does not fit is left out.
	to := openHost(t, standard.Options{})
	for i, l := range lines {
		if strings.Contains(l, `"extension":"some.x"`) {
			lines[i] = strings.ReplaceAll(l, `"version":"1.0.0"`, `"version":"0.0.1"`)
		}
	}
	done, err := to.ImportOrg(t.Context(), join(lines), "moved", runtime.ImportOptions{By: "a test"})
	if err != nil || done.Versions != 0 || len(done.Left) != 1 {
		report, _ := json.Marshal(done)
		t.Errorf("%s, error %v", report, err)
	}
}
