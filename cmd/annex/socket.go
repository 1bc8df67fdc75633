package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"time"
)

// socketName is the operator's door of a directory that is being served.
const socketName = "admin.sock"

// maxSocketPath is the longest path of a socket, of all systems.
const maxSocketPath = 103

// listenSocket opens the socket in dir, for this user alone. It may only be
// called while the store in dir is open: who has the store owns the socket, so
// one that is there was left behind.
func listenSocket(dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketName)
	if goruntime.GOOS == "windows" { // where the directory decides who may connect, and not a mode
		_ = os.Remove(path)
		return net.Listen("unix", path)
	}
	// Bound where nobody else can look, given its mode, and then put in its
	// place: at no moment can others connect.
	private, err := os.MkdirTemp(dir, ".door")
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	defer os.RemoveAll(private)
	bound := filepath.Join(private, "s")
	short, done, err := shortPath(bound)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // not under that name
	err = os.Chmod(bound, 0o600)
	if err == nil {
		err = os.Rename(bound, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("admin socket: %w", err), l.Close())
	}
	return &socketListener{l, path}, nil
}

// socketListener removes its file when it is closed.
type socketListener struct {
	net.Listener
	path string
}

// Close removes the file first: who finds it can connect.
func (s *socketListener) Close() error {
	_ = os.Remove(s.path)
	return s.Listener.Close()
}

// dialSocket connects to the socket in dir.
func dialSocket(ctx context.Context, dir string) (net.Conn, error) {
	short, done, err := shortPath(filepath.Join(dir, socketName))
	if err != nil {
		return nil, err
	}
	defer done()
	d := net.Dialer{Timeout: 5 * time.Second}
	return d.DialContext(ctx, "unix", short)
}

// shortPath returns another name of path when it is too long for a socket:
// Linux has one through an open directory.
func shortPath(path string) (string, func(), error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	if goruntime.GOOS != "linux" {
		return "", nil, usagef("--data: the path of the socket, %s, is longer than the %d bytes that this system allows; choose a shorter directory", path, maxSocketPath)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	short := "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + filepath.Base(path)
	return short, func() { _ = dir.Close() }, nil
}
