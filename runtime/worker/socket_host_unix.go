//go:build unix

package worker

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketPair returns a connected pair: the host's end, which waits in the
// runtime's poller, and the end for a child, which blocks.
func socketPair() (host, child *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		_, _ = unix.Close(fds[0]), unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "worker"), nil
}

// pipe returns a pipe whose writer never blocks: what does not fit is lost.
func pipe() (host, child *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	err = unix.Pipe(fds[:])
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			_, _ = unix.Close(fds[0]), unix.Close(fds[1])
			return nil, nil, os.NewSyscallError("fcntl", err)
		}
	}
	return os.NewFile(uintptr(fds[0]), "last words"), os.NewFile(uintptr(fds[1]), "last words"), nil
}

// writeNow writes a frame, and a descriptor with it, without waiting. A socket
// that has no room for a few bytes belongs to a worker that does not read.
func writeNow(f *os.File, frame []byte, with *os.File) error {
	var rights []byte
	if with != nil {
		rights = unix.UnixRights(int(with.Fd()))
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		n, err := unix.SendmsgN(int(fd), frame, rights, nil, 0)
		if failed = err; err == nil && n < len(frame) {
			failed = unix.EAGAIN
		}
	})
	if err != nil {
		return err
	}
	return failed
}
