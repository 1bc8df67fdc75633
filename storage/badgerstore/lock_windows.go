package badgerstore

import (
	"fmt"
	"os"

	"github.com/annexhost/annex/storage"
)

// dirLock holds a data directory: here Badger takes its own lock.
type dirLock struct{ held bool }

func lockDir(dir string, readOnly bool) (*dirLock, error) {
	if !readOnly {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
	}
	return &dirLock{}, nil
}

func (*dirLock) release() {}

func inUse(dir string) error {
	return fmt.Errorf("%w: %s: stop the other process, or use another directory", storage.ErrInUse, dir)
}

func holderOf(string) string { return "another process" }
