package admin

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// testArchive is the test's extension as it is sent.
func testArchive(t *testing.T) string {
	t.Helper()
	archive, err := pack.Write(testFiles(), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(archive)
}

// counting counts what is read.
type counting struct {
	storage.Store
	reads atomic.Int64
}

func (c *counting) Get(ctx context.Context, key storage.Key) ([]byte, error) {
	c.reads.Add(1)
	return c.Store.Get(ctx, key)
}

func (c *counting) Scan(ctx context.Context, prefix, after storage.Key, limit int) ([]storage.Pair, error) {
	c.reads.Add(1)
	return c.Store.Scan(ctx, prefix, after, limit)
}

// What an admin asks about another organization is answered as what does not
// exist: in the same words, and without a look at the store, which could be timed.
func TestOtherOrganizationsDoNotExist(t *testing.T) {
	f := newFixture(t)
	config := configOf(f.host)
	store := &counting{Store: f.host.State.Store}
	config.Registry, config.Store = registry.New(store), store
	server, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	_, all := document(t, f)
	asked := 0
	for _, o := range all {
		if !strings.Contains(o.path, "{org}") || o.right == "host:operate" {
			continue
		}
		asked++
		path := fill.Replace(strings.Replace(o.path, "{org}", "ORG", 1))
		store.reads.Store(0)
		status, theirs := askServer(t, server, "admin", o.method, strings.Replace(path, "ORG", "other", 1), "{}")
		_, nobodys := askServer(t, server, "admin", o.method, strings.Replace(path, "ORG", "ghost", 1), "{}")
		if status != http.StatusNotFound || strings.ReplaceAll(theirs, "other", "ghost") != nobodys {
			t.Errorf("%s: %d %s for what exists and %s for what does not", o.name, status, theirs, nobodys)
		}
		if n := store.reads.Load(); n != 0 {
			t.Errorf("%s: %d reads of the store for an organization that is not the caller's", o.name, n)
		}
	}
	if status, text := askServer(t, server, "admin", "GET", "/orgs/@host/audit", ""); status != http.StatusNotFound || !strings.Contains(text, "there is no organization @host") {
		t.Errorf("the host's own audit, to an admin: %d %s", status, text)
	}
	if asked < 20 {
		t.Errorf("only %d routes were asked", asked)
	}
	if status, text := askServer(t, server, "stranger", "GET", "/orgs/~/extensions", ""); status != 200 || store.reads.Load() == 0 {
		t.Errorf("the stranger's own organization: %d %s", status, text)
	}
}

func TestRequestsAreStrict(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		rule, method, path, body string
		status                   int
		text                     string
	}{
		{"an unknown query parameter", "GET", "/orgs/acme/extensions?limt=1", "", 400, "no query parameter"},
		{"a parameter that is no number", "GET", "/orgs/acme/extensions?limit=many", "", 400, "which is no int"},
		{"a parameter twice", "GET", "/orgs/acme/extensions?limit=1&limit=2", "", 400, "more than once"},
		{"an unknown member of the body", "PUT", "/orgs/acme/extensions/acme.x/enabled", `{"enabld":false}`, 400, "INVALID_BODY"},
		{"two values in the body", "PUT", "/orgs/acme/extensions/acme.x/enabled", `{"enabled":true}{}`, 400, "INVALID_BODY"},
		{"a body that sets a part of the path", "PUT", "/orgs/acme/extensions/acme.x/enabled", `{"Org":"other","enabled":true}`, 400, "INVALID_BODY"},
		{"a body beyond the limit", "PUT", "/orgs/acme/extensions/acme.x/secrets/n", `{"value":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "BODY_TOO_LARGE"},
		{"another method", "DELETE", "/whoami", "", 405, "METHOD_NOT_ALLOWED"},
		{"a path that is not there", "GET", "/nowhere", "", 404, "openapi.json"},
		{"an empty segment", "GET", "/orgs//extensions", "", 404, "no such route"},
		{"an escaped slash in a name", "GET", "/orgs/acme%2F..%2Fother/extensions", "", 400, "organization is named by"},
		{"dots for an organization", "GET", "/orgs/%2e%2e/extensions", "", 400, "organization is named by"},
		{"an extension of that name elsewhere", "GET", "/orgs/acme/extensions/..%2Fother%2Facme.x", "", 404, "is not installed"},
		{"the host, of which there is an audit", "GET", "/orgs/@host/audit", "", 200, `"entries":[]`},
		{"the host, where there is none of it", "GET", "/orgs/@host/extensions", "", 400, "organization is named by"},
		{"its own organization for the peer of the socket", "GET", "/orgs/~/extensions", "", 200, "acme.x"},
	} {
		status, text := f.ask(t, "operator", tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(text, tt.text) {
			t.Errorf("%s: %d %s, want %d with %q", tt.rule, status, text, tt.status, tt.text)
		}
	}
}

// What is half imported answers nothing, and is not made to.
func TestHalfAnOrganizationIsNotResumed(t *testing.T) {
	f := newFixture(t)
	if _, err := f.host.State.Registry.BeginImport(t.Context(), "half", "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"active", "suspended"} {
		if status, text := f.ask(t, "operator", "PUT", "/orgs/half/state", `{"state":"`+state+`"}`); status != 409 || !strings.Contains(text, "repeat its import, or erase it") {
			t.Errorf("%s: %d %s", state, status, text)
		}
	}
	if status, text := f.ask(t, "operator", "DELETE", "/orgs/half", ""); status != 200 {
		t.Errorf("erased: %d %s", status, text)
	}
}

// No header names an organization or a role.
func TestHeadersNameNobody(t *testing.T) {
	f := newFixture(t)
	r, _ := http.NewRequest("GET", "http://annex"+Prefix+"/whoami", nil)
	r.Header.Set("Authorization", "Bearer member")
	for _, name := range []string{"X-Org-Id", "X-Annex-Org", "X-Annex-Role", "X-Forwarded-User", "X-Role"} {
		r.Header.Set(name, "operator")
	}
	resp, err := Memory(f.server).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if got := strings.TrimSpace(string(body)); got != `{"role":"member","org":"acme","actor":"member","credential":"id-of-member"}` {
		t.Errorf("got %s", got)
	}
}

// The audit tells the operator from users who are called that.
func TestNobodyPassesForTheOperator(t *testing.T) {
	f := newFixture(t)
	if _, text := f.ask(t, "operator", "GET", "/whoami", ""); !strings.Contains(text, `"actor":"user operator"`) {
		t.Errorf("with a token: %s", text)
	}
	if _, text := askServer(t, f.server.Local(), "", "GET", "/whoami", ""); !strings.Contains(text, `"actor":"operator"`) {
		t.Errorf("by the socket: %s", text)
	}
	for user, want := range map[string]string{"ada": "ada", "Operator: x": "user Operator: x", "operators": "operators"} {
		if got := actorOf(user); got != want {
			t.Errorf("%s is %s, want %s", user, got, want)
		}
	}
}

// A client sees what the server said: the code of an error, and the end of an
// answer that broke off.
func TestClient(t *testing.T) {
	f := newFixture(t)
	c := &Client{Transport: Memory(f.server.Local())}
	of := OfExtension{InOrg{"acme"}, "acme.x"}
	ctx := t.Context()

	key := OfKey{OfExtension: of, Key: "a/b:c"}
	if _, err := Do(ctx, c, SetValue, SetValueIn{OfKey: key, Value: []byte(`"<é>"`)}); err != nil {
		t.Fatal(err)
	}
	got, err := Do(ctx, c, GetValue, key)
	if err != nil || string(got.Value) != `"<é>"` {
		t.Errorf("got %s, %v", got.Value, err)
	}
	_, err = Do(ctx, c, GetValue, OfKey{OfExtension: of, Key: ".."})
	if e := sandbox.AsError(err); e == nil || e.Code != sandbox.NotFound || e.Message != "acme.x has no key .." {
		t.Errorf("got %v", err)
	}
	_, err = Do(ctx, c, SetValue, SetValueIn{OfKey: key, Value: []byte(`"` + strings.Repeat("x", 200_000) + `"`)})
	if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Exhausted || !strings.Contains(e.Message, "Value too large") {
		t.Errorf("a value beyond the quota: %v", err)
	}

	broken := Define(Spec{Name: "broken", Method: "GET", Path: "/broken"}, func(context.Context, *Call, struct{}) (Stream, error) {
		return Stream{Write: func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("the disk is gone")
		}}, nil
	})
	f.server.routes = append(f.server.routes, broken)
	stream, err := Open(ctx, c, broken, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(stream)
	if string(text) != "half" || err == nil {
		t.Errorf("got %q and error %v, want an error after what was written", text, err)
	}
}

// Who leaves a stream ends it.
func TestLeavingAStreamEndsIt(t *testing.T) {
	f := newFixture(t)
	ended := make(chan error, 1)
	endless := Define(Spec{Name: "endless", Method: "GET", Path: "/endless"}, func(context.Context, *Call, struct{}) (Stream, error) {
		return Stream{Write: func(ctx context.Context, w io.Writer) error {
			for {
				if _, err := io.WriteString(w, "x\n"); err != nil {
					ended <- err
					return err
				}
			}
		}}, nil
	})
	f.server.routes = append(f.server.routes, endless)
	stream, err := Open(t.Context(), &Client{Transport: Memory(f.server.Local())}, endless, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the stream is still written")
	}
}

func TestPanicsAreFaults(t *testing.T) {
	f := newFixture(t)
	f.server.routes = append(f.server.routes, Define(Spec{Name: "panics", Method: "GET", Path: "/panics"},
		func(context.Context, *Call, struct{}) (None, error) { panic("secret detail") }))
	status, text := f.ask(t, "operator", "GET", "/panics", "")
	if status != 500 || strings.Contains(text, "secret") || !strings.Contains(text, "INTERNAL_ERROR") {
		t.Errorf("%d %s", status, text)
	}
}

// What waits because its workers die is listed as that, and nothing else is.
func TestSlowed(t *testing.T) {
	f := newFixture(t)
	config := configOf(f.host)
	config.Slowed = func() []string { return []string{"acme/nobody.here", "other/acme.x"} }
	server, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	for org, want := range map[string]bool{"acme": false, "other": true} {
		status, list := askServer(t, server, "operator", "GET", "/orgs/"+org+"/extensions", "")
		if status != http.StatusOK || strings.Contains(list, `"slowed":true`) != want {
			t.Errorf("%s: %d %s, want slowed %v", org, status, list, want)
		}
	}
}

// Who leaves while the lines that are there are sent follows no more.
func TestLeavingTheLogEndsFollowing(t *testing.T) {
	f := newFixture(t)
	book := f.host.State.Logs
	book.Add(logs.Line{Org: "acme", Extension: "acme.x", Level: "info", Message: "m"})
	in := ReadLogsIn{InOrg: InOrg{Org: "acme"}, Follow: true}
	stream, err := ReadLogs.handle(t.Context(), &Call{Config: f.server.cfg}, in)
	if err != nil {
		t.Fatal(err)
	}
	followers := func() int { return reflect.ValueOf(book).Elem().FieldByName("followers").Len() }
	if n := followers(); n != 1 {
		t.Fatalf("%d follow, want 1", n)
	}
	reader, writer := io.Pipe()
	reader.Close()
	if err := stream.Write(t.Context(), writer); err == nil || followers() != 0 {
		t.Errorf("%d follow after %v, want none", followers(), err)
	}
}

// Every piece of a raw body has its time, and not the first alone.
func TestRawBodiesAreWaitedForPieceByPiece(t *testing.T) {
	waited := 0
	body := awaited{iotest.OneByteReader(strings.NewReader("abc")), func() { waited++ }, func() error { return nil }}
	if text, err := io.ReadAll(body); string(text) != "abc" || err != nil || waited != 4 {
		t.Errorf("%q, %v, waited %d times", text, err, waited)
	}
}

func TestAnInvokedHandlerSeesAUserOfItsOrganization(t *testing.T) {
	f := newFixture(t)
	files := testFiles()
	files["extension.json"] = []byte(strings.ReplaceAll(testManifest, "acme.x", "acme.y"))
	files["h.js"] = []byte(`export default ({ user, request }) => ({ org: user?.orgId, path: new URL(request.url).pathname })`)
	p, err := pack.FromFiles(files, pack.Options{})
	if err == nil {
		_, err = f.host.Install(t.Context(), "acme", p, runtime.Consent{By: "test"})
	}
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"method":"GET","path":"a"}`:                                   `{\"org\":\"acme\",\"path\":\"/extensions/acme.y/a\"}`,
		`{"method":"GET","path":"/a","user":{"id":"u"}}`:                `{\"org\":\"acme\",\"path\":\"/extensions/acme.y/a\"}`,
		`{"method":"GET","path":"a","user":{"id":"u","orgId":"other"}}`: "another organization",
		`{"method":"GET","path":"a","anonymous":true}`:                  `{\"path\":\"/extensions/acme.y/a\"}`,
	} {
		if _, text := f.ask(t, "admin", "POST", "/orgs/acme/extensions/acme.y/invoke", body); !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", body, text, want)
		}
	}
}
