package bridge_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge/bridgetest"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime/sandbox"
)

// TestAbortEndsTheRequest is that an AbortSignal ends the request itself, on the
// host's side of the wall, and not only the wait for it.
func TestAbortEndsTheRequest(t *testing.T) {
	const url = `'https://api.example.com/v1'`
	for _, c := range []struct {
		rule, body, want string
		left             int
	}{
		{"aborted while it is under way",
			`const c = new AbortController(); setTimeout(() => c.abort(), 50)
			 try { await api.http.fetch(` + url + `, {signal: c.signal}); return 'no error' } catch (e) { await later(); return e.name }`, `"AbortError"`, 1},
		{"one of two with the same signal each",
			`const c = new AbortController(); setTimeout(() => c.abort('why'), 50)
			 const all = await Promise.allSettled([api.http.fetch(` + url + `, {signal: c.signal}), api.http.fetch(` + url + `, {signal: c.signal})])
			 await later(); return all.map(one => one.reason)`, `["why","why"]`, 2},
		{"AbortSignal.timeout, where there is one",
			`if (!AbortSignal.timeout) return 'TimeoutError'
			 try { await api.http.fetch(` + url + `, {signal: AbortSignal.timeout(50)}); return 'no error' } catch (e) { await later(); return e.name }`, `"TimeoutError"`, -1},
	} {
		f := bridgetest.New(bridgetest.Config{})
		f.Fetcher.Hang = true
		began := time.Now()
		got, err := run(t, f, `const later = () => new Promise(r => setTimeout(r, 500)); `+c.body)
		ended := time.Now()
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.rule, got, err, c.want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", c.rule, took)
		}
		if c.left >= 0 && len(f.Fetcher.Left) != c.left {
			t.Errorf("%s: %d requests were ended, want %d", c.rule, len(f.Fetcher.Left), c.left)
		}
		for _, at := range f.Fetcher.Left {
			if ended.Sub(at) < 300*time.Millisecond {
				t.Errorf("%s: a request ended with the invocation, want half a second before", c.rule)
			}
		}
	}
}

// TestAbortsMayOvertake is the order of calls that a host may see.
func TestAbortsMayOvertake(t *testing.T) {
	call := func(f *bridgetest.Fixture, more string) error {
		_, err := f.Session.Call(context.Background(), "http.fetch", sandbox.Payload{JSON: []byte(`{"url":"https://api.example.com/v1",` + more + `}`)})
		return err
	}
	wantCanceled := func(rule string, err error) {
		t.Helper()
		if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Canceled {
			t.Errorf("%s: got %v, want canceled", rule, err)
		}
	}
	f := bridgetest.New(bridgetest.Config{})
	f.Fetcher.Hang = true
	if err := call(f, `"abort":"1"`); err != nil {
		t.Errorf("an abort of what is to come: %v", err)
	}
	if n := len(f.Fetcher.Requests()); n != 0 {
		t.Errorf("an abort sent %d requests", n)
	}
	wantCanceled("a request that was aborted before it began", call(f, `"signal":"1"`))
	var group sync.WaitGroup
	group.Go(func() { wantCanceled("a request under way", call(f, `"signal":"2"`)) })
	for len(f.Fetcher.Requests()) < 2 {
		time.Sleep(time.Millisecond)
	}
	if err := call(f, `"abort":"other"`); err != nil {
		t.Error(err)
	}
	wantCanceled("the name of a request under way", call(f, `"signal":"2"`))
	if err := call(f, `"abort":"2"`); err != nil {
		t.Error(err)
	}
	group.Wait()
	f.Fetcher.Hang = false
	f.Fetcher.Stub("https://api.example.com/v1", egress.Response{Status: 200})
	if err := call(f, `"signal":"2"`); err != nil {
		t.Errorf("a name that is free again: %v", err)
	}
	if err := call(f, `"signal":"`+strings.Repeat("x", 65)+`"`); sandbox.AsError(err).Code != sandbox.Invalid {
		t.Errorf("a name of 65 bytes: %v, want invalid", err)
	}
}
