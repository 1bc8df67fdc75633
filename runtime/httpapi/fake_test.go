package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/sandbox"
)

// hostFunc is a Host made of one function.
type hostFunc func(context.Context, runtime.Call) (runtime.Reply, error)

func (f hostFunc) Invoke(ctx context.Context, call runtime.Call) (runtime.Reply, error) {
	return f(ctx, call)
}

// doorMap is Doors made of a map from token to extension, all of one organization.
type doorMap map[string]string

func (m doorMap) OpenDoor(_ context.Context, token string) (org, extension string, err error) {
	extension, ok := m[token]
	if !ok {
		return "", "", &sandbox.Error{Code: sandbox.NotFound, Message: "no door " + token}
	}
	return "demo", extension, nil
}

func text(status int, body string) runtime.Reply {
	return runtime.Reply{Status: status, Header: [][2]string{{"content-type", "text/plain"}}, Body: []byte(body)}
}

// demoHost has the extension acme.demo of the organization demo.
func demoHost(_ context.Context, call runtime.Call) (runtime.Reply, error) {
	missing := &sandbox.Error{Code: sandbox.NotFound, Message: "No handler found for " + call.Method + " /extensions/" + call.Extension + "/" + call.Path}
	if call.Org != "demo" || call.Extension != "acme.demo" && call.Extension != "demo" {
		return runtime.Reply{}, missing
	}
	first, rest, _ := strings.Cut(call.Path, "/")
	route, ok := demoRoutes[first]
	if !ok {
		return runtime.Reply{}, missing
	}
	if !slices.Contains(route.methods, call.Method) {
		return runtime.Reply{Allow: route.methods}, missing
	}
	reply, err := route.handle(call, rest)
	reply.Extension, reply.Route = "acme.demo", call.Method+" "+first
	reply.Ledger.Wall = 12 * time.Millisecond
	return reply, err
}

var demoRoutes = map[string]struct {
	methods []string
	handle  func(call runtime.Call, rest string) (runtime.Reply, error)
}{
	"hello": {[]string{"GET"}, func(runtime.Call, string) (runtime.Reply, error) {
		return text(200, "Hello"), nil
	}},
	"echo": {[]string{"POST", "GET"}, func(call runtime.Call, _ string) (runtime.Reply, error) {
		body, err := json.MarshalIndent(describe(call), "", "  ")
		return runtime.Reply{Status: 200, Header: [][2]string{{"content-type", "application/json"}}, Body: body}, err
	}},
	"status": {[]string{"GET"}, func(_ runtime.Call, rest string) (runtime.Reply, error) {
		status, _ := strconv.Atoi(rest)
		return runtime.Reply{Status: status, Body: []byte("raw bytes")}, nil
	}},
	"header": {[]string{"GET"}, func(runtime.Call, string) (runtime.Reply, error) {
		reply := text(200, "x")
		for _, name := range []string{"set-cookie", "connection", "content-length", "transfer-encoding", "x-request-id", "x-content-type-options", "content-security-policy"} {
			reply.Header = append(reply.Header, [2]string{name, "99"})
		}
		reply.Header = append(reply.Header, [2]string{"x-two", "1"}, [2]string{"X-Two", "2"}, [2]string{"x-split", "a\r\nSet-Cookie: b=c"})
		return reply, nil
	}},
	"fail": {[]string{"GET"}, func(_ runtime.Call, rest string) (runtime.Reply, error) {
		code, reason, _ := strings.Cut(rest, "/")
		return runtime.Reply{}, &sandbox.Error{Code: sandbox.Code(code), Reason: sandbox.Reason(reason), Message: "what happened"}
	}},
	"limited": {[]string{"GET"}, func(_ runtime.Call, rest string) (runtime.Reply, error) {
		rate := runtime.Rate{Limit: 5, Remaining: 4, Reset: time.Unix(1_700_000_000, 1)}
		if rest == "" {
			reply := text(200, "ok")
			reply.Rate = rate
			return reply, nil
		}
		rate.Remaining, rate.RetryAfter = 0, 17
		return runtime.Reply{Rate: rate}, &sandbox.Error{
			Code: sandbox.Exhausted, Reason: sandbox.ReasonRate, Message: "Rate limit exceeded. Retry after 17 seconds.", RetryAfter: 17,
		}
	}},
	"panic": {[]string{"GET"}, func(runtime.Call, string) (runtime.Reply, error) {
		panic("a secret of the host")
	}},
}

// describe is a call as a script can compare it.
func describe(call runtime.Call) map[string]any {
	header := slices.SortedFunc(slices.Values(call.Header), func(a, b [2]string) int { return cmp.Compare(a[0]+a[1], b[0]+b[1]) })
	fields := []string{}
	for _, field := range header {
		fields = append(fields, field[0]+": "+field[1])
	}
	return map[string]any{
		"id": call.ID, "org": call.Org, "extension": call.Extension, "method": call.Method, "path": call.Path, "query": call.RawQuery,
		"url": call.URL, "header": fields, "body": string(call.Body), "user": call.User, "public": call.Public,
	}
}

// newTestHandler is a Handler over host with the usual fakes around it.
func newTestHandler(t testing.TB, host hostFunc, change func(*Config)) *Handler {
	t.Helper()
	auth, err := NewStaticToken(testToken, Identity{Org: "demo", User: &bridge.User{ID: "u1", Email: "u1@example.com", OrgID: "demo", Role: "admin"}})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Host: host, Auth: auth, Doors: doorMap{"door-of-demo": "acme.demo"}}
	if change != nil {
		change(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// serve runs a Server over handler on a port of this machine, and returns its
// address. It is shut down when the test ends, and must leave nothing behind.
func serve(t testing.TB, handler http.Handler, change func(*ServerConfig)) string {
	t.Helper()
	before := goruntime.NumGoroutine()
	c := ServerConfig{Handler: handler, Grace: 50 * time.Millisecond}
	if change != nil {
		change(&c)
	}
	s := NewServer(c)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = s.Shutdown(ctx) // a test that leaves requests behind is about that
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		checkLeaks(t, before)
	})
	return l.Addr().String()
}

// checkLeaks waits for the goroutines to become as few as before.
func checkLeaks(t testing.TB, before int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); goruntime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:goruntime.Stack(stacks, true)]
			t.Fatalf("%d goroutines, want the %d of before:\n%s", goruntime.NumGoroutine(), before, stacks)
		}
	}
}

// publicHost has the extension acme.demo of the organization demo, with a
// public route, open, and one for callers who are signed in, shut.
func publicHost(_ context.Context, call runtime.Call) (runtime.Reply, error) {
	if call.Org != "demo" || call.Extension != "acme.demo" || call.Public && call.Path != "open" {
		return runtime.Reply{}, &sandbox.Error{Code: sandbox.NotFound, Message: "No handler found for " + call.Path}
	}
	reply, err := demoRoutes["echo"].handle(call, "")
	reply.Extension, reply.Route = "acme.demo", "GET "+call.Path
	return reply, err
}
