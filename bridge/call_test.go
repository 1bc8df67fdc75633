package bridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/bridgetest"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
)

// FuzzCall: whatever a sandbox asks for, the answer is JSON or an error of the
// contract, never a fault of the host, and what is stored is JSON.
func FuzzCall(f *testing.F) {
	for _, c := range bridgetest.Cases() {
		f.Add(c.Method, []byte(c.Args), []byte("blob"))
	}
	f.Add("http.fetch", []byte(`{"url":"https://api.example.com/","body":{"$blob":0}}`), []byte{0xff})
	f.Fuzz(func(t *testing.T, method string, args, blob []byte) {
		fix := bridgetest.New(bridgetest.Config{Config: []byte(`{}`)})
		p := sandbox.Payload{JSON: args}
		if len(blob) > 0 && len(args)%2 == 0 {
			p.Blobs = [][]byte{blob}
		}
		before := string(args)
		got, err := fix.Session.Call(context.Background(), method, p)
		if string(args) != before {
			t.Fatal("the arguments were changed")
		}
		if err != nil {
			var e *sandbox.Error
			if !errors.As(err, &e) || e.Code == sandbox.Internal || e.Code == sandbox.Thrown || e.Message == "" {
				t.Fatalf("%s(%q): %#v, faults %q", method, args, err, fix.Faults.All())
			}
			return
		}
		if len(got.JSON) > 0 && !json.Valid(got.JSON) {
			t.Fatalf("%s(%q) returned %q", method, args, got.JSON)
		}
		keys, _ := fix.Storage.List(context.Background(), "", "", 1000)
		for _, key := range keys {
			if v, _ := fix.Storage.Get(context.Background(), key); !json.Valid(v) {
				t.Fatalf("%s(%q) stored %q", method, args, v)
			}
		}
		for _, line := range fix.Log.All() {
			if line.Fields != nil && !json.Valid(line.Fields) {
				t.Fatalf("%s(%q) logged %q", method, args, line.Fields)
			}
		}
	})
}

// oneKey is storage that costs nothing, so that a benchmark sees the bridge alone.
type oneKey struct{ bridge.Storage }

func (oneKey) Get(_ context.Context, key string) ([]byte, error) {
	if key != "lastSync:vault-1" {
		return nil, storage.ErrNotFound
	}
	return value, nil
}

var value = []byte(`{"at":1767323045000,"files":12}`)

type noLog struct{}

func (noLog) Log(bridge.LogLine) {}

// BenchmarkSessionCall: what the bridge adds to one call that leaves a sandbox.
func BenchmarkSessionCall(b *testing.B) {
	now := time.Now()
	s := bridge.NewSession(bridge.SessionConfig{
		Invocation: "inv-1", Org: "org-1", Extension: "acme.notes", ShortName: "notes", Storage: oneKey{}, Log: noLog{},
		Grants: permissions.NewGrants("acme.notes", permissions.Set{Server: []permissions.Permission{permissions.StorageDatabase}}, permissions.Policy{}),
		Limits: bridge.Limits{Calls: sandbox.Unlimited, LogLines: sandbox.Unlimited}, Now: func() time.Time { return now },
	})
	for _, c := range []struct {
		name, method, args string
		fails              bool
	}{
		{"storage.get", "storage.get", `{"key":"lastSync:vault-1"}`, false},
		{"log", "log.info", `{"message":"synced 12 files","fields":{"files":12}}`, false},
		{"denied", "secrets.get", `{"name":"api_key"}`, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			args := sandbox.Payload{JSON: []byte(c.args)}
			for b.Loop() {
				if _, err := s.Call(context.Background(), c.method, args); (err != nil) != c.fails {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNewSession: what the bridge costs an invocation before its first call.
func BenchmarkNewSession(b *testing.B) {
	b.ReportAllocs()
	c := bridge.SessionConfig{Invocation: "inv-1", Org: "org-1", Extension: "acme.notes", Storage: oneKey{}}
	for b.Loop() {
		bridge.NewSession(c)
	}
}

// BenchmarkInput: making a handler's input from a typical request.
func BenchmarkInput(b *testing.B) {
	b.ReportAllocs()
	r := bridge.Request{
		ID: "inv-1", Method: "POST", Path: "notes/7", URL: "http://localhost:7433/extensions/acme.notes/notes/7?a=1", RawQuery: "a=1",
		Params: map[string]string{"id": "7"}, Body: []byte(`{"title":"first","tags":["a","b"]}`),
		Header: [][2]string{{"Host", "localhost"}, {"User-Agent", "curl/8"}, {"Accept", "*/*"}, {"Authorization", "Bearer x"}, {"Content-Type", "application/json"}},
	}
	u := &bridge.User{ID: "u1", Email: "a@b.c", OrgID: "o1", Role: "admin"}
	for b.Loop() {
		if _, err := bridge.Input(r, u, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseResult: making the answer from a typical result.
func BenchmarkParseResult(b *testing.B) {
	b.ReportAllocs()
	p := sandbox.Payload{JSON: []byte(`{"type":"json","data":{"title":"first","tags":["a","b"],"n":[1,2,3]},"status":200}`)}
	for b.Loop() {
		if _, err := bridge.ParseResult(p, 6<<20); err != nil {
			b.Fatal(err)
		}
	}
}
