package admin

import (
	"context"
	"strings"

	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
)

// PublicAddress is where anyone may call an extension without signing in.
type PublicAddress struct {
	Extension string        `json:"extension"`
	Approved  bool          `json:"approved" doc:"public routes were approved"`
	Token     string        `json:"token,omitempty" doc:"the part that cannot be guessed; who has it can call"`
	Base      string        `json:"base,omitempty" doc:"what the paths of the routes are appended to: a URL where the host knows its own, else a path"`
	Routes    []PublicRoute `json:"routes" doc:"the public routes of the manifest"`
}

// PublicRoute is a route that answers anyone, once it is approved.
type PublicRoute struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// ShowPublic shows the public address.
var ShowPublic = Define(Spec{
	Name: "getPublicAddress", Method: "GET", Path: "/orgs/{org}/extensions/{extension}/public", Right: identity.Public,
	Doc: "Shows the public address of an extension and the routes that are there",
}, func(ctx context.Context, c *Call, in OfExtension) (PublicAddress, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return PublicAddress{}, err
	}
	return c.publicAddress(ctx, inst)
})

// RotatePublic gives public routes a new address.
var RotatePublic = Define(Spec{
	Name: "rotatePublicAddress", Method: "POST", Path: "/orgs/{org}/extensions/{extension}/public/rotate", Right: identity.Public,
	Doc: "Gives the public routes of an extension a new address; there is nothing at the old one any more",
}, func(ctx context.Context, c *Call, in OfExtension) (PublicAddress, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return PublicAddress{}, err
	}
	if inst, err = c.Host.RotatePublic(ctx, in.Org, inst.Extension, c.Caller.Actor); err != nil {
		return PublicAddress{}, err
	}
	return c.publicAddress(ctx, inst)
})

// RevokePublic takes the approval of public routes back.
var RevokePublic = Define(Spec{
	Name: "revokePublicAddress", Method: "DELETE", Path: "/orgs/{org}/extensions/{extension}/public", Right: identity.Public,
	Doc: "Takes back the approval of public routes: anonymous callers are answered no more",
}, func(ctx context.Context, c *Call, in OfExtension) (None, error) {
	inst, err := c.installation(ctx, in.Org, in.Extension)
	if err != nil {
		return None{}, err
	}
	_, err = c.Host.RevokePublic(ctx, in.Org, inst.Extension, c.Caller.Actor)
	return None{}, err
})

// publicAddress makes a PublicAddress of an installation.
func (c *Call) publicAddress(ctx context.Context, inst registry.Installation) (PublicAddress, error) {
	p := PublicAddress{Extension: inst.Extension, Approved: inst.Granted.Public, Token: inst.PublicToken, Routes: []PublicRoute{}}
	if p.Token != "" {
		p.Base = strings.TrimSuffix(c.PublicURL, "/") + "/public/" + p.Token + "/"
	}
	pkg, err := c.Registry.Package(ctx, inst.Digest)
	if err != nil {
		return p, err
	}
	m, report := manifest.Parse(pkg.Manifest, manifest.Options{})
	if m == nil {
		return p, report.Err()
	}
	for _, r := range m.Contributes.APIRoutes {
		if r.Public {
			p.Routes = append(p.Routes, PublicRoute{Method: r.Method, Path: r.Path})
		}
	}
	return p, nil
}
