package egress

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	maxLanes       = 1024             // owners whose connections are kept
	maxConcurrent  = 16               // exchanges of one owner at the same time
	maxIdle        = 8                // idle connections of one owner
	maxIdlePerHost = 4                // idle connections of one owner to one host
	idleTimeout    = 30 * time.Second // of a connection
	headerTimeout  = 60 * time.Second // from the request to the end of the answer's header

	maxAnswerHeader = 64 << 10 // bytes, interim answers (1xx) counted in
	streamWindow    = 1 << 20  // bytes that an HTTP/2 server may send ahead of the reader
)

// lane is what one owner travels on: connections and slots that no other owner
// has a part in.
type lane struct {
	owner     string
	transport *http.Transport
	slots     chan struct{}
	users     int // exchanges that hold the lane, guarded by lanes.mu
}

func newLane(owner string, d *dialer) *lane {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &lane{
		owner: owner,
		slots: make(chan struct{}, maxConcurrent),
		transport: &http.Transport{
			Proxy:                  nil, // a proxy's address is all that Control would see
			DialContext:            d.dial,
			DialTLSContext:         d.dialTLS,
			DisableCompression:     true, // decoded in body.go, within bounds
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    maxIdlePerHost,
			IdleConnTimeout:        idleTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			MaxResponseHeaderBytes: maxAnswerHeader,
			Protocols:              protocols,
			HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerStream: streamWindow},
		},
	}
}

// enter waits for a slot. It reports false when ctx was done before.
func (l *lane) enter(ctx context.Context) bool {
	select {
	case l.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *lane) leave() { <-l.slots }

// lanes keeps the lanes of the owners that were on the way last. A lane that is
// in use is never dropped, so that an owner cannot get a second set of slots.
type lanes struct {
	dialer *dialer

	mu     sync.Mutex
	closed bool
	byName map[string]*list.Element
	order  *list.List // of *lane, the one used last in front
}

func newLanes(d *dialer) *lanes {
	return &lanes{dialer: d, byName: make(map[string]*list.Element), order: list.New()}
}

// hold returns the lane of owner, to be given back by release, or nil when the
// gateway was closed.
func (ls *lanes) hold(owner string) *lane {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return nil
	}
	at, ok := ls.byName[owner]
	if !ok {
		at = ls.order.PushFront(newLane(owner, ls.dialer))
		ls.byName[owner] = at
	}
	ls.order.MoveToFront(at)
	l := at.Value.(*lane)
	l.users++
	ls.shrink()
	return l
}

// release gives a lane back.
func (ls *lanes) release(l *lane) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.users--
	if ls.closed && l.users == 0 {
		l.transport.CloseIdleConnections()
	}
}

// shrink drops the unused lanes that are too many, the longest unused first.
func (ls *lanes) shrink() {
	for at := ls.order.Back(); at != nil && ls.order.Len() > maxLanes; {
		l, next := at.Value.(*lane), at.Prev()
		if l.users == 0 {
			ls.order.Remove(at)
			delete(ls.byName, l.owner)
			l.transport.CloseIdleConnections()
		}
		at = next
	}
}

func (ls *lanes) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for _, at := range ls.byName {
		at.Value.(*lane).transport.CloseIdleConnections()
	}
}
