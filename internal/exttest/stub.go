package exttest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
)

// answer is what a stub answers.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
	Fail    *string           `json:"fail"`
}

// request is what a handler asked for.
type request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Text    string            `json:"text"`
}

// stubbed is a declared stub.
type stubbed struct {
	id       int
	pattern  string   // "GET https://api.example.com/*"
	answers  []answer // nil: a function answers
	requests []request
}

// ask is a request that a function of the test answers.
type ask struct {
	ID      int     `json:"id"`
	Stub    int     `json:"stub"`
	Request request `json:"request"`
}

// Fetch answers a handler's request from the stubs of the current test. It is
// the network of the host.
func (w *world) Fetch(ctx context.Context, r egress.Request, allow func(string) error, _ egress.Limits) (*egress.Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, &egress.Error{Kind: egress.Invalid, Message: "Invalid URL"}
	}
	host, err := permissions.NormalizeHost(u.Hostname())
	if err != nil {
		host = u.Hostname()
	}
	if err := allow(host); err != nil {
		return nil, err
	}
	s := w.current()
	if s == nil {
		return nil, &egress.Error{Kind: egress.Unavailable, Host: host, Message: "the test is over"}
	}
	s.r.cover.fetched(host)
	asked := request{Method: strings.ToUpper(r.Method), URL: r.URL, Headers: map[string]string{}, Text: string(r.Body)}
	if asked.Method == "" {
		asked.Method = http.MethodGet
	}
	for _, h := range r.Header {
		asked.Headers[strings.ToLower(h[0])] = h[1]
	}
	a, err := s.answer(ctx, asked)
	switch {
	case err != nil:
		return nil, err
	case a.Fail != nil:
		return nil, &egress.Error{Kind: egress.Unavailable, Host: host, Message: *a.Fail}
	}
	response := &egress.Response{Status: a.Status, StatusText: http.StatusText(a.Status), URL: r.URL, Body: []byte(a.Text)}
	for name, value := range a.Headers {
		response.Header = append(response.Header, [2]string{name, value})
	}
	slices.SortFunc(response.Header, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return response, nil
}

// answer finds the stub for a request. One that has none fails, and fails the test.
func (s *session) answer(ctx context.Context, r request) (answer, error) {
	s.mu.Lock()
	i := slices.IndexFunc(s.stubs, func(d *stubbed) bool { return d.matches(r) })
	if i < 0 {
		s.unexpected = append(s.unexpected, r.Method+" "+r.URL)
		s.mu.Unlock()
		return answer{}, &egress.Error{Kind: egress.Unavailable, Message: fmt.Sprintf("no stub answers %s %s", r.Method, r.URL)}
	}
	stub := s.stubs[i]
	stub.requests = append(stub.requests, r)
	if stub.answers != nil {
		defer s.mu.Unlock()
		if len(stub.answers) == 0 {
			return answer{Status: http.StatusNoContent}, nil
		}
		return stub.answers[min(len(stub.requests), len(stub.answers))-1], nil
	}
	s.lastAsk++
	q := &question{ask: ask{ID: s.lastAsk, Stub: stub.id, Request: r}, reply: make(chan answer, 1)}
	s.asked[q.ask.ID] = q
	s.mu.Unlock()
	return s.question(ctx, q)
}

// question is a request on its way to a function of the test.
type question struct {
	ask   ask
	reply chan answer
	taken bool // the test has it; with the clock's lock
	over  bool // it is answered, or was given up; with the clock's lock
}

// question waits for the answer of a function.
func (s *session) question(ctx context.Context, q *question) (answer, error) {
	s.clock.change(func() { s.clock.asking++; s.clock.offered++ })
	defer s.settled(q)
	select {
	case s.asks <- q:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	select {
	case a := <-q.reply:
		return a, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// taken counts that the test has a question. The clock is locked.
func (s *session) taken(q *question) {
	if !q.taken {
		q.taken = true
		s.clock.offered--
	}
}

// settled counts that a question waits no more.
func (s *session) settled(q *question) {
	s.clock.change(func() {
		s.taken(q)
		if !q.over {
			q.over = true
			s.clock.asking--
		}
	})
}

// matches compares "METHOD url", where * stands for anything.
func (d *stubbed) matches(r request) bool {
	text, parts := r.Method+" "+r.URL, strings.Split(d.pattern, "*")
	if len(parts) == 1 {
		return text == d.pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(text, first) || len(text) < len(first)+len(last) || !strings.HasSuffix(text, last) {
		return false
	}
	rest := text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest = after
	}
	return true
}

// unexpectedRequests says which requests no stub answered; empty for none.
func (s *session) unexpectedRequests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unexpected) == 0 {
		return ""
	}
	var declared []string
	for _, d := range s.stubs {
		declared = append(declared, d.pattern)
	}
	text := "a request that no stub answers: " + strings.Join(s.unexpected, ", ")
	if len(declared) == 0 {
		return text + " (no stubs are declared)"
	}
	return text + " (stubs: " + strings.Join(declared, ", ") + ")"
}
