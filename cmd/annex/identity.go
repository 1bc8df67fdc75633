package main

import (
	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
)

// authenticator knows the printed token of this run, if there is one, and the
// tokens of the host.
func authenticator(state *standard.State, org, printed string) (httpapi.Authenticator, error) {
	kept := httpapi.Bearers{Verifier: state.Tokens}
	if printed == "" {
		return kept, nil
	}
	static, err := httpapi.NewStaticToken(printed, httpapi.Identity{Org: org, Role: identity.Operator, Credential: "printed by serve", User: &bridge.User{
		ID: "admin", Email: "admin@" + org, OrgID: org, Role: string(identity.Admin),
	}})
	if err != nil {
		return nil, err
	}
	return httpapi.AnyOf(static, kept), nil
}

// newIssuers returns the issuers of the settings, nil when there are none.
func newIssuers(list []issuerSettings, log hclog.Logger) (*identity.Issuers, error) {
	if len(list) == 0 {
		return nil, nil
	}
	config := identity.IssuersConfig{CheckOrg: registry.CheckOrg, Log: log}
	for _, s := range list {
		config.Issuers = append(config.Issuers, s.issuer())
	}
	issuers, err := identity.NewIssuers(config)
	if err != nil {
		return nil, usagef("settings: %v", err)
	}
	return issuers, nil
}

// withIssuers also knows the JWTs of issuers, if there are any.
func withIssuers(auth httpapi.Authenticator, issuers *identity.Issuers) httpapi.Authenticator {
	if issuers == nil {
		return auth
	}
	return httpapi.AnyOf(auth, httpapi.Bearers{Verifier: issuers})
}
