package standard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/identity"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/badgerstore"
	"github.com/annexhost/annex/storage/memstore"
)

// State is everything durable, without engines and network: what a command
// needs that looks after a directory which is not being served.
type State struct {
	Store    storage.Store
	Keeper   *secrets.Keeper
	Audit    *audit.Log
	Registry *registry.Registry
	Tokens   *identity.Tokens
	Logs     *logs.Book

	saveKey  func(secrets.MasterKey) error // nil: the key's place cannot be written
	rotating sync.Mutex
	now      func() time.Time
}

// auditKey is the purpose under which the key of the audit's chains is derived.
const auditKey = "audit"

// OpenState opens the state in dir. Of the options it needs Logger, MasterKey,
// NoSync and Now.
func OpenState(ctx context.Context, dir string, o Options) (*State, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := checkRestored(dir); err != nil {
		return nil, err
	}
	sync := badgerstore.SyncGroup
	if o.NoSync {
		sync = badgerstore.SyncOff
	}
	store, err := badgerstore.Open(badgerstore.Config{Dir: filepath.Join(dir, storeDir), Sync: sync, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	key := o.MasterKey
	if key == (secrets.MasterKey{}) {
		path := filepath.Join(dir, keyFile)
		if key, _, err = secrets.OpenKeyFile(path); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		o.SaveMasterKey = func(k secrets.MasterKey) error { return secrets.ReplaceKeyFile(path, k) }
	}
	return newState(ctx, store, key, o)
}

func memoryState(ctx context.Context, o Options) (*State, error) {
	key := o.MasterKey
	if key == (secrets.MasterKey{}) {
		var err error
		if key, err = secrets.NewMasterKey(); err != nil {
			return nil, err
		}
	}
	return newState(ctx, memstore.New(), key, o)
}

func newState(ctx context.Context, store storage.Store, key secrets.MasterKey, o Options) (*State, error) {
	format, err := checkFormat(ctx, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	keeper, err := secrets.NewKeeper(ctx, store, key, secrets.KeeperConfig{Now: o.Now})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := upgrade(ctx, store, keeper, format, o); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	chainKey, err := keeper.DeriveKey(auditKey)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	log, err := audit.Open(store, chainKey, o.Now)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &State{Store: store, Keeper: keeper, Audit: log, Registry: registry.New(store), Tokens: identity.NewTokens(store, o.Now),
		Logs:    logs.Open(store, logs.Config{MaxBytes: o.LogBytes, MaxAge: o.LogAge, Now: o.Now}),
		saveKey: o.SaveMasterKey, now: now(o)}, nil
}

// Space is the data of one extension in one organization.
func (s *State) Space(org, extension string, o Options) *storage.Space {
	return runtime.Space(s.Store, org, extension, storage.SpaceConfig{
		MaxKeys: o.Limits.StorageKeys, MaxValue: o.Limits.StorageValue, Now: o.Now,
	})
}

// Bytes is the size of the store on disk; 0 for one in memory.
func (s *State) Bytes() int64 {
	if sized, ok := s.Store.(interface{ Bytes() int64 }); ok {
		return sized.Bytes()
	}
	return 0
}

// Close writes what waits and closes the store.
func (s *State) Close(ctx context.Context) error {
	return errors.Join(s.Logs.Close(ctx), s.Audit.Close(ctx), s.Store.Close())
}
