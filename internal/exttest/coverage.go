package exttest

import (
	"slices"
	"sync"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/manifest"
)

// Coverage is which of the routes and of the server permissions of an extension
// its tests have used.
type Coverage struct {
	Routes            []string `json:"routes"` // "GET notes/:id"
	RoutesMissed      []string `json:"routesMissed"`
	Permissions       []string `json:"permissions"`
	PermissionsMissed []string `json:"permissionsMissed"`
}

// cover counts while tests run.
type cover struct {
	m *manifest.Manifest

	mu     sync.Mutex
	routes map[string]bool
	used   map[permissions.Permission]bool // hosts as http:domain:
}

func newCover(m *manifest.Manifest) *cover {
	return &cover{m: m, routes: map[string]bool{}, used: map[permissions.Permission]bool{}}
}

// invoked counts what an invocation has used.
func (c *cover) invoked(reply runtime.Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if reply.Route != "" {
		c.routes[reply.Route] = true
	}
	for _, m := range bridge.Methods() {
		if reply.Ledger.Bridge.Calls[m.Name] > 0 && m.Permission != permissions.HTTPDomain {
			c.used[m.Permission] = true
		}
	}
}

// fetched counts a host that was allowed.
func (c *cover) fetched(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := permissions.Domain(host)
	if !slices.Contains(c.m.Permissions.Server, p) {
		p = permissions.HTTPFetch
	}
	c.used[p] = true
}

func (c *cover) report() Coverage {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Coverage{Routes: []string{}, RoutesMissed: []string{}, Permissions: []string{}, PermissionsMissed: []string{}}
	for _, route := range c.m.Contributes.APIRoutes {
		name := route.Method + " " + route.Path
		if c.routes[name] {
			r.Routes = append(r.Routes, name)
		} else {
			r.RoutesMissed = append(r.RoutesMissed, name)
		}
	}
	for _, p := range c.m.Permissions.Server {
		if c.used[p] {
			r.Permissions = append(r.Permissions, string(p))
		} else {
			r.PermissionsMissed = append(r.PermissionsMissed, string(p))
		}
	}
	return r
}
