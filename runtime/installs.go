package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/storage"
)

// maxInstalls is how many installations are held ready. The others are read
// from the store when they are called.
const maxInstalls = 20_000

// installed is an installation ready to be called. It is immutable.
type installed struct {
	registry.Installation
	org      registry.OrgState
	manifest *manifest.Manifest
	pkg      *registry.Package
	grants   *permissions.Grants
	config   json.RawMessage // defaults filled in
	space    *storage.Space
}

// installs holds installations ready, as they are in the store: what changes
// there is forgotten here in the same call.
type installs struct {
	load   func(ctx context.Context, o owner) (*installed, error)
	unused func(programKey) // told of programs that nothing held here needs any more

	mu      sync.RWMutex
	changes uint64 // grows when anything is forgotten
	ready   map[owner]*installed

	// needed counts how many of ready and stale need a program. Stale ones were
	// forgotten and not read again yet: until then their programs stay.
	needed map[programKey]int
	stale  map[owner]*installed
}

func newInstalls(load func(context.Context, owner) (*installed, error), unused func(programKey)) *installs {
	return &installs{
		load: load, unused: unused,
		ready: map[owner]*installed{}, needed: map[programKey]int{}, stale: map[owner]*installed{},
	}
}

// get returns the installation, or an error of the registry.
func (c *installs) get(ctx context.Context, o owner) (*installed, error) {
	c.mu.RLock()
	inst, changes := c.ready[o], c.changes
	c.mu.RUnlock()
	if inst != nil {
		return inst, nil
	}
	inst, err := c.load(ctx, o)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// What was read before a change must not be kept after it. What another
	// call has read meanwhile is the same.
	if c.changes == changes && c.ready[o] == nil {
		if len(c.ready) >= maxInstalls {
			for other, dropped := range c.ready {
				delete(c.ready, other)
				c.count(dropped, -1)
				break
			}
		}
		c.ready[o] = inst
		c.count(inst, 1) // before the old ones go: most handlers are the same
		c.settle(o)
	}
	return inst, nil
}

// forget makes the next call read the store.
func (c *installs) forget(o owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if old := c.ready[o]; old != nil {
		delete(c.ready, o)
		c.settle(o)
		if len(c.stale) >= maxInstalls {
			c.count(old, -1)
			return
		}
		c.stale[o] = old
	}
}

// release forgets an installation that will not be called again.
func (c *installs) release(o owner) {
	c.forget(o)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(o)
}

// forgetOrg forgets every installation of an organization.
func (c *installs) forgetOrg(org string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	for o, old := range c.ready {
		if o.org == org {
			delete(c.ready, o)
			c.count(old, -1)
		}
	}
}

// settle gives up what was kept of a forgotten installation, with the lock held.
func (c *installs) settle(o owner) {
	if old := c.stale[o]; old != nil {
		delete(c.stale, o)
		c.count(old, -1)
	}
}

// count adds n users to the programs of an installation, with the lock held.
func (c *installs) count(inst *installed, n int) {
	for _, handler := range inst.pkg.Handlers {
		key := keyOf(inst.Extension, handler)
		c.needed[key] += n
		if c.needed[key] <= 0 {
			delete(c.needed, key)
			c.unused(key)
		}
	}
}

// load reads an installation and what it pins.
func (h *Host) load(ctx context.Context, o owner) (*installed, error) {
	inst, pkg, err := h.pinned(ctx, o)
	if err != nil {
		return nil, err
	}
	org, err := h.registry.Org(ctx, o.org)
	if err != nil {
		return nil, err
	}
	// What was accepted stays readable, whatever the operator decides later:
	// what is granted decides.
	m, report := manifest.Parse(pkg.Manifest, manifest.Options{})
	if m == nil {
		return nil, fmt.Errorf("runtime: stored manifest of %s is not valid any more: %v", o.extension, report.Err())
	}
	config, err := m.Contributes.Configuration.WithDefaults(inst.Config)
	if err != nil {
		return nil, err
	}
	return &installed{
		Installation: inst,
		org:          org.State,
		manifest:     m,
		pkg:          pkg,
		grants:       permissions.NewGrants(inst.Extension, inst.Granted, h.cfg.Policy),
		config:       config,
		space:        h.space(o),
	}, nil
}

// pinned reads an installation and its package. A package that was replaced and
// released between the two is read again.
func (h *Host) pinned(ctx context.Context, o owner) (registry.Installation, *registry.Package, error) {
	last := ""
	for {
		inst, err := h.registry.Get(ctx, o.org, o.extension)
		if err != nil {
			return inst, nil, err
		}
		pkg, err := h.registry.Package(ctx, inst.Digest)
		if err == nil || !errors.Is(err, registry.ErrNotFound) || inst.Digest == last {
			return inst, pkg, err
		}
		last = inst.Digest
	}
}

// space is where the data of an installation lives.
func (h *Host) space(o owner) *storage.Space {
	return Space(h.cfg.Store, o.org, o.extension, storage.SpaceConfig{
		MaxKeys:  h.cfg.Limits.StorageKeys,
		MaxValue: h.cfg.Limits.StorageValue,
		Now:      h.cfg.Now,
	})
}

// Space is where the data of one extension in one organization lives. It is
// for who looks after a store that no host has open.
func Space(store storage.Store, org, extension string, c storage.SpaceConfig) *storage.Space {
	return storage.NewSpace(store, storage.Key("ext/"+org+"/"+extension+"/"), c)
}
