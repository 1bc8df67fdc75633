//go:build linux && !cgo

package jail

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const landlockWorks = true

// allThreads makes a system call on every thread.
func allThreads(call, a, b, c uintptr) (uintptr, uintptr, syscall.Errno) {
	return syscall.AllThreadsSyscall(call, a, b, c)
}

// dropCapabilities drops them on every thread: they belong to threads.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, e := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0)
	if e != 0 {
		return e
	}
	return nil
}
