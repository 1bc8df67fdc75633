//go:build linux && cgo

package jail

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const landlockWorks = false

// allThreads makes a system call on this thread: Go cannot reach the threads
// that C has started. The filter of system calls carries no_new_privs, the only
// one, to all of them.
func allThreads(call, a, b, c uintptr) (uintptr, uintptr, syscall.Errno) {
	return unix.Syscall(call, a, b, c)
}

// dropCapabilities fails where becoming nobody has not dropped them already.
func dropCapabilities() error {
	if os.Geteuid() == 0 {
		return errors.New("the program was built with cgo, which cannot drop them on every thread")
	}
	return nil
}
