package bridgetest

import (
	"context"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// Storage is the storage of one extension in memory.
type Storage struct {
	bridge.Storage
	Err error // what Get fails with
}

// newStorage returns storage with the default quotas.
func newStorage() *Storage {
	c := storage.SpaceConfig{Now: func() time.Time { return Now }}
	return &Storage{Storage: storage.NewSpace(memstore.New(), "data/"+Org+"/"+Extension+"/", c)}
}

// Get implements bridge.Storage.
func (s *Storage) Get(ctx context.Context, key string) ([]byte, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	return s.Storage.Get(ctx, key)
}
