package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Identity is who is calling. It comes from a credential alone.
type Identity struct {
	Org  string       // the organization whose extensions are called
	User *bridge.User // nil for a caller who is no person

	// Role is what the caller may do, see [identity.Role.May]. A caller without
	// one may call handlers and nothing else.
	Role identity.Role

	// Credential is by what the caller is known, for the audit: the id of a
	// token, or an issuer. It is no secret.
	Credential string
}

// May reports whether the caller may do what right says in org.
func (id Identity) May(right identity.Right, org string) bool {
	return identity.Caller{Org: id.Org, Role: id.Role}.May(right, org)
}

// Authenticator tells who sent a request. The error for a caller whom it does
// not know is a [sandbox.Error] of code Denied, with reason ReasonIdentity when
// the credential is missing or wrong (401) and without when the caller is known
// but has no place here (403). It must not read the body, and is called from
// many goroutines.
type Authenticator interface {
	Authenticate(ctx context.Context, r *http.Request) (Identity, error)
}

// maxBearer is the longest token that is looked at, in bytes.
const maxBearer = 8192

// Bearer returns the token of the request's one Authorization header of scheme
// Bearer. Without one the error is the one that [Authenticator] asks for.
func Bearer(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	if len(values) == 1 {
		const scheme = "bearer "
		if v := values[0]; len(v) > len(scheme) && strings.EqualFold(v[:len(scheme)], scheme) {
			token := v[len(scheme):]
			if len(token) <= maxBearer && !strings.ContainsAny(token, " \t,") {
				return token, nil
			}
		}
	}
	return "", unauthorized("Missing or invalid Authorization header")
}

// StaticToken is an [Authenticator] that knows one token and whom it stands for.
type StaticToken struct {
	sum      [sha256.Size]byte
	identity Identity
}

// minToken is the shortest token that is not refused as guessable, in bytes.
const minToken = 16

// NewStaticToken returns an Authenticator for token, which has at least 16 bytes.
func NewStaticToken(token string, id Identity) (*StaticToken, error) {
	if len(token) < minToken {
		return nil, errors.New("httpapi: a token needs at least 16 bytes")
	}
	if id.Org == "" {
		return nil, errors.New("httpapi: a token needs an organization")
	}
	return &StaticToken{sum: sha256.Sum256([]byte(token)), identity: id}, nil
}

// Authenticate compares in a time that tells nothing of the token.
func (s *StaticToken) Authenticate(_ context.Context, r *http.Request) (Identity, error) {
	token, err := Bearer(r)
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(sum[:], s.sum[:]) != 1 {
		return Identity{}, unauthorized("Invalid or missing access token")
	}
	return s.identity, nil
}

// NewToken makes a token of 256 random bits, for [NewStaticToken].
func NewToken() string { return identity.NewValue() }

// Bearers is an [Authenticator] for the credentials that a Verifier knows.
type Bearers struct{ Verifier identity.Verifier }

// Authenticate asks the verifier. That a token is unknown, that it has expired
// and that it was revoked are one answer.
func (b Bearers) Authenticate(ctx context.Context, r *http.Request) (Identity, error) {
	token, err := Bearer(r)
	if err != nil {
		return Identity{}, err
	}
	caller, err := b.Verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		return Identity{}, unauthorized("Invalid or missing access token")
	case errors.Is(err, identity.ErrNoPlace):
		return Identity{}, &sandbox.Error{Code: sandbox.Denied, Message: "The caller has no place on this host"}
	case err != nil:
		return Identity{}, &sandbox.Error{Code: sandbox.Unavailable, Message: "Callers cannot be told apart now", RetryAfter: 1}
	}
	return identityOf(caller), nil
}

// identityOf is what handlers and routes see of a caller. Handlers know members
// and admins: an operator is an admin to them.
func identityOf(c identity.Caller) Identity {
	role := c.Role
	if role == identity.Operator {
		role = identity.Admin
	}
	return Identity{Org: c.Org, Role: c.Role, Credential: c.Credential, User: &bridge.User{ID: c.User, Email: c.Email, OrgID: c.Org, Role: string(role)}}
}

// AnyOf asks each [Authenticator] in turn until one does not answer that the
// credential is missing or wrong.
func AnyOf(list ...Authenticator) Authenticator { return anyOf(list) }

type anyOf []Authenticator

func (a anyOf) Authenticate(ctx context.Context, r *http.Request) (id Identity, err error) {
	err = unauthorized("Invalid or missing access token")
	for _, one := range a {
		id, err = one.Authenticate(ctx, r)
		if !isUnauthorized(err) {
			break
		}
	}
	return id, err
}

func isUnauthorized(err error) bool {
	e, ok := errors.AsType[*sandbox.Error](err)
	return ok && e.Code == sandbox.Denied && e.Reason == sandbox.ReasonIdentity
}

func unauthorized(message string) error {
	return &sandbox.Error{Code: sandbox.Denied, Reason: sandbox.ReasonIdentity, Message: message}
}
