package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// exchange is one request and its answer.
type exchange struct {
	h     *Handler
	w     http.ResponseWriter
	r     *http.Request
	id    string
	began time.Time
	peer  peer

	// Found out on the way.
	org    string
	known  string // by what the caller is known, for the audit
	public bool
	reply  runtime.Reply
	unread bool  // some of the body may still be on its way
	held   int64 // bytes counted in h.held

	// What was answered.
	status  int // 0: nothing yet
	failure string
	in, out int

	values [14]string // of header fields, so that each needs no slice of its own
	used   int
}

// serve is the way of a request. Its error is still to be answered.
func (x *exchange) serve() error {
	t, err := parseTarget(x.r.URL.EscapedPath())
	if err != nil {
		return err
	}
	if len(x.r.Method) > 16 {
		return &sandbox.Error{Code: sandbox.Invalid, Message: "The method is longer than 16 bytes"}
	}
	if (t.door == doorExtension || t.door == doorPublic) && x.preflight() {
		return nil
	}
	switch t.door {
	case doorReady:
		return x.readiness()
	case doorHealth:
		return x.health()
	case doorExtension:
		return x.extension(t)
	case doorPublic:
		return x.doorway(t)
	}
	return &sandbox.Error{Code: sandbox.NotFound, Message: "No handler found for " + x.r.Method + " " + x.r.URL.EscapedPath()}
}

// extension answers a caller with a credential, or an anonymous one where the
// name of the host says whose public routes these are.
func (x *exchange) extension(t target) error {
	if org := x.publicOrg(); org != "" && len(x.r.Header["Authorization"]) == 0 {
		return x.anonymous(t, org)
	}
	who, err := x.h.cfg.Auth.Authenticate(x.r.Context(), x.r)
	if err != nil {
		return err
	}
	x.org, x.known = who.Org, who.Credential
	if who.Role != "" && !who.May(identity.Call, who.Org) {
		return &sandbox.Error{Code: sandbox.Denied, Message: "The caller may not call extensions"}
	}
	return x.invoke(t.name, t.rest, who.User)
}

// anonymous answers a caller without a credential where it could have had one.
// A route that is not public, one that does not exist and one of an extension
// that is not there are alike: each of them needs a credential to be seen.
func (x *exchange) anonymous(t target, org string) error {
	x.public, x.org = true, org
	err := x.invoke(t.name, t.rest, nil)
	if x.status == 0 && x.reply.Extension == "" && errors.Is(err, &sandbox.Error{Code: sandbox.NotFound}) {
		x.reply, x.org = runtime.Reply{}, ""
		return unauthorized("Missing or invalid Authorization header")
	}
	return err
}

// doorway answers an anonymous caller, whose organization the address alone
// names: by the token of an installation, or by the name of the host. An id has
// a dot and a token has none.
func (x *exchange) doorway(t target) error {
	x.public = true
	if strings.Contains(t.name, ".") {
		x.org = x.publicOrg()
		if x.org == "" {
			return &sandbox.Error{Code: sandbox.NotFound}
		}
		return x.invoke(t.name, t.rest, nil)
	}
	if x.h.cfg.Doors == nil {
		return &sandbox.Error{Code: sandbox.NotFound}
	}
	org, extension, err := x.h.cfg.Doors.OpenDoor(x.r.Context(), t.name)
	if err != nil {
		return err
	}
	x.org = org
	return x.invoke(extension, t.rest, nil)
}

// invoke reads the body, lets the host answer and writes what it said.
func (x *exchange) invoke(extension, path string, user *bridge.User) error {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	if !x.public && time.Since(x.began) > time.Second { // the credential may have been revoked meanwhile
		if _, err := x.h.cfg.Auth.Authenticate(x.r.Context(), x.r); err != nil {
			return err
		}
	}
	method := x.r.Method
	if method == http.MethodHead {
		method = http.MethodGet // the body is dropped on the way out
	}
	x.reply, err = x.h.cfg.Host.Invoke(x.r.Context(), runtime.Call{
		ID: x.id, Org: x.org, Extension: extension,
		Method: method, Path: path, RawQuery: x.r.URL.RawQuery, URL: x.url(), Header: x.callHeader(),
		Body: body, User: user, Public: x.public, Credential: x.known,
	})
	if len(x.reply.Allow) > 0 && errors.Is(err, &sandbox.Error{Code: sandbox.NotFound}) {
		return x.otherMethod(err)
	}
	if err != nil {
		return err
	}
	return x.answer()
}

// readiness answers whoever asks whether the host can take requests.
func (x *exchange) readiness() error {
	if x.h.cfg.Ready == nil {
		return x.probe("/readyz", x.h.cfg.Health)
	}
	return x.probe("/readyz", x.h.cfg.Ready)
}

// health answers whoever asks whether the host works.
func (x *exchange) health() error { return x.probe("/healthz", x.h.cfg.Health) }

// probe answers what ask found out. Nobody learns why not.
func (x *exchange) probe(path string, ask func(context.Context) error) error {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.reply.Allow = []string{http.MethodGet}
		return x.otherMethod(&sandbox.Error{Code: sandbox.NotFound, Message: path + " is only read"})
	}
	if ask != nil {
		if err := ask(x.r.Context()); err != nil {
			x.h.cfg.Log.Error("not healthy", "request", x.id, "path", path, "error", err)
			return &sandbox.Error{Code: sandbox.Unavailable, Message: "The host is not healthy"}
		}
	}
	x.reply.Status = http.StatusOK
	x.reply.Header = [][2]string{{"Content-Type", "application/json"}}
	x.reply.Body = []byte(`{"status":"ok"}`)
	return x.answer()
}

// end runs when the request is over, also when something panicked: that is a
// fault of the host, answered as one while there is still a choice.
func (x *exchange) end() {
	v := recover()
	begun := x.status != 0
	if v != nil && v != http.ErrAbortHandler {
		x.h.cfg.Log.Error("panic", "request", x.id, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
		if !begun {
			x.fail(&sandbox.Error{Code: sandbox.Internal})
		}
	}
	x.h.held.Add(-x.held)
	x.log()
	if v != nil && (begun || v == http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) // the server closes the connection without a word
	}
}

// log writes the access line. Everything in it is the host's own or was
// checked: a caller's path, query and headers are not, and may hold secrets.
// Where the host has written the ledger of an invocation, which has the same
// id, the line adds little and is for debugging.
func (x *exchange) log() {
	level := hclog.Info
	if x.reply.Ledger.Extension != "" {
		level = hclog.Debug
	}
	if level == hclog.Info && !x.h.cfg.Log.IsInfo() || level == hclog.Debug && !x.h.cfg.Log.IsDebug() {
		return // also where there is no log, which has no level
	}
	x.h.cfg.Log.Log(level, "request", "request", x.id, "org", x.org, "extension", x.reply.Extension, "route", x.reply.Route,
		"status", x.loggedStatus(), "error", x.failure, "duration", time.Since(x.began), "in", x.in, "out", x.out)
}

// loggedStatus is the status of the answer, or 499 when nobody waited for it.
func (x *exchange) loggedStatus() int {
	if ctx := x.r.Context(); x.status == http.StatusServiceUnavailable && ctx.Err() != nil && context.Cause(ctx) != errShutdown {
		return 499
	}
	return x.status
}
