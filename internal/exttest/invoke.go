package exttest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/sandbox"
)

// invokeOptions are those of annex.invoke.
type invokeOptions struct {
	Body    *string           `json:"body"`
	JSON    bool              `json:"json"`
	Headers map[string]string `json:"headers"`
	User    json.RawMessage   `json:"user"`
}

// reply is the answer to annex.invoke.
type reply struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
	Error   *thrown           `json:"error,omitempty"`
}

// thrown is what a handler threw.
type thrown struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// step is what the prelude is told: the reply, or a request that one of its
// functions answers first.
type step struct {
	Reply *reply `json:"reply,omitempty"`
	Ask   *ask   `json:"ask,omitempty"`
}

// invoke begins an invocation and returns its ticket. The test goes on beside it.
func (s *session) invoke(ctx context.Context, route string, o invokeOptions) (int, error) {
	call, err := s.request(route, o)
	if err != nil {
		return 0, err
	}
	t := &ticket{done: make(chan reply, 1)}
	s.mu.Lock()
	s.lastTicket++
	id := s.lastTicket
	s.tickets[id] = t
	s.mu.Unlock()
	s.clock.change(func() { s.clock.running++ })
	go func() {
		answer, err := s.r.host.Invoke(ctx, call)
		s.r.cover.invoked(answer)
		s.clock.change(func() { s.clock.end(t) })
		t.done <- replyOf(answer, err)
	}()
	return id, nil
}

// resume hands an answer to a waiting request.
func (s *session) resume(id int, a answer) error {
	s.mu.Lock()
	q := s.asked[id]
	s.mu.Unlock()
	if q == nil {
		return sandbox.Errorf(sandbox.Invalid, "nothing asked for answer %d", id)
	}
	s.settled(q)
	q.reply <- a
	return nil
}

// wait returns what comes first: the end of the invocation, or a request. A
// request may be one of another invocation of the same test: any of them can
// bring it to its function.
func (s *session) wait(ctx context.Context, id int) (step, error) {
	s.mu.Lock()
	t, ok := s.tickets[id]
	s.mu.Unlock()
	if !ok {
		return step{}, sandbox.Errorf(sandbox.Invalid, "no invocation %d", id)
	}
	s.clock.change(func() { s.clock.await(t) })
	select {
	case r := <-t.done:
		s.clock.change(func() { s.clock.awake(t) })
		s.mu.Lock()
		delete(s.tickets, id)
		s.mu.Unlock()
		return step{Reply: &r}, nil
	case q := <-s.asks:
		s.clock.change(func() { s.clock.awake(t); s.taken(q) }) // in one step: the test goes on
		return step{Ask: &q.ask}, nil
	case <-ctx.Done():
		s.clock.change(func() { s.clock.awake(t) })
		return step{}, ctx.Err()
	}
}

// request makes the call that a test describes.
func (s *session) request(route string, o invokeOptions) (runtime.Call, error) {
	method, path, ok := strings.Cut(strings.TrimSpace(route), " ")
	if !ok {
		return runtime.Call{}, sandbox.Errorf(sandbox.Invalid, "annex.invoke(%q): want a method and a path, such as \"GET notes/1\"", route)
	}
	m := s.r.pkg.Manifest
	call := runtime.Call{Org: s.org, Extension: string(m.ID), Method: strings.ToUpper(method)}
	path, call.RawQuery, _ = strings.Cut(strings.TrimSpace(path), "?")
	call.Path = strings.TrimPrefix(path, "/")
	call.URL = "http://localhost/extensions/" + call.Extension + "/" + call.Path
	if call.RawQuery != "" {
		call.URL += "?" + call.RawQuery
	}
	for name, value := range o.Headers {
		call.Header = append(call.Header, [2]string{name, value})
	}
	if o.Body != nil {
		call.Body = []byte(*o.Body)
		if !hasHeader(call.Header, "content-type") {
			kind := "text/plain"
			if o.JSON {
				kind = "application/json"
			}
			call.Header = append(call.Header, [2]string{"content-type", kind})
		}
	}
	s.mu.Lock()
	call.ID = fmt.Sprintf("%s-%d", s.org, s.lastTicket+1)
	s.mu.Unlock()
	if string(o.User) != "null" {
		call.User = &bridge.User{ID: "test-user", Email: "test@example.com", OrgID: s.org, Role: "admin"}
		if err := decode(o.User, call.User); err != nil {
			return call, sandbox.Errorf(sandbox.Invalid, "annex.invoke: user: %v", err)
		}
	} else if match := m.Match(call.Method, call.Path); match.Route.Public {
		call.Public = true
	}
	return call, nil
}

func hasHeader(header [][2]string, name string) bool {
	for _, h := range header {
		if strings.EqualFold(h[0], name) {
			return true
		}
	}
	return false
}

// replyOf is an answer as a client sees it, with the error beside it.
func replyOf(r runtime.Reply, failed error) reply {
	out := reply{Status: r.Status, Headers: map[string]string{}, Text: string(r.Body)}
	for _, h := range r.Header {
		out.Headers[h[0]] = h[1]
	}
	if failed == nil {
		return out
	}
	e, a := sandbox.AsError(failed), httpapi.Outcome(failed)
	body, err := json.Marshal(map[string]string{"error": a.Error, "message": e.Message})
	if err != nil {
		body = nil // texts alone: it does not happen
	}
	name := e.Name
	if name == "" {
		name = "Error"
	}
	out.Status, out.Text, out.Headers = a.Status, string(body), map[string]string{"content-type": "application/json"}
	out.Error = &thrown{Name: name, Code: string(e.Code), Message: e.Message, Stack: e.Stack}
	return out
}
