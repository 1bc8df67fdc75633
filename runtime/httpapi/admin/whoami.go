package admin

import "context"

// Identity is who the caller is.
type Identity struct {
	Role  string `json:"role" doc:"member, admin, operator, or empty"`
	Org   string `json:"org,omitempty" doc:"the organization of the token; none for the peer of the socket"`
	Actor string `json:"actor" doc:"how the audit names the caller"`

	Credential string `json:"credential,omitempty" doc:"by what the audit knows the caller: the id of the token, or the issuer"`
}

// WhoAmI tells callers who they are.
var WhoAmI = Define(Spec{
	Name: "whoAmI", Method: "GET", Path: "/whoami",
	Doc: "Tells who the caller is, by the token or the socket",
}, func(_ context.Context, c *Call, _ struct{}) (Identity, error) {
	return Identity{Role: string(c.Caller.Role), Org: c.Caller.Org, Actor: c.Caller.Actor, Credential: c.Caller.Credential}, nil
})
