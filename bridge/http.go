package bridge

import (
	"context"
	_ "embed"
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Fetcher is the way out to the network of one extension in one organization.
// *egress.Client is one; its errors are those of package egress.
type Fetcher interface {
	// Fetch asks allow about the host of every hop, in the form of
	// permissions.NormalizeHost, before it looks the host up.
	Fetch(ctx context.Context, r egress.Request, allow func(host string) error, l egress.Limits) (*egress.Response, error)
}

type httpFetchArgs struct {
	URL      string `json:"url" doc:"An address with http: or https:."`
	Method   string `json:"method,omitempty" doc:"GET without it."`
	Headers  Pairs  `json:"headers,omitempty" ts:"[string, string][]" doc:"The header fields, as a list of [name, value]."`
	Body     Text   `json:"body,omitempty" ts:"string | Uint8Array" doc:"A string, or bytes."`
	Redirect string `json:"redirect,omitempty" doc:"follow (without it), manual, or error."`

	Auth fetchAuth `json:"auth,omitempty" doc:"An Authorization field with a secret that the handler never sees."`

	Signal string `json:"signal,omitempty" doc:"A name of the caller's, by which another call can end this one."`
	Abort  string `json:"abort,omitempty" doc:"Ends the request of that name, and sends none."`
}

//go:embed js/http.fetch.js
var httpFetchJS string

func httpMethods() []Method {
	return []Method{define(line[httpFetchArgs, *fetchResult]{
		Method: Method{
			Name: "http.fetch", Side: permissions.Server, Permission: permissions.HTTPDomain,
			Doc: "Makes an HTTP request to a host that a permission names, and reads the answer to its end. " +
				"Any status is an answer, not an error. Redirects are followed, and each is checked like a new request. " +
				"An `AbortSignal` ends the request too, but what was sent may have reached the other side. " +
				"With `auth`, or with `{{secret:NAME}}` in the value of a header field, the host sends a secret that an admin bound " +
				"to the host of the address, by https, without showing it to the handler: that needs the `secrets:use` permission. " +
				"On the way to any other host it is left out, and in the answer it is blanked out; one of fewer than 6 bytes is not sent.",
			Limits: "50 requests an invocation, redirects counted too, at most 10 for one fetch; 10 MB an answer after decoding; 30 s a fetch; ports 80 and 443; public addresses only.",
			Errors: []Failure{
				{sandbox.Denied, "the host is not granted, or its address is not a public one, or a secret is not bound to it"},
				{sandbox.NotFound, "there is no secret of that name"},
				{sandbox.Invalid, "the address, the method, a header field or the body cannot be sent"},
				{sandbox.Exhausted, "the answer is too large, or there were too many requests or redirects"},
				{sandbox.Timeout, "the other side took too long"},
				{sandbox.Unavailable, "the other side could not be reached or did not speak HTTP"},
			},
			Example: `const answer = await api.http.fetch('https://api.example.com/v1/items', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ name: 'first' }),
})
if (!answer.ok) throw new Error('upstream said ' + answer.status)
return await answer.json()`,
			Options: []permissions.Permission{permissions.SecretsUse},
			TS:      "(url: string | URL, options?: FetchOptions): Promise<FetchResult>",
			JS:      httpFetchJS,
		},
		scope: func(_ *Session, in *httpFetchArgs) (string, error) {
			if max(len(in.Signal), len(in.Abort)) > maxSignal {
				return "", &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: "the name of a request has more than 64 bytes"}
			}
			return hostOf(in.URL)
		},
		run: func(ctx context.Context, s *Session, in httpFetchArgs) (*fetchResult, error) { return s.fetch(ctx, in) },
	})}
}

// hostOf returns the host of an address in the form that grants are in. It is
// looked at here so that a call without any grant never gets as far as the
// network; what the fetcher reads from the same text is checked again.
func hostOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: "Invalid URL"}
	}
	host, err := permissions.NormalizeHost(u.Hostname())
	var refused *permissions.HostError
	if errors.As(err, &refused) && refused.Address {
		return u.Hostname(), nil // no permission names an address: it is denied as a host
	}
	if err != nil {
		return "", &sandbox.Error{Code: sandbox.Invalid, Name: "TypeError", Message: "Invalid URL: " + err.Error()}
	}
	return host, nil
}

// fetch sends the request. Each hop counts against the quota and must be granted.
func (s *Session) fetch(ctx context.Context, in httpFetchArgs) (*fetchResult, error) {
	if s.c.Fetcher == nil {
		return nil, unavailable("the network is not available here")
	}
	if in.Abort != "" {
		s.abort(in.Abort)
		return &fetchResult{}, nil
	}
	ctx, done := s.abortable(ctx, in.Signal)
	defer done()
	host, err := hostOf(in.URL)
	if err != nil {
		return nil, err
	}
	sealed, err := s.seal(ctx, &in, host)
	if err != nil {
		return nil, err
	}
	asked := false
	allow := func(host string) error {
		asked = true
		if err := s.allow(permissions.Server, permissions.HTTPDomain, host); err != nil {
			return err
		}
		if err := take(&s.fetches, s.c.Limits.Fetches, "Request"); err != nil {
			return err
		}
		return sealed.recordHop(ctx, host)
	}
	answer, err := s.c.Fetcher.Fetch(ctx, egress.Request{
		URL: in.URL, Method: in.Method, Header: s.withAgent(in.Headers), Body: in.Body, Redirect: egress.Redirect(in.Redirect),
		Bound: sealed.fields, Invocation: s.c.Invocation,
	}, allow, s.fetchLimits())
	if err != nil {
		var refused *egress.Error
		if errors.As(err, &refused) && refused.Kind == egress.Denied && refused.Unwrap() == nil {
			s.countDenial("address of " + refused.Host)
		}
		return nil, err
	}
	if !asked {
		return nil, errors.New("bridge: the fetcher did not ask whether the host is allowed")
	}
	sealed.blank(answer)
	return (*fetchResult)(answer), nil
}

// withAgent adds the default User-Agent to fields that have none.
func (s *Session) withAgent(fields Pairs) [][2]string {
	if slices.ContainsFunc(fields, func(f [2]string) bool { return strings.EqualFold(f[0], "user-agent") }) {
		return fields
	}
	return append(slices.Clip([][2]string(fields)), [2]string{"User-Agent", "Annex-Extension/" + s.c.Extension})
}

// fetchLimits says the limits in the fetcher's terms, where none is no number.
func (s *Session) fetchLimits() egress.Limits {
	l := egress.Limits{Timeout: s.c.Limits.FetchTime, MaxBody: s.c.Limits.FetchBody, MaxRedirects: s.c.Limits.Redirects}
	if l.Timeout == sandbox.Unlimited {
		l.Timeout = 24 * time.Hour // the invocation ends before
	}
	if l.MaxBody == sandbox.Unlimited {
		l.MaxBody = math.MaxInt32
	}
	if l.MaxRedirects == sandbox.Unlimited {
		l.MaxRedirects = math.MaxInt32
	}
	return l
}

// fetchError says what went wrong with an exchange. The kinds are codes.
func fetchError(e *egress.Error) *sandbox.Error {
	out := &sandbox.Error{Code: sandbox.Code(e.Kind), Message: e.Message}
	switch e.Kind {
	case egress.Denied:
		out.Name = permissionDenied
	case egress.Exhausted:
		out.Reason = sandbox.ReasonQuota
	}
	return out
}

// fetchResult is the answer as it crosses the wall: the body is a blob.
type fetchResult egress.Response

func (r *fetchResult) payload() (sandbox.Payload, error) {
	out := append([]byte(nil), `{"ok":`...)
	out = strconv.AppendBool(out, 200 <= r.Status && r.Status < 300)
	out = append(out, `,"status":`...)
	out = strconv.AppendInt(out, int64(r.Status), 10)
	out = append(out, `,"statusText":`...)
	out = appendString(out, r.StatusText)
	out = append(out, `,"url":`...)
	out = appendString(out, r.URL)
	out = append(out, `,"redirected":`...)
	out = strconv.AppendBool(out, r.Redirected)
	out = append(out, `,"headers":[`...)
	for i, f := range r.Header {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(append(out, '['), f[0]), ',')
		out = append(appendString(out, f[1]), ']')
	}
	out = append(out, `],"body":{"$blob":0}}`...)
	return sandbox.Payload{JSON: out, Blobs: [][]byte{r.Body}}, nil
}
