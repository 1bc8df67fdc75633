package admin

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// InvokeIn is a call of a handler.
type InvokeIn struct {
	OfExtension
	Method      string       `json:"method" doc:"GET, POST, PUT, PATCH or DELETE"`
	Path        string       `json:"path" doc:"below /extensions/ID/, escaped, with its query"`
	Body        string       `json:"body,omitempty"`
	ContentType string       `json:"contentType,omitempty" doc:"application/json when there is a body"`
	User        *bridge.User `json:"user,omitempty" doc:"who calls, of the same organization; left out: the caller"`
	Anonymous   bool         `json:"anonymous,omitempty" doc:"nobody is signed in"`
}

// Invoked is the answer of a handler.
type Invoked struct {
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body,omitempty"`
	Bytes      []byte            `json:"bytes,omitempty" doc:"the body when it is not UTF-8, in base64"`
	DurationMs float64           `json:"durationMs"`
}

// Invoke calls a handler, as a request for it would.
var Invoke = Define(Spec{
	Name: "invoke", Method: "POST", Path: "/orgs/{org}/extensions/{extension}/invoke", Right: identity.Install, MaxBody: 8 << 20,
	Doc: "Calls a handler as a request would, and answers what it answered; what it throws is an error",
}, func(ctx context.Context, c *Call, in InvokeIn) (Invoked, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return Invoked{}, err
	}
	user := in.User
	switch {
	case in.Anonymous:
		user = nil
	case user == nil:
		user = &bridge.User{ID: c.Caller.Actor, OrgID: in.Org, Role: "admin"}
	case user.OrgID == "":
		user.OrgID = in.Org
	case user.OrgID != in.Org:
		return Invoked{}, sandbox.Errorf(sandbox.Invalid, "the user belongs to another organization")
	}
	address := strings.TrimPrefix(in.Path, "/")
	path, query, _ := strings.Cut(address, "?")
	call := runtime.Call{
		ID: c.ID, Org: in.Org, Extension: inst.Extension, Method: strings.ToUpper(in.Method), Path: path, RawQuery: query,
		URL: "http://localhost/extensions/" + inst.Extension + "/" + address, User: user,
	}
	if in.Body != "" {
		kind := in.ContentType
		if kind == "" {
			kind = "application/json"
		}
		call.Body, call.Header = []byte(in.Body), [][2]string{{"content-type", kind}}
	}
	reply, err := c.Host.Invoke(ctx, call)
	if err != nil {
		return Invoked{}, err
	}
	answer := Invoked{Status: reply.Status, Headers: map[string]string{}, DurationMs: float64(reply.Ledger.Wall.Microseconds()) / 1000}
	for _, h := range reply.Header {
		answer.Headers[h[0]] = h[1]
	}
	if utf8.Valid(reply.Body) {
		answer.Body = string(reply.Body)
	} else {
		answer.Bytes = reply.Body
	}
	return answer, nil
})
