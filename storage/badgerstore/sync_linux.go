package badgerstore

import (
	"os"

	"golang.org/x/sys/unix"
)

// sync is fdatasync: it leaves out only the times of the file, as the msync that
// Badger would use does.
func (localDisk) sync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
