package bridgetest

import (
	"context"

	"github.com/annexhost/annex/bridge"
)

// Storage is storage in memory.
type Storage struct {
	bridge.Storage
	Err error // what Get and Set fail with
}

func newStorage() *Storage { return &Storage{Storage: newMemory()} }

// Get implements bridge.Storage.
func (s *Storage) Get(ctx context.Context, key string) ([]byte, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	return s.Storage.Get(ctx, key)
}
