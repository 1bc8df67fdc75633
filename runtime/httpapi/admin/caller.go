package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Own stands in a path for the organization of the caller's token.
const Own = "~"

// Caller is who calls, as the credential says.
type Caller struct {
	Role  identity.Role // empty: may do nothing that needs a right
	Org   string        // empty for the socket's peer
	Actor string        // for the audit

	// Credential is by what the actor is known, for the audit; none for the socket's peer.
	Credential string
}

// local is who reaches the socket, or has the data directory.
var local = Caller{Role: identity.Operator, Actor: "operator"}

// Call is what a handler has: the host, and who is calling.
type Call struct {
	Config
	Caller Caller
	ID     string // of the request

	routes []Route
}

// caller asks the authenticator. What a token may do is its own: no header that
// a caller chooses counts.
func (s *Server) caller(r *http.Request) (Caller, error) {
	if s.cfg.Auth == nil {
		return Caller{}, &sandbox.Error{Code: sandbox.Denied, Reason: sandbox.ReasonIdentity, Message: "there are no tokens for this host"}
	}
	who, err := s.cfg.Auth.Authenticate(r.Context(), r)
	if err != nil {
		return Caller{}, err
	}
	c := Caller{Role: who.Role, Org: who.Org, Credential: who.Credential, Actor: "a token of " + who.Org}
	if who.User != nil {
		c.Actor = actorOf(who.User.ID)
	}
	return c, nil
}

// actorOf names a user for the audit. An admin chooses the ids of users, and none
// may pass for the operator who reaches the socket or has the data directory.
func actorOf(user string) string {
	if name, _, _ := strings.Cut(user, ":"); strings.EqualFold(strings.TrimSpace(name), local.Actor) {
		return "user " + user
	}
	return user
}

// allow asks the table of rights. It comes before anything is looked up, so that the
// answer does not depend on what exists.
func (c Caller) allow(s Spec) error {
	if s.Right != "" && !c.Role.May(s.Right) {
		return sandbox.Errorf(sandbox.Denied, "this needs the right %s, which your role does not have", s.Right)
	}
	return nil
}

// organization resolves {org} of a path. Whoever belongs to an organization
// gets the same answer for every other one, whether it exists or not, without a look
// at the store.
func (s *Server) organization(ctx context.Context, c Caller, spec Spec, name string) (string, error) {
	if name == Own && c.Org != "" {
		name = c.Org
	}
	if c.Role != identity.Operator {
		if name == c.Org {
			return name, nil
		}
		return "", noOrg(name)
	}
	if name == Own {
		return "", sandbox.Errorf(sandbox.Invalid, "the operator of a host belongs to no organization: name one")
	}
	if spec.OfHost && name == audit.HostOrg {
		return name, nil
	}
	if err := registry.CheckOrg(name); err != nil {
		return "", sandbox.Errorf(sandbox.Invalid, "%v", err)
	}
	if spec.AnyOrg {
		return name, nil
	}
	_, err := s.cfg.Registry.Org(ctx, name)
	if errors.Is(err, registry.ErrNotFound) {
		return "", sandbox.Errorf(sandbox.NotFound, "there is no organization %s; annex org create %s makes it", name, name)
	}
	return name, err
}

func noOrg(name string) error {
	return sandbox.Errorf(sandbox.NotFound, "there is no organization %.128s", name)
}

// installation finds what a path names, by its full id or by a short name that
// is unique in the organization.
func (c *Call) installation(ctx context.Context, org, name string) (registry.Installation, error) {
	inst, err := c.Registry.Find(ctx, org, name)
	if errors.Is(err, registry.ErrNotFound) || err == nil && inst.Removed() {
		return inst, notInstalled(org, name)
	}
	return inst, err
}

// record writes to the audit what is about to be done; ctx knows by which credential.
// When it fails, the handler must not do it.
func (c *Call) record(ctx context.Context, r audit.Record) error {
	r.Actor, r.InvocationID = c.Caller.Actor, c.ID
	if r.Outcome == "" {
		r.Outcome = "ok"
	}
	return c.Audit.Append(ctx, r)
}
