package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/bridgetest"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
)

// What the host passes in satisfies what the bridge asks for.
var (
	_ bridge.Secrets = (*secrets.Keeper)(nil)
	_ bridge.Fetcher = (*egress.Client)(nil)
	_ sandbox.Caller = (*bridge.Session)(nil).Call
)

func none() bridgetest.Config { return bridgetest.Config{Granted: []permissions.Permission{}} }

func code(err error) sandbox.Code {
	if e := sandbox.AsError(err); e != nil {
		return e.Code
	}
	return ""
}

func TestDenialsAreAuditedOnceWithTheirCount(t *testing.T) {
	f := bridgetest.New(none())
	for range 3 {
		f.Call("storage.get", `{"key":"a"}`)
		f.Call("storage.set", `{"key":"a","value":1}`)
	}
	f.Call("http.fetch", `{"url":"https://b.example/"}`)
	f.Call("http.fetch", `{"url":"https://a.example/"}`)
	f.Call("http.fetch", `{"url":"https://b.example/x"}`)
	f.Call("storage.drop", `{}`)
	if n := len(f.Audit.All()); n != 0 {
		t.Errorf("%d records before the end of the session, want 0", n)
	}
	if err := f.Session.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range f.Audit.All() {
		got = append(got, fmt.Sprintf("%s %s %s %s %d", r.Org, r.Extension, r.Action, r.Target, r.Count))
	}
	want := []string{
		`org-1 acme.notes denied "storage.drop" 1`,
		"org-1 acme.notes denied a.example 1",
		"org-1 acme.notes denied b.example 2",
		"org-1 acme.notes denied storage:database 6",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("audit:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := f.Session.Ledger().Denied; n != 10 {
		t.Errorf("the ledger has %d denials, want 10", n)
	}
	if err := f.Session.Close(context.Background()); err != nil || len(f.Audit.All()) != len(want) {
		t.Errorf("a second Close wrote again, error %v", err)
	}
}

func TestDenialsWithInventedNamesAreBounded(t *testing.T) {
	f := bridgetest.New(none())
	for i := range 1000 {
		f.Call("http.fetch", fmt.Sprintf(`{"url":"https://h%d.example/"}`, i))
		f.Call(fmt.Sprintf("api%d.x", i)+strings.Repeat("y", 10_000), `{}`)
	}
	if err := f.Session.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, r := range f.Audit.All() {
		total += r.Count
		if len(r.Target) > 100 {
			t.Errorf("a target has %d bytes", len(r.Target))
		}
	}
	if n := len(f.Audit.All()); n > 33 || total != 2000 {
		t.Errorf("%d records that count %d denials, want at most 33 that count 2000", n, total)
	}
}

func TestCloseReportsAnAuditThatFails(t *testing.T) {
	f := bridgetest.New(none())
	f.Call("storage.get", `{"key":"a"}`)
	f.Audit.Err = errors.New("audit: disk full")
	if err := f.Session.Close(context.Background()); !errors.Is(err, f.Audit.Err) {
		t.Errorf("Close returned %v, want %v", err, f.Audit.Err)
	}
}

func TestAClosedSessionDoesNothing(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	if err := f.Session.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Call("log.info", `{"message":"late"}`); code(err) != sandbox.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
	if n := len(f.Log.All()); n != 0 {
		t.Errorf("%d lines were logged", n)
	}
}

func TestQuotaOfCalls(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{Limits: bridge.Limits{Calls: 2}})
	for range 2 {
		if _, err := f.Call("storage.get", `{"key":"a"}`); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.Call("storage.get", `{"key":"a"}`)
	if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Exhausted || e.Reason != sandbox.ReasonQuota || e.Message != "Call limit exceeded: maximum 2 in one invocation" {
		t.Errorf("got %+v", e)
	}
	f = bridgetest.New(bridgetest.Config{Limits: bridge.Limits{Calls: sandbox.Unlimited}})
	for range 20_000 {
		if _, err := f.Call("storage.get", `{"key":"a"}`); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAContextThatIsDone(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, stop := context.WithTimeout(context.Background(), 0)
	defer stop()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want sandbox.Code
	}{
		{canceled, context.Canceled, sandbox.Canceled},
		{canceled, errors.New("read: connection reset"), sandbox.Canceled},
		{expired, context.DeadlineExceeded, sandbox.Timeout},
		{expired, fmt.Errorf("scan: %w", context.DeadlineExceeded), sandbox.Timeout},
	} {
		f := bridgetest.New(bridgetest.Config{})
		f.Storage.Err = c.err
		_, err := f.Session.Call(c.ctx, "storage.get", sandbox.Payload{JSON: []byte(`{"key":"a"}`)})
		if code(err) != c.want {
			t.Errorf("context %v, error %v: got %v, want %s", c.ctx.Err(), c.err, err, c.want)
		}
		if n := len(f.Faults.All()); n != 0 {
			t.Errorf("context %v: %d faults were reported", c.ctx.Err(), n)
		}
	}
}

// panicking is a storage with a bug.
type panicking struct{ bridge.Storage }

func (panicking) Get(context.Context, string) ([]byte, error) {
	panic("index out of range")
}

func TestAPanicIsAFaultOfOneCall(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	f.Storage.Storage = panicking{}
	_, err := f.Call("storage.get", `{"key":"a"}`)
	if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Internal || e.Message != "internal error (call inv-1/1)" {
		t.Errorf("got %+v", e)
	}
	if got := strings.Join(f.Faults.All(), ""); !strings.Contains(got, "index out of range") || !strings.Contains(got, "session_test.go") {
		t.Errorf("the fault does not name the panic and its place: %s", got)
	}
}

func TestWhatIsNotThereIsUnavailable(t *testing.T) {
	grants := permissions.NewGrants("acme.notes", permissions.Set{Server: bridgetest.AllPermissions()}, permissions.Policy{})
	s := bridge.NewSession(bridge.SessionConfig{Extension: "acme.notes", ShortName: "notes", Grants: grants})
	for method, args := range map[string]string{
		"storage.get": `{"key":"a"}`, "secrets.get": `{"name":"a"}`, "events.emit": `{"name":"notes.a"}`,
		"http.fetch": `{"url":"https://api.example.com/"}`,
	} {
		if _, err := s.Call(context.Background(), method, sandbox.Payload{JSON: []byte(args)}); code(err) != sandbox.Unavailable {
			t.Errorf("%s: got %v, want unavailable", method, err)
		}
	}
	if _, err := s.Call(context.Background(), "log.info", sandbox.Payload{JSON: []byte(`{"message":"m"}`)}); err != nil {
		t.Errorf("log.info: %v", err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestASessionWithoutGrantsPermitsNothing(t *testing.T) {
	s := bridge.NewSession(bridge.SessionConfig{Extension: "acme.notes"})
	for _, m := range bridge.Methods() {
		if m.Permission == permissions.None {
			continue
		}
		args := bridgetestArgs(m.Name)
		if _, err := s.Call(context.Background(), m.Name, sandbox.Payload{JSON: []byte(args)}); code(err) != sandbox.Denied {
			t.Errorf("%s(%s): got %v, want denied", m.Name, args, err)
		}
	}
}

// bridgetestArgs are arguments with which a method succeeds.
func bridgetestArgs(method string) string {
	for _, c := range bridgetest.Cases() {
		if c.Method == method && c.Code == "" {
			return c.Args
		}
	}
	return ""
}

func TestCallsAtTheSameTime(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				f.Call("storage.increment", `{"key":"n"}`)
				f.Call("storage.set", fmt.Sprintf(`{"key":"k%d","value":%d}`, i, j))
				f.Call("secrets.set", fmt.Sprintf(`{"name":"k%d","value":"secret-%d"}`, i, j))
				f.Call("log.info", `{"message":"secret-1 and more"}`)
				f.Call("nothing", `{}`)
				f.Session.Ledger()
			}
		})
	}
	wg.Wait()
	if got, err := f.Call("storage.get", `{"key":"n"}`); got != "400" || err != nil {
		t.Errorf("400 increments made %s, %v", got, err)
	}
	l := f.Session.Ledger()
	if l.Calls["storage.increment"] != 400 || l.Calls["storage.set"] != 400 || l.LogLines != 400 || l.Denied != 400 {
		t.Errorf("the ledger is %+v", l)
	}
}

func TestLedgerCountsBytes(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	f.Call("storage.set", `{"key":"a","value":"12345"}`)
	f.Call("storage.get", `{"key":"a"}`)
	if l := f.Session.Ledger(); l.BytesIn != 27+11 || l.BytesOut != 7 {
		t.Errorf("got %d bytes in and %d out, want 38 and 7", l.BytesIn, l.BytesOut)
	}
}

func TestBytesCrossAsBlobs(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	f.Fetcher.Stub("https://api.example.com/", egress.Response{Status: 404, Body: []byte{0, 0xff}})
	got, err := f.Session.Call(context.Background(), "http.fetch", sandbox.Payload{
		JSON: []byte(`{"url":"https://api.example.com/","method":"PUT","body":{"$blob":1}}`), Blobs: [][]byte{{1}, {2, 0xfe}},
	})
	if code(err) != sandbox.Invalid || !strings.Contains(err.Error(), "bytes are not accepted here") {
		t.Errorf("a blob that no argument takes: got %v, want invalid", err)
	}
	got, err = f.Session.Call(context.Background(), "http.fetch", sandbox.Payload{
		JSON: []byte(`{"url":"https://api.example.com/","method":"PUT","body":{"$blob":0}}`), Blobs: [][]byte{{2, 0xfe}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if sent := f.Fetcher.Requests(); len(sent) != 1 || string(sent[0].Body) != "\x02\xfe" {
		t.Errorf("sent %v", sent)
	}
	want := `{"ok":false,"status":404,"statusText":"","url":"","redirected":false,"headers":[],"body":{"$blob":0}}`
	if string(got.JSON) != want || len(got.Blobs) != 1 || string(got.Blobs[0]) != "\x00\xff" {
		t.Errorf("got %s with %v", got.JSON, got.Blobs)
	}
	_, err = f.Session.Call(context.Background(), "storage.set", sandbox.Payload{
		JSON: []byte(`{"key":"a","value":{"$blob":0}}`), Blobs: [][]byte{{1}},
	})
	if code(err) != sandbox.Invalid {
		t.Errorf("bytes as a stored value: got %v, want invalid", err)
	}
}

func TestRedactFindsSecretsInOtherSpellings(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	if _, err := f.Call("secrets.set", `{"name":"k","value":"p@ss\"word&1"}`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ rule, text, want string }{
		{"as it is", `x p@ss"word&1 y`, "x [REDACTED] y"},
		{"in JSON", `{"a":"p@ss\"word&1"}`, `{"a":"[REDACTED]"}`},
		{"in a query", "?k=p%40ss%22word%261", "?k=[REDACTED]"},
		{"in base64", "Basic cEBzcyJ3b3JkJjE=", "Basic [REDACTED]"},
		{"a part of it stays", "p@ss", "p@ss"},
	} {
		if got := f.Session.Redact(c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.rule, got, c.want)
		}
	}
	f.Call("secrets.set", `{"name":"s","value":"abc"}`)
	if got := f.Session.Redact("abc"); got != "abc" {
		t.Errorf("a secret of 3 bytes was blanked out: %s", got)
	}
}

func TestRedactingLeavesJSON(t *testing.T) {
	f := bridgetest.New(bridgetest.Config{})
	f.Call("secrets.set", `{"name":"k","value":"nabcdef"}`)
	if _, err := f.Call("log.info", `{"message":"m","fields":{"a":"\nabcdef","b":2}}`); err != nil {
		t.Fatal(err)
	}
	if got := string(f.Log.All()[0].Fields); got != `{"a":"[REDACTED]","b":2}` {
		t.Errorf("fields are %s", got)
	}
}
