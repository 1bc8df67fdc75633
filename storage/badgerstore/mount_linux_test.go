package badgerstore

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mountTmpfs mounts a file system in memory, which needs root.
func mountTmpfs(dir string, megabytes int) (unmount func() error, err error) {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", megabytes)); err != nil {
		return nil, err
	}
	return func() error { return unix.Unmount(dir, 0) }, nil
}
