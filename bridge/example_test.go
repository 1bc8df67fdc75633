package bridge_test

import (
	"context"
	"fmt"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// A session binds the table to one invocation. What was not approved is denied
// before anything is touched.
func ExampleSession_Call() {
	ctx := context.Background()
	approved := permissions.Set{Server: []permissions.Permission{permissions.StorageDatabase}}
	s := bridge.NewSession(bridge.SessionConfig{
		Invocation: "inv-1", Org: "org-1", Extension: "acme.notes", ShortName: "notes",
		Grants:  permissions.NewGrants("acme.notes", approved, permissions.Policy{}),
		Storage: storage.NewSpace(memstore.New(), "data/org-1/acme.notes/", storage.SpaceConfig{}),
	})
	defer s.Close(ctx)

	for _, call := range []struct{ method, args string }{
		{"storage.set", `{"key":"greeting","value":{"text":"hello"}}`},
		{"storage.get", `{"key":"greeting"}`},
		{"secrets.get", `{"name":"api_key"}`},
		{"storage.drop", `{}`},
	} {
		result, err := s.Call(ctx, call.method, sandbox.Payload{JSON: []byte(call.args)})
		if e := sandbox.AsError(err); e != nil {
			fmt.Printf("%s: %s: %s\n", call.method, e.Code, e.Message)
			continue
		}
		fmt.Printf("%s: %q\n", call.method, result.JSON)
	}
	// Output:
	// storage.set: ""
	// storage.get: "{\"text\":\"hello\"}"
	// secrets.get: denied: Permission denied: secrets:read not granted to extension acme.notes
	// storage.drop: denied: Permission denied: there is no API "storage.drop"
}
