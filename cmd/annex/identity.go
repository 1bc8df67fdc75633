package main

import (
	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/standard"
)

// authenticator knows the printed token of this run and the tokens of the host.
func authenticator(state *standard.State, org, printed string) (httpapi.Authenticator, error) {
	static, err := httpapi.NewStaticToken(printed, httpapi.Identity{Org: org, Role: identity.Operator, User: &bridge.User{
		ID: "admin", Email: "admin@" + org, OrgID: org, Role: string(identity.Admin),
	}})
	if err != nil {
		return nil, err
	}
	return httpapi.AnyOf(static, httpapi.Bearers{Verifier: state.Tokens}), nil
}
