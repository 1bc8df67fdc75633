//go:build !linux

package badgerstore

import "os"

func (localDisk) sync(f *os.File) error { return f.Sync() }
