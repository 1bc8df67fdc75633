//go:build linux || darwin || freebsd

package badgerstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/storage"
)

// pidFile is where Badger's own lock says who holds it.
const pidFile = "LOCK"

// dirLock holds a data directory. It is the lock that Badger itself would take,
// so that its tools are kept out too; taken here, because recovery needs it
// before Badger is opened.
type dirLock struct {
	dir      *os.File
	held     bool // Badger need not take its own
	readOnly bool
}

// lockDir makes dir if it is missing, and locks it.
func lockDir(dir string, readOnly bool) (*dirLock, error) {
	how := unix.LOCK_SH
	if !readOnly {
		how = unix.LOCK_EX
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, inUse(dir)
		}
		return nil, fmt.Errorf("storage: lock %s: %v", dir, err)
	}
	l := &dirLock{dir: f, held: true, readOnly: readOnly}
	if !readOnly { // advice only: on a full disk there is none
		_ = os.WriteFile(filepath.Join(dir, pidFile), fmt.Appendln(nil, os.Getpid()), 0o600)
	}
	return l, nil
}

func (l *dirLock) release() {
	if !l.readOnly {
		_ = os.Remove(filepath.Join(l.dir.Name(), pidFile))
	}
	_ = l.dir.Close()
}

func inUse(dir string) error {
	return fmt.Errorf("%w: %s is held by %s: stop it, or use another directory", storage.ErrInUse, dir, holderOf(dir))
}

// holderOf says who has locked a directory.
func holderOf(dir string) string {
	pid, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil || len(pid) == 0 {
		return "another process"
	}
	return "process " + strings.TrimSpace(string(pid))
}
