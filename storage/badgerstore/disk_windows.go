package badgerstore

import "golang.org/x/sys/windows"

// syncDir does nothing: names are durable with their files.
func (localDisk) syncDir(string) error { return nil }

func (localDisk) free(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(min(free, 1<<62)), nil
}
