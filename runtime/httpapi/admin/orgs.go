package admin

import (
	"context"
	"errors"
	"time"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Org is an organization, as it is shown.
type Org struct {
	Name      string    `json:"name"`
	State     string    `json:"state" doc:"active, suspended, importing or erasing"`
	CreatedAt time.Time `json:"createdAt"`
	CreatedBy string    `json:"createdBy"`
	Epoch     uint64    `json:"epoch" doc:"grows with every change of the organization's record"`
}

func showOrg(o registry.Org) Org {
	return Org{Name: o.Name, State: string(o.State), CreatedAt: o.CreatedAt, CreatedBy: o.CreatedBy, Epoch: o.Epoch}
}

// OrgList is a page of organizations.
type OrgList struct {
	Orgs []Org  `json:"orgs"`
	Next string `json:"next,omitempty" doc:"the after of the page that follows"`
}

// ListOrgs lists organizations.
var ListOrgs = Define(Spec{
	Name: "listOrgs", Method: "GET", Path: "/orgs", Right: identity.Operate,
	Doc: "Lists the organizations of the host, in the order of their names",
}, func(ctx context.Context, c *Call, in Page) (OrgList, error) {
	list := OrgList{Orgs: []Org{}}
	found, err := c.Registry.Orgs(ctx, in.After, in.limit())
	for _, o := range found {
		list.Orgs = append(list.Orgs, showOrg(o))
	}
	if len(found) == in.limit() {
		list.Next = found[len(found)-1].Name
	}
	return list, err
})

// CreateOrg makes an organization.
var CreateOrg = Define(Spec{
	Name: "createOrg", Method: "PUT", Path: "/orgs/{org}", Right: identity.Operate, AnyOrg: true, Status: 201,
	Doc: "Makes an organization; a name that is taken is a conflict",
}, func(ctx context.Context, c *Call, in InOrg) (Org, error) {
	_, err := c.Registry.Org(ctx, in.Org)
	if err == nil {
		return Org{}, sandbox.Errorf(sandbox.Conflict, "there is an organization %s already", in.Org)
	}
	if !errors.Is(err, registry.ErrNotFound) {
		return Org{}, err
	}
	if err := c.record(ctx, audit.Record{Org: in.Org, Action: "org.create"}); err != nil {
		return Org{}, err
	}
	made, err := c.Registry.CreateOrg(ctx, in.Org, c.Caller.Actor, time.Now())
	return showOrg(made), err
})

// ShowOrg shows an organization.
var ShowOrg = Define(Spec{
	Name: "getOrg", Method: "GET", Path: "/orgs/{org}", Right: identity.Extensions,
	Doc: "Shows an organization",
}, func(ctx context.Context, c *Call, in InOrg) (Org, error) {
	o, err := c.Registry.Org(ctx, in.Org)
	if errors.Is(err, registry.ErrNotFound) {
		return Org{}, noOrg(in.Org)
	}
	return showOrg(o), err
})

// SetOrgStateIn says whether the extensions of an organization are called.
type SetOrgStateIn struct {
	InOrg
	State string `json:"state" doc:"active or suspended"`
}

// SetOrgState suspends an organization, or lets it go on.
var SetOrgState = Define(Spec{
	Name: "setOrgState", Method: "PUT", Path: "/orgs/{org}/state", Right: identity.Operate,
	Doc: "Suspends an organization, whose extensions then answer as if they did not exist, or lets it go on; everything is kept",
}, func(ctx context.Context, c *Call, in SetOrgStateIn) (Org, error) {
	state := registry.OrgState(in.State)
	if state != registry.OrgActive && state != registry.OrgSuspended {
		return Org{}, sandbox.Errorf(sandbox.Invalid, "the state %.40q is not active or suspended", in.State)
	}
	o, err := c.Registry.Org(ctx, in.Org)
	if err == nil && o.State == registry.OrgErasing {
		err = registry.ErrErasing
	}
	if err == nil && o.State == registry.OrgImporting {
		err = sandbox.Errorf(sandbox.Conflict, "organization %s is not whole: repeat its import, or erase it", in.Org)
	}
	if err != nil {
		return Org{}, err
	}
	o, err = c.Host.SetOrgState(ctx, in.Org, state, c.Caller.Actor)
	return showOrg(o), err
})
