package badgerstore

import "os"

// disk is what the store asks of the operating system beside reading and
// writing. Tests put themselves between.
type disk interface {
	// sync returns when all that was written to f, through any descriptor or
	// memory map, is on the device.
	sync(f *os.File) error

	// syncDir does the same for the names in a directory.
	syncDir(dir string) error

	// free returns how many bytes may be written to the disk of dir.
	free(dir string) (int64, error)
}

// localDisk is the disk.
type localDisk struct{}
