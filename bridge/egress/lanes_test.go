package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNoConnectionIsShared: a connection of one owner is never used by another,
// over HTTP/1 and HTTP/2.
func TestNoConnectionIsShared(t *testing.T) {
	remote := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RemoteAddr) }
	plain := serve(t, remote)
	secure, roots := serveTLS(t, true, remote)
	g := newGateway(t, Policy{
		AllowCIDR: loopback, RootCAs: roots,
		Resolve: map[string]netip.AddrPort{"a.com": plain, "example.com": secure},
	})
	for _, url := range []string{"http://a.com/", "https://example.com/"} {
		from := func(owner string) string {
			resp, err := g.Client(owner).Fetch(t.Context(), Request{URL: url}, all, Limits{})
			if err != nil {
				t.Fatalf("%s: %v", url, err)
			}
			return string(resp.Body)
		}
		first := from("org/one")
		if again := from("org/one"); again != first {
			t.Errorf("%s: the same owner: got another connection, want the one that is kept", url)
		}
		for _, owner := range []string{"org/two", "gro/one", "", "org/one "} {
			if other := from(owner); other == first {
				t.Errorf("%s: owner %q: got the connection of org/one", url, owner)
			}
		}
	}
}

// blocking is a server that answers when it is let.
func blocking(t testing.TB) (at netip.AddrPort, entered chan struct{}, let func()) {
	entered = make(chan struct{}, 100)
	gate := make(chan struct{})
	at = serve(t, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-gate
	})
	let = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(let)
	return at, entered, let
}

func TestSlotsOfAnOwner(t *testing.T) {
	at, entered, let := blocking(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	fetch := func(owner string, timeout time.Duration) error {
		_, err := g.Client(owner).Fetch(t.Context(), Request{URL: "http://a.com/"}, all, Limits{Timeout: timeout})
		return err
	}
	errs := make(chan error, maxConcurrent+1)
	for range maxConcurrent {
		go func() { errs <- fetch("one", time.Minute) }()
	}
	for range maxConcurrent {
		<-entered
	}
	if e := wantKind(t, fetch("one", 50*time.Millisecond), Exhausted); e.Host != "a.com" {
		t.Errorf("got host %q, want a.com", e.Host)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := g.Client("one").Fetch(ctx, Request{URL: "http://a.com/"}, all, Limits{})
	wantKind(t, err, Canceled)

	go func() { errs <- fetch("two", time.Minute) }()
	<-entered // another owner is not held up
	let()
	for range maxConcurrent + 1 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if err := fetch("one", time.Minute); err != nil {
		t.Errorf("after all have ended: got %v, want no error", err)
	}
}

func TestUnusedLanesAreDropped(t *testing.T) {
	ls := newLanes(&dialer{})
	used := ls.hold("used")
	for i := range 2 * maxLanes {
		ls.release(ls.hold(fmt.Sprint(i)))
	}
	if got := ls.order.Len(); got != maxLanes || len(ls.byName) != got {
		t.Errorf("got %d lanes and %d names, want %d", got, len(ls.byName), maxLanes)
	}
	if again := ls.hold("used"); again != used {
		t.Error("a lane in use was dropped: its owner has two sets of slots")
	}
	if last := fmt.Sprint(2*maxLanes - 1); ls.byName[last] == nil {
		t.Error("the lane used last was dropped")
	}
	var held []*lane
	for i := range maxLanes + 10 {
		held = append(held, ls.hold(fmt.Sprint("held", i)))
	}
	if got, want := ls.order.Len(), maxLanes+11; got != want {
		t.Errorf("all in use: got %d lanes, want %d", got, want)
	}
	for _, l := range held {
		ls.release(l)
	}
	if ls.release(ls.hold("one more")); ls.order.Len() != maxLanes {
		t.Errorf("given back: got %d lanes, want %d", ls.order.Len(), maxLanes)
	}
}

func TestADroppedLaneClosesItsConnections(t *testing.T) {
	closed := make(chan struct{}, 1)
	at, state := serveStates(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	state.Store(func(s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	})
	mustFetch(t, g, Request{URL: "http://a.com/"})
	for i := range maxLanes {
		g.lanes.release(g.lanes.hold(fmt.Sprint(i)))
	}
	waitFor(t, closed, "the connection of a dropped lane to be closed")
}

func TestClose(t *testing.T) {
	closed := make(chan struct{}, 10)
	at, state := serveStates(t)
	slow, entered, let := blocking(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at, "slow.com": slow}))
	state.Store(func(s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	})
	mustFetch(t, g, Request{URL: "http://a.com/"})
	running := make(chan error, 1)
	go func() {
		_, err := g.Client("o").Fetch(t.Context(), Request{URL: "http://slow.com/"}, all, Limits{})
		running <- err
	}()
	<-entered
	g.Close()
	waitFor(t, closed, "an idle connection to be closed")
	_, err := get(t, g, "http://a.com/")
	wantKind(t, err, Canceled)
	let()
	if err := <-running; err != nil {
		t.Errorf("the fetch under way: got %v, want no error", err)
	}
}

func waitFor(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Errorf("waited in vain for %s", what)
	}
}

// serveStates is a server that reports the states of its connections.
func serveStates(t *testing.T) (netip.AddrPort, *atomic.Value) {
	var report atomic.Value
	report.Store(func(http.ConnState) {})
	at := serveConfig(t, func(s *http.Server) {
		s.ConnState = func(_ net.Conn, state http.ConnState) { report.Load().(func(http.ConnState))(state) }
	})
	return at, &report
}

func TestCancellation(t *testing.T) {
	at, entered, _ := blocking(t)
	g := newGateway(t, reach(map[string]netip.AddrPort{"a.com": at}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, err := g.Client("o").Fetch(ctx, Request{URL: "http://a.com/"}, all, Limits{})
	wantKind(t, err, Canceled)

	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = g.Client("o").Fetch(ctx, Request{URL: "http://a.com/"}, all, Limits{})
	if e := wantKind(t, err, Timeout); e.Message != "request to a.com ran into the deadline of its caller" {
		t.Errorf("got %q", e.Message)
	}
}

type denial struct{ host string }

func (d *denial) Error() string { return "Domain " + d.host + " not in extension's allowed domains" }

func TestTheRefusalOfAllowIsKept(t *testing.T) {
	g := newGateway(t, Policy{})
	asked := ""
	_, err := g.Client("o").Fetch(t.Context(), Request{URL: "https://Ｅvil.com./x"}, func(host string) error {
		asked = host
		return &denial{host}
	}, Limits{})
	e := wantKind(t, err, Denied)
	var d *denial
	if !errors.As(err, &d) || d.host != "evil.com" || asked != "evil.com" || e.Host != "evil.com" {
		t.Errorf("got %+v for host %q, asked about %q; want evil.com in all", d, e.Host, asked)
	}
	if want := "Domain evil.com not in extension's allowed domains"; e.Error() != want {
		t.Errorf("got %q, want %q", e.Error(), want)
	}
}
