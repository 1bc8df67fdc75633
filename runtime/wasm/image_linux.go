package wasm

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// image is a snapshot in a file without a name, from where it is mapped.
type image struct {
	file   *os.File
	offset int64
	size   uint64 // whole pages
}

func (i *image) fd() int { return int(i.file.Fd()) }

// memoryFile makes a file that is in memory only.
func memoryFile(size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("annex-snapshot", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "annex-snapshot")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// newImage keeps data where it can be mapped from. It returns nil where the
// system has no place for it: then it is copied.
func newImage(data []byte, arena *Arena) *image {
	size := (uint64(len(data)) + osPage - 1) &^ (osPage - 1)
	if size <= copyBelow {
		return nil
	}
	if arena != nil {
		return arena.keep(data, size)
	}
	f, err := memoryFile(int64(size))
	if err != nil {
		return nil
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		f.Close()
		return nil
	}
	return &image{file: f, size: size} // closed by its finalizer, when no snapshot needs it
}

// Arena is room for snapshots that was made before the process sealed itself:
// inside of its jail a process can make no files, but can map this one.
type Arena struct {
	file   *os.File
	window []byte

	mu   sync.Mutex
	used int64
}

// NewArena makes an arena of size bytes, which take no memory until they are
// used.
func NewArena(size int64) (*Arena, error) {
	f, err := memoryFile(size)
	if err != nil {
		return nil, fmt.Errorf("wasm: arena: %w", err)
	}
	window, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("wasm: arena: %w", err)
	}
	return &Arena{file: f, window: window}, nil
}

// keep writes a snapshot behind the others. What is in an arena stays.
func (a *Arena) keep(data []byte, size uint64) *image {
	a.mu.Lock()
	defer a.mu.Unlock()
	if uint64(a.used)+size > uint64(len(a.window)) {
		return nil
	}
	i := &image{file: a.file, offset: a.used, size: size}
	copy(a.window[a.used:], data)
	a.used += int64(size)
	return i
}
