package exttest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// session is one test: its organization, what it declared, and what happened.
type session struct {
	r     *runner
	org   string
	clock *clock

	asks chan *question // requests that wait for a function of the test

	mu         sync.Mutex
	stubs      []*stubbed
	unexpected []string
	logLines   []Log
	events     []emitted
	asked      map[int]*question
	lastAsk    int
	tickets    map[int]*ticket
	lastTicket int
}

func newSession(r *runner, org string, c *clock) *session {
	return &session{r: r, org: org, clock: c, asks: make(chan *question), asked: map[int]*question{}, tickets: map[int]*ticket{}}
}

// endGrace is how long a test waits for handlers that it has left running, and
// that were told to end.
const endGrace = 2 * time.Second

// end makes what goes on after the test belong to none.
func (s *session) end() {
	w := s.r.world
	w.mu.Lock()
	w.test = nil
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), endGrace)
	defer cancel()
	_ = s.clock.quiet(ctx) // one that does not end is of no further interest
}

func (s *session) logs() []Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logLines
}

// call carries one call of the prelude; it is a sandbox.Caller.
func (s *session) call(ctx context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
	result, err := s.dispatch(ctx, method, args.JSON)
	if err != nil {
		return sandbox.Payload{}, known(err)
	}
	data, err := json.Marshal(result)
	return sandbox.Payload{JSON: data}, err
}

// dispatch performs one call.
func (s *session) dispatch(ctx context.Context, method string, args []byte) (any, error) {
	var a struct {
		Route   string         `json:"route"`
		Options invokeOptions  `json:"options"`
		Ticket  int            `json:"ticket"`
		Ask     int            `json:"ask"`
		Answer  answer         `json:"answer"`
		ID      int            `json:"id"`
		Request string         `json:"request"`
		Answers *[]answer      `json:"answers"`
		Op      string         `json:"op"`
		Value   float64        `json:"value"`
		Args    stateArguments `json:"args"`
	}
	if err := decode(args, &a); err != nil {
		return nil, sandbox.Errorf(sandbox.Invalid, "%s: %v", method, err)
	}
	switch method {
	case "host.invoke":
		return s.invoke(ctx, a.Route, a.Options)
	case "host.answer":
		return nil, s.resume(a.Ask, a.Answer)
	case "host.wait":
		return s.wait(ctx, a.Ticket)
	case "host.stub":
		return nil, s.declare(a.ID, a.Request, a.Answers)
	case "host.requests":
		return s.requests(a.ID), nil
	case "host.clock":
		return s.move(ctx, a.Op, a.Value)
	case "host.logs":
		return append([]Log{}, s.logs()...), nil
	case "host.events":
		s.mu.Lock()
		defer s.mu.Unlock()
		return append([]emitted{}, s.events...), nil
	case "host.state":
		return s.state(ctx, a.Op, a.Args)
	}
	return nil, sandbox.Errorf(sandbox.Denied, "%s does not exist", method)
}

// declare adds a stub.
func (s *session) declare(id int, pattern string, answers *[]answer) error {
	method, address, ok := strings.Cut(pattern, " ")
	if !ok || method == "" || address == "" {
		return sandbox.Errorf(sandbox.Invalid, "annex.stub(%q): want a method and an address, such as \"GET https://api.example.com/items\"", pattern)
	}
	d := &stubbed{id: id, pattern: strings.ToUpper(method) + " " + strings.TrimSpace(address)}
	if answers != nil {
		d.answers = append([]answer{}, *answers...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stubs = append(s.stubs, d)
	return nil
}

// requests are those that a stub got.
func (s *session) requests(id int) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.stubs {
		if d.id == id {
			return append([]request{}, d.requests...)
		}
	}
	return []request{}
}

// move reads or moves the clock; times are in milliseconds.
func (s *session) move(ctx context.Context, op string, value float64) (int64, error) {
	const limit = float64(8.64e15)
	var err error
	switch {
	case op == "now":
	case !(value >= -limit && value <= limit): // NaN too
		err = sandbox.Errorf(sandbox.Invalid, "annex.clock.%s: not a time", op)
	case op == "set":
		err = s.clock.set(ctx, time.UnixMilli(int64(value)).UTC())
	case op == "advance" && value >= 0 && value <= maxAdvance:
		err = s.clock.advance(ctx, time.Duration(value*float64(time.Millisecond)))
	default:
		err = sandbox.Errorf(sandbox.Invalid, "annex.clock.%s(%v): time goes forward, 100 years at most; set goes anywhere", op, value)
	}
	return s.clock.now().UnixMilli(), err
}

// maxAdvance is how far advance goes, in milliseconds.
const maxAdvance = 100 * 365 * 24 * 3600 * 1000

// known makes an error one that crosses into the test.
func known(err error) error {
	e := sandbox.AsError(err)
	if e.Code == sandbox.Internal {
		return &sandbox.Error{Code: sandbox.Invalid, Message: fmt.Sprint(err)}
	}
	return e
}
