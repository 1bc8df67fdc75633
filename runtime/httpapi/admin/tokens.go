package admin

import (
	"context"
	"errors"
	"time"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Token is a token, as it is shown: without its value.
type Token struct {
	ID        string    `json:"id" doc:"names the token; no secret"`
	User      string    `json:"user" doc:"the id of the user, for handlers and the audit"`
	Email     string    `json:"email,omitempty"`
	Role      string    `json:"role" doc:"member, admin or operator"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	ExpiresAt time.Time `json:"expiresAt,omitzero" doc:"left out: never"`
	Expired   bool      `json:"expired"`
}

func showToken(t identity.Token, now time.Time) Token {
	return Token{
		ID: t.ID, User: t.User, Email: t.Email, Role: string(t.Role),
		CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy, ExpiresAt: t.ExpiresAt, Expired: t.Expired(now),
	}
}

// NewTokenIn asks for a token.
type NewTokenIn struct {
	InOrg
	User    string    `json:"user,omitempty" doc:"left out: a service, named after the token"`
	Email   string    `json:"email,omitempty"`
	Role    string    `json:"role" doc:"member or admin; operator where the caller is one"`
	Expires time.Time `json:"expires,omitzero" doc:"left out: never"`
}

// NewTokenOut is a token with its value, which is seen this once.
type NewTokenOut struct {
	Token
	Value string `json:"value" doc:"the token; it is not kept and not shown again"`
}

// NewToken makes a token. Nobody gives more than they have.
var NewToken = Define(Spec{
	Name: "createToken", Method: "POST", Path: "/orgs/{org}/tokens", Right: identity.Manage, Status: 201,
	Doc: "Makes a token of the organization; its value is in the answer and nowhere else",
}, func(ctx context.Context, c *Call, in NewTokenIn) (NewTokenOut, error) {
	role, err := identity.ParseRole(in.Role)
	if err != nil {
		return NewTokenOut{}, sandbox.Errorf(sandbox.Invalid, "%v", err)
	}
	if !c.Caller.Role.AtLeast(role) {
		return NewTokenOut{}, sandbox.Errorf(sandbox.Denied, "a caller of role %s makes no tokens of role %s", c.Caller.Role, role)
	}
	draft, err := c.Tokens.Draft(identity.Token{
		Org: in.Org, User: in.User, Email: in.Email, Role: role, CreatedBy: c.Caller.Actor, ExpiresAt: in.Expires,
	})
	if err != nil {
		return NewTokenOut{}, sandbox.Errorf(sandbox.Invalid, "%v", err)
	}
	detail := map[string]string{"user": draft.User, "role": string(role)}
	if err := c.record(ctx, audit.Record{Org: in.Org, Action: "token.new", Target: draft.ID, Detail: detail}); err != nil {
		return NewTokenOut{}, err
	}
	value, err := c.Tokens.Make(ctx, draft)
	if errors.Is(err, identity.ErrFull) {
		return NewTokenOut{}, sandbox.Errorf(sandbox.Conflict, "%v", err)
	}
	return NewTokenOut{showToken(draft, draft.CreatedAt), value}, err
})

// TokenList is a page of tokens.
type TokenList struct {
	Tokens []Token `json:"tokens"`
	Next   string  `json:"next,omitempty" doc:"the after of the page that follows"`
}

// ListTokensIn asks for tokens.
type ListTokensIn struct {
	InOrg
	Page
}

// ListTokens lists tokens without their values.
var ListTokens = Define(Spec{
	Name: "listTokens", Method: "GET", Path: "/orgs/{org}/tokens", Right: identity.Manage,
	Doc: "Lists the tokens of the organization, expired ones too; never their values",
}, func(ctx context.Context, c *Call, in ListTokensIn) (TokenList, error) {
	list := TokenList{Tokens: []Token{}}
	found, err := c.Tokens.List(ctx, in.Org, in.After, in.limit())
	for _, t := range found {
		list.Tokens = append(list.Tokens, showToken(t, time.Now()))
	}
	if len(found) == in.limit() {
		list.Next = found[len(found)-1].ID
	}
	return list, err
})

// OfToken names a token.
type OfToken struct {
	InOrg
	Token string `path:"token" json:"-" doc:"id of the token"`
}

// RevokeToken ends a token.
var RevokeToken = Define(Spec{
	Name: "revokeToken", Method: "DELETE", Path: "/orgs/{org}/tokens/{token}", Right: identity.Manage,
	Doc: "Ends a token: the next call with it is denied",
}, func(ctx context.Context, c *Call, in OfToken) (None, error) {
	missing := sandbox.Errorf(sandbox.NotFound, "there is no token %.40s in organization %s", in.Token, in.Org)
	t, err := c.Tokens.Get(ctx, in.Org, in.Token)
	if errors.Is(err, identity.ErrNotFound) {
		return None{}, missing
	}
	if err != nil {
		return None{}, err
	}
	if !c.Caller.Role.AtLeast(t.Role) {
		return None{}, sandbox.Errorf(sandbox.Denied, "a caller of role %s revokes no tokens of role %s", c.Caller.Role, t.Role)
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Action: "token.revoke", Target: t.ID}); err != nil {
		return None{}, err
	}
	if err = c.Tokens.Revoke(ctx, in.Org, t.ID); errors.Is(err, identity.ErrNotFound) {
		return None{}, missing
	}
	return None{}, err
})
