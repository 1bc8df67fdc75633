//go:build unix

package worker

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketPair returns a connected pair. Both ends block.
func socketPair() (host, child int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, 0, os.NewSyscallError("socketpair", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return fds[0], fds[1], nil
}

// controlPair returns a control socket, whose host's end waits in the runtime's
// poller.
func controlPair() (host, child *os.File, err error) {
	h, c, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(h, true); err != nil {
		_, _ = unix.Close(h), unix.Close(c)
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(h), "control"), os.NewFile(uintptr(c), "control"), nil
}

// lanePair returns a lane. Its ends block a thread each: a wait in the runtime's
// poller costs several times as much as the answer of a call takes to come.
func lanePair() (host file, child *os.File, err error) {
	h, c, err := socketPair()
	if err != nil {
		return file{}, nil, err
	}
	return file{h}, os.NewFile(uintptr(c), "lane"), nil
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
