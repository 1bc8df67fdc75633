package badgerstore

import (
	"errors"

	"github.com/annexhost/annex/storage"
)

// Condition is what can be said of a directory without opening the store in it.
type Condition struct {
	Holder string // who has it open, such as "process 12"; empty: nobody. Not known on Windows
	Free   int64  // bytes that may be written to its disk
	Need   int64  // bytes that must be free for the store to be opened and written to
}

// Inspect looks at an existing directory, and changes nothing in it.
func Inspect(dir string) (Condition, error) {
	c := Condition{Need: DefaultFreeReserve + openBytes}
	lock, err := lockDir(dir, true)
	switch {
	case errors.Is(err, storage.ErrInUse):
		c.Holder = holderOf(dir)
	case err != nil:
		return c, err
	default:
		lock.release()
	}
	c.Free, err = localDisk{}.free(dir)
	return c, err
}
