package egress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Redirect says what becomes of an answer that redirects.
type Redirect string

// The ways to treat a redirect.
const (
	RedirectFollow Redirect = "follow" // ask the new address, after every check
	RedirectManual Redirect = "manual" // return the answer as it is
	RedirectError  Redirect = "error"  // fail
)

// Request is what is asked for.
type Request struct {
	URL    string
	Method string      // empty means GET; DELETE, HEAD, OPTIONS, PATCH, POST and PUT in any case
	Header [][2]string // at most 100; fields that the host sets itself are left out
	Body   []byte      // not for GET and HEAD

	Redirect Redirect // empty means RedirectFollow

	Invocation string // what the Observer is told that the request was made for

	// Bound are fields that are sent to some hosts alone, see [BoundField].
	Bound []BoundField
}

// Limits bound one Fetch with all of its redirects. A zero or negative field
// means the default, given in parentheses.
type Limits struct {
	Timeout      time.Duration // from the wait for a slot to the last byte (30 s)
	MaxBody      int64         // bytes of the answer's body, decoded (10 MiB)
	MaxRedirects int           // hops after the first (10; negative: none)
	MaxHeader    int           // bytes of names and values in the request's header (64 KiB)
}

func (l Limits) withDefaults() Limits {
	if l.Timeout <= 0 {
		l.Timeout = 30 * time.Second
	}
	if l.MaxBody <= 0 {
		l.MaxBody = 10 << 20
	}
	if l.MaxRedirects == 0 {
		l.MaxRedirects = 10
	}
	if l.MaxHeader <= 0 {
		l.MaxHeader = 64 << 10
	}
	return l
}

// Fetch sends a request and reads the answer to its end. allow must not be nil:
// it decides about every host by its ASCII name, that of each redirect too. A nil
// error lets it pass, any other is the message of the *[Error] that is returned.
//
// Every error is an *[Error]. An answer of any status is no error. The body of the
// request must not be changed afterwards: it may still be on its way when a server
// has answered early.
func (c *Client) Fetch(ctx context.Context, req Request, allow func(asciiHost string) error, limits Limits) (*Response, error) {
	limits = limits.withDefaults()
	life, cancel := context.WithTimeout(ctx, limits.Timeout)
	defer cancel()
	f := &fetch{client: c, caller: ctx, life: life, allow: allow, limits: limits, invocation: req.Invocation}
	return f.run(req)
}

// fetch is one call of Fetch.
type fetch struct {
	client *Client
	caller context.Context // of the caller, to tell whose deadline it was
	life   context.Context // of the fetch
	allow  func(string) error
	limits Limits
	bound  []BoundField

	invocation string

	lane *lane
}

// hop is one request of a fetch, the first or one that a redirect leads to.
type hop struct {
	number int
	rawURL string // for the record
	to     *target
	method string
	header http.Header
	body   []byte
}

// run checks the request and follows it.
func (f *fetch) run(req Request) (*Response, error) {
	h := &hop{rawURL: req.URL, method: req.Method, body: req.Body}
	if err := f.check(h, req); err != nil {
		return nil, f.record(h, time.Now(), nil, 0, err)
	}
	lanes := f.client.gateway.lanes
	if f.lane = lanes.hold(f.client.owner); f.lane == nil {
		return nil, f.record(h, time.Now(), nil, 0, fail(Canceled, h.to.host, nil, "the host is shutting down"))
	}
	defer lanes.release(f.lane)
	if !f.lane.enter(f.life) {
		err := exchangeError(f.caller, f.life, h.to.host, f.limits.Timeout, f.life.Err())
		if err.Kind == Timeout {
			err = fail(Exhausted, h.to.host, nil, "%d requests of this extension are under way and none ended in time", maxConcurrent)
		}
		return nil, f.record(h, time.Now(), nil, 0, err)
	}
	defer f.lane.leave()
	for {
		answer, next, err := f.exchange(h, req.Redirect)
		if err != nil || next == nil {
			return answer, err
		}
		h = next
	}
}

// check makes the first hop of a request: URL, name, grant, then the lists.
func (f *fetch) check(h *hop, req Request) (err error) {
	if h.to, err = f.client.gateway.parseTarget(req.URL); err != nil {
		return err
	}
	if err := f.permit(h.to.host); err != nil {
		return err
	}
	switch req.Redirect {
	case "", RedirectFollow, RedirectManual, RedirectError:
	default:
		return fail(Invalid, h.to.host, nil, "redirect %q is not one of follow, manual, error", clip(string(req.Redirect)))
	}
	method, err := cleanMethod(req.Method, len(req.Body) > 0)
	if err != nil {
		return err
	}
	h.method = method
	if h.header, err = cleanHeader(req.Header, f.limits.MaxHeader); err != nil {
		return err
	}
	f.bound = req.Bound
	return f.checkBound(h.to, h.header)
}

// exchange asks once. It returns the answer, or the hop that it leads to.
func (f *fetch) exchange(h *hop, mode Redirect) (*Response, *hop, error) {
	start := time.Now()
	prepare(h.header)
	resp, err := f.lane.transport.RoundTrip(f.request(h))
	if err != nil {
		err := exchangeError(f.caller, f.life, h.to.host, f.limits.Timeout, err)
		return nil, nil, f.record(h, start, nil, 0, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 {
		err := fail(Unavailable, h.to.host, nil, "%s answered with status %d, which ends no request", h.to.host, resp.StatusCode)
		return nil, nil, f.record(h, start, resp, 0, err)
	}
	if !isRedirect(resp) || mode == RedirectManual {
		answer, wire, err := f.read(h, resp)
		return answer, nil, f.record(h, start, resp, wire, err)
	}
	wire, _ := io.CopyN(io.Discard, resp.Body, 2<<10) // a short body read to its end keeps the connection
	f.record(h, start, resp, wire, nil)
	next, err := f.follow(h, resp, mode)
	if err != nil {
		return nil, nil, f.record(next, time.Now(), nil, 0, err)
	}
	return nil, next, nil
}

// read takes an answer in. wire is how many bytes its body had.
func (f *fetch) read(h *hop, resp *http.Response) (answer *Response, wire int64, err error) {
	var body []byte
	decoded := false
	if hasBody(h.method, resp.StatusCode) {
		if body, wire, decoded, err = readBody(resp, f.limits.MaxBody); err != nil {
			return nil, wire, f.bodyError(h.to.host, err)
		}
	}
	fields, bad := answerHeader(resp.Header, decoded)
	if fields == nil {
		return nil, wire, fail(Unavailable, h.to.host, nil, "%s sent a header field that is not valid: %q", h.to.host, clip(bad))
	}
	return &Response{
		Status:     resp.StatusCode,
		StatusText: reasonPhrase(resp),
		URL:        h.to.url.String(),
		Redirected: h.number > 0,
		Header:     fields,
		Body:       body,
	}, wire, nil
}

// request builds what is sent. The context carries its own lifetime for dialer.
func (f *fetch) request(h *hop) *http.Request {
	ctx := context.WithValue(f.life, lifetimeKey{}, f.life)
	r := (&http.Request{Method: h.method, URL: h.to.url, Header: f.withBound(h)}).WithContext(ctx)
	if len(h.body) > 0 {
		r.ContentLength = int64(len(h.body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(h.body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r
}

// bodyError turns what went wrong while reading an answer into an Error.
func (f *fetch) bodyError(host string, err error) *Error {
	var coding *codingError
	switch {
	case errors.Is(err, errTooLarge):
		return fail(Exhausted, host, err, "response of %s is larger than %d bytes", host, f.limits.MaxBody)
	case errors.As(err, &coding):
		return fail(Unavailable, host, err, "response of %s is not coded as its header says", host)
	case errors.Is(err, io.ErrUnexpectedEOF) && f.life.Err() == nil:
		return fail(Unavailable, host, err, "%s closed the connection before the end of the response", host)
	default:
		return exchangeError(f.caller, f.life, host, f.limits.Timeout, err)
	}
}

// record tells the observer of a hop and returns err.
func (f *fetch) record(h *hop, start time.Time, resp *http.Response, received int64, err error) error {
	observer := f.client.gateway.observer
	if observer == nil {
		return err
	}
	e := Exchange{
		Owner: f.client.owner, Invocation: f.invocation,
		Hop:      h.number,
		Method:   clip(h.method),
		URL:      Redacted(h.rawURL),
		Received: received,
		Duration: time.Since(start),
	}
	if h.to != nil {
		e.Host, e.URL = h.to.host, Redacted(h.to.url.String())
	}
	if resp != nil {
		e.Status, e.Sent = resp.StatusCode, len(h.body)
	}
	var failure *Error
	if errors.As(err, &failure) {
		e.Outcome, e.Detail = failure.Kind, failure.detail
		if e.Detail == "" {
			e.Detail = failure.Message
		}
		if e.Host == "" {
			e.Host = failure.Host
		}
	}
	observer.Observe(f.caller, e)
	return err
}
