package admin

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
)

// An organization's admins have so many requests at once and no more, which is
// nothing to its members, to others and to the operator; who ends one makes room.
func TestRequestsAtOnceAreBounded(t *testing.T) {
	f := newFixture(t)
	var running sync.WaitGroup
	endless := Define(Spec{Name: "endless", Method: "GET", Path: "/endless"}, func(context.Context, *Call, struct{}) (Stream, error) {
		return Stream{Write: func(ctx context.Context, _ io.Writer) error {
			<-ctx.Done()
			return nil
		}}, nil
	})
	f.server.routes = append(f.server.routes, endless)
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer running.Done()
		f.server.ServeHTTP(w, r)
	})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for range maxAtOnce {
		running.Add(1)
		if _, err := Open(ctx, &Client{Transport: Memory(server), Token: "admin"}, endless, struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	if status, text := f.ask(t, "admin", "GET", "/whoami", ""); status != 429 {
		t.Errorf("one more: %d %s", status, text)
	}
	for _, token := range []string{"member", "stranger", "operator"} {
		if status, text := f.ask(t, token, "GET", "/whoami", ""); status != 200 {
			t.Errorf("%s: %d %s", token, status, text)
		}
	}
	leave()
	running.Wait()
	if status, text := f.ask(t, "admin", "GET", "/whoami", ""); status != 200 {
		t.Errorf("after they ended: %d %s", status, text)
	}
}
