package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// Config is what the API works on.
type Config struct {
	Host     *runtime.Host      // required
	Registry *registry.Registry // required
	Keeper   *secrets.Keeper    // required
	Audit    *audit.Log         // required
	Store    storage.Store      // required
	Tokens   *identity.Tokens   // required

	// Space is the data of one extension in one organization, with the
	// operator's limits. Required.
	Space func(org, extension string) *storage.Space

	// Rotate makes a new master key and returns how many data keys were wrapped
	// under it. Nil: it cannot be done here.
	Rotate func(ctx context.Context, by string) (wrapped int, err error)
	// Logs is what handlers logged. Nil: nothing is kept.
	Logs *logs.Book

	// Slowed names the installations, as "acme/annex.notes", whose calls wait
	// because their workers die at once. Nil: none.
	Slowed func() []string

	// Backup writes a backup of everything. Nil: there are none.
	Backup func(ctx context.Context, by string, w io.Writer) error

	// Auth tells who sent a request that did not come by the socket. Nil: there
	// are no tokens, and the socket is the only door.
	Auth httpapi.Authenticator

	PublicURL string       // origin of public addresses; empty: paths only
	Log       hclog.Logger // nil: none
}

// Server answers the API. As an http.Handler it serves callers with a token.
type Server struct {
	cfg    Config
	routes []Route
	bodies holding
	busy   atOnce
}

// New returns a server, or says what is missing in c.
func New(c Config) (*Server, error) {
	if c.Host == nil || c.Registry == nil || c.Keeper == nil || c.Audit == nil || c.Store == nil || c.Tokens == nil || c.Space == nil {
		return nil, errors.New("admin: a server needs Host, Registry, Keeper, Audit, Store, Tokens and Space")
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	return &Server{cfg: c, routes: table()}, nil
}

// ServeHTTP answers a caller with a token.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, s.caller)
}

// Local answers callers with the rights of the operator: whoever reaches it
// must have been told apart before, by the mode of a socket or of a directory.
func (s *Server) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(*http.Request) (Caller, error) { return local, nil })
	})
}

// answer serves one request and writes what came of it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, who func(*http.Request) (Caller, error)) {
	x := &exchange{s: s, w: w, r: r, id: httpapi.RequestID(r.Header), began: time.Now()}
	defer x.end()
	out, spec, err := x.serve(who)
	if err != nil {
		x.fail(err)
		return
	}
	x.write(out, spec)
}

// exchange is one request and its answer.
type exchange struct {
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	id     string
	began  time.Time
	caller Caller
	leave  func()       // of atOnce; nil: it did not enter
	still  func() error // whether the caller's credential is good now
	route  Route
	status int
}

// serve finds the route and the caller, and runs the handler: identity first,
// then the role, then the organization, then the body.
func (x *exchange) serve(who func(*http.Request) (Caller, error)) (any, Spec, error) {
	caller, err := who(x.r)
	if err != nil {
		return nil, Spec{}, err
	}
	x.caller = caller
	x.r = x.r.WithContext(audit.WithCredential(x.r.Context(), caller.Credential))
	x.still = func() error {
		_, err := who(x.r)
		return err
	}
	if x.leave, err = x.s.busy.enter(caller); err != nil {
		return nil, Spec{}, err
	}
	route, path, allow, err := x.s.find(x.r)
	if err != nil {
		if len(allow) > 0 {
			x.w.Header().Set("Allow", strings.Join(allow, ", "))
		}
		return nil, Spec{}, err
	}
	x.route = route
	spec := route.Spec()
	if err := caller.allow(spec); err != nil {
		return nil, spec, err
	}
	if name, ok := path["org"]; ok {
		if path["org"], err = x.s.organization(x.r.Context(), caller, spec, name); err != nil {
			return nil, spec, err
		}
	}
	in, err := newRequest(x, spec, path)
	if err != nil {
		return nil, spec, err
	}
	defer in.body.release()
	out, err := route.serve(x.r.Context(), &Call{Config: x.s.cfg, Caller: caller, ID: x.id, routes: x.s.routes}, in)
	return out, spec, err
}

// find matches the path, segment by segment and before decoding, so that an
// escaped slash stays inside its segment. A literal segment wins over a parameter.
func (s *Server) find(r *http.Request) (Route, map[string]string, []string, error) {
	nowhere := sandbox.Errorf(sandbox.NotFound, "there is no such route; %s/openapi.json lists them", Prefix)
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), Prefix+"/")
	if !ok {
		return nil, nil, nil, nowhere
	}
	segments := strings.Split(rest, "/")
	var allow []string
	var found Route
	var values map[string]string
	literals := -1
	for _, route := range s.routes {
		spec := route.Spec()
		vs, n, ok := match(spec.segments(), segments)
		if !ok {
			continue
		}
		if spec.Method != r.Method {
			allow = append(allow, spec.Method)
			continue
		}
		if n > literals {
			found, values, literals = route, vs, n
		}
	}
	if found != nil {
		return found, values, nil, nil
	}
	if len(allow) > 0 {
		slices.Sort(allow)
		err := &sandbox.Error{Code: sandbox.NotFound, Reason: httpapi.ReasonMethod, Message: "this route has other methods only"}
		return nil, nil, slices.Compact(allow), err
	}
	return nil, nil, nil, nowhere
}

// match compares a pattern with the escaped segments of a path, and counts the
// literal ones.
func match(pattern, segments []string) (values map[string]string, literals int, ok bool) {
	if len(pattern) != len(segments) {
		return nil, 0, false
	}
	values = map[string]string{}
	for i, p := range pattern {
		name, isParameter := parameter(p)
		if !isParameter {
			if p != segments[i] {
				return nil, 0, false
			}
			literals++
			continue
		}
		v, err := url.PathUnescape(segments[i])
		if err != nil || v == "" {
			return nil, 0, false
		}
		values[name] = v
	}
	return values, literals, true
}

// write sends what the handler answered.
func (x *exchange) write(out any, spec Spec) {
	_, typ := x.route.types()
	status := spec.status(typ)
	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", x.id)
	switch out := out.(type) {
	case None:
		x.header(status)
	case Stream:
		h.Set("Content-Type", spec.Type)
		x.header(status)
		x.stream(out)
	default:
		body, err := encodeJSON(out)
		if err != nil {
			x.fail(err)
			return
		}
		h.Set("Content-Type", "application/json")
		x.header(status)
		_, _ = x.w.Write(body) // the caller may be gone
	}
}

func (x *exchange) header(status int) {
	x.status = status
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(streamWait))
	x.w.WriteHeader(status)
}

// streamWait is how long a caller may take to read a piece of an answer.
const streamWait = 30 * time.Second

// stream lets the handler write. An error breaks the answer off, which a
// caller can tell from its end.
func (x *exchange) stream(s Stream) {
	w := &flusher{w: x.w, c: http.NewResponseController(x.w), still: x.still}
	_ = w.c.Flush() // who follows something sees that it began
	if err := s.Write(x.r.Context(), w); err != nil {
		switch {
		case x.r.Context().Err() != nil:
		case errors.Is(err, &sandbox.Error{Code: sandbox.Denied}):
			x.s.cfg.Log.Info("an answer was broken off: the caller's credential is not good any more", "request", x.id, "credential", x.caller.Credential)
		default:
			x.s.cfg.Log.Error("an answer broke off", "request", x.id, "route", x.route.Spec().Name, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}

// flusher sends each write at once, waits only so long for the reader, and sends
// no more once the caller's credential is not good any more.
type flusher struct {
	w     io.Writer
	c     *http.ResponseController
	still func() error
}

func (f *flusher) Write(p []byte) (int, error) {
	if err := f.still(); err != nil {
		return 0, err
	}
	_ = f.c.SetWriteDeadline(time.Now().Add(streamWait)) // a transport in memory knows none
	n, err := f.w.Write(p)
	if err == nil {
		_ = f.c.Flush()
	}
	return n, err
}

// fail answers an error. Callers of an organization are told of faults of the
// host that they happened, and nothing else.
func (x *exchange) fail(err error) {
	told := sandbox.AsError(shown(err, x.caller.Role == identity.Operator))
	x.status = httpapi.WriteError(x.w, x.id, told).Status
	switch told.Code {
	case sandbox.Internal:
		x.s.cfg.Log.Error("fault of the host", "request", x.id, "error", err)
	case sandbox.Unavailable:
		x.s.cfg.Log.Warn("admin request failed", "request", x.id, "error", err)
	}
}

// shown is what a caller may read of err.
func shown(err error, operator bool) error {
	var known *sandbox.Error
	if errors.As(err, &known) {
		return known
	}
	var full *secrets.QuotaError
	if errors.As(err, &full) {
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: httpapi.ReasonFull, Message: full.Error()}
	}
	code := runtime.CodeOf(err)
	switch {
	case code == sandbox.Internal:
		return err // WriteError withholds its text
	case operator, code == sandbox.Invalid, code == sandbox.NotFound, code == sandbox.Exhausted:
		return &sandbox.Error{Code: code, Message: err.Error()}
	}
	return &sandbox.Error{Code: code, Message: "not possible now; try again later"}
}

// end logs, and answers what panicked.
func (x *exchange) end() {
	v := recover()
	if x.leave != nil {
		x.leave()
	}
	if v != nil && v != http.ErrAbortHandler {
		x.s.cfg.Log.Error("panic", "request", x.id, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
		if x.status == 0 {
			x.fail(&sandbox.Error{Code: sandbox.Internal})
			v = nil
		}
	}
	name := ""
	if x.route != nil {
		name = x.route.Spec().Name
	}
	x.s.cfg.Log.Debug("admin request", "request", x.id, "route", name, "actor", x.caller.Actor, "credential", x.caller.Credential, "status", x.status, "duration", time.Since(x.began))
	if v != nil {
		panic(http.ErrAbortHandler)
	}
}
