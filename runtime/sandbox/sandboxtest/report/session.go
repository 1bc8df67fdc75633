package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/bridgetest"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/attacks"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest/corpus"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// canary is what another organization keeps. It must never leave a sandbox.
const canary = "canary-7d1f-of-another-organization"

// gateway is the way out to the network that all sessions share: a real one, for
// which no name exists.
var gateway = sync.OnceValues(func() (*egress.Gateway, error) { return egress.New(egress.Policy{Resolver: noNames{}}) })

type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// newSession binds the table to an invocation of one organization, with the
// data of another beside it in the same store.
func newSession(a attacks.Attack) (corpus.Session, error) {
	ctx := context.Background()
	store := memstore.New()
	space := func(org string) *storage.Space {
		return storage.NewSpace(store, storage.Key("data/"+org+"/"+bridgetest.Extension+"/"), storage.SpaceConfig{})
	}
	n := &neighbourhood{Fixture: bridgetest.New(bridgetest.Config{}), data: space("org-2")}
	g, err := gateway()
	if err == nil {
		err = n.settle(ctx, store)
	}
	if err != nil {
		return corpus.Session{}, err
	}
	session := bridge.NewSession(bridge.SessionConfig{
		Invocation: a.Name, Org: bridgetest.Org, Extension: bridgetest.Extension, ShortName: bridgetest.ShortName, Version: "1.0.0",
		Grants:  permissions.NewGrants(bridgetest.Extension, permissions.Set{Server: grants(a)}, permissions.Policy{}),
		User:    &bridge.User{ID: "u1", Email: "u@example.com", OrgID: bridgetest.Org, Role: "member"},
		Storage: space(bridgetest.Org), Secrets: n.keeper, Fetcher: g.Client(bridgetest.Org + "/" + bridgetest.Extension),
		Events: n.Events, Audit: n.Audit, Log: n.Log, Faults: n.Faults,
	})
	return corpus.Session{Call: session.Call, Check: func(text string) string {
		_ = session.Close(ctx)
		return n.spoils(ctx, text)
	}}, nil
}

// grants are the permissions of an attack's session.
func grants(a attacks.Attack) []permissions.Permission {
	if a.Grants == nil {
		return bridgetest.AllPermissions()
	}
	var all []permissions.Permission
	for _, g := range a.Grants {
		if g != "none" {
			all = append(all, permissions.Permission(g))
		}
	}
	return all
}

// neighbourhood is what another organization has in the same store, and what an
// attack leaves in the log.
type neighbourhood struct {
	*bridgetest.Fixture
	data   *storage.Space
	keeper *secrets.Keeper
}

// itsOwner is the same extension in the other organization.
var itsOwner = secrets.Owner{Org: "org-2", Extension: bridgetest.Extension}

// masterKey is one for all sessions: to make one takes longer than an attack.
var masterKey = sync.OnceValues(secrets.NewMasterKey)

// settle puts the canary where it belongs.
func (n *neighbourhood) settle(ctx context.Context, store storage.Store) error {
	key, err := masterKey()
	if err != nil {
		return err
	}
	if n.keeper, err = secrets.NewKeeper(ctx, store, key, secrets.KeeperConfig{}); err != nil {
		return err
	}
	if _, err = n.keeper.Set(ctx, itsOwner, "token", secrets.NewValue(canary)); err != nil {
		return err
	}
	return n.data.Set(ctx, "k", []byte(`"`+canary+`"`), 0)
}

// spoils says what an attack has taken from the other organization, or changed
// there, or made the host fail at. text is what it got out.
func (n *neighbourhood) spoils(ctx context.Context, text string) string {
	seen := text + fmt.Sprint(n.Log.All(), n.Events.All(), n.Audit.All())
	if strings.Contains(seen, canary) {
		return "what another organization keeps came out"
	}
	if value, err := n.data.Get(ctx, "k"); err != nil || string(value) != `"`+canary+`"` {
		return "what another organization keeps was changed"
	}
	if value, err := n.keeper.Get(ctx, itsOwner, "token"); err != nil || string(value.Reveal()) != canary {
		return "another organization's secret was changed"
	}
	if faults := n.Faults.All(); len(faults) > 0 {
		return "the bridge took it for a fault of its own: " + faults[0]
	}
	return ""
}
