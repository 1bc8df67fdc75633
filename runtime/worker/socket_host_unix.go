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

// laneEnds are the worker's ends of a lane, on their way there.
type laneEnds struct{ in, out *os.File }

func (e laneEnds) close() { _, _ = e.in.Close(), e.out.Close() }

// lanePair returns a lane: two pipes. Their ends block a thread each: a wait in
// the runtime's poller costs several times as much as the answer of a call takes
// to come. So does a pair of sockets, whose reader the kernel wakes twice for each
// frame: when the other side has read the last one, and when there is a next.
func lanePair() (host file, child laneEnds, err error) {
	toChild, err := rawPipe()
	if err != nil {
		return file{}, laneEnds{}, err
	}
	toHost, err := rawPipe()
	if err != nil {
		_, _ = unix.Close(toChild[0]), unix.Close(toChild[1])
		return file{}, laneEnds{}, err
	}
	child = laneEnds{in: os.NewFile(uintptr(toChild[0]), "lane"), out: os.NewFile(uintptr(toHost[1]), "lane")}
	return file{in: toHost[0], out: toChild[1]}, child, nil
}

// rawPipe returns a pipe, reader first, that no other program inherits.
func rawPipe() (fds [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds[:]); err != nil {
		return fds, os.NewSyscallError("pipe", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return fds, nil
}

// pipe returns a pipe whose writer never blocks: what does not fit is lost.
func pipe() (host, child *os.File, err error) {
	fds, err := rawPipe()
	if err != nil {
		return nil, nil, err
	}
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			_, _ = unix.Close(fds[0]), unix.Close(fds[1])
			return nil, nil, os.NewSyscallError("fcntl", err)
		}
	}
	return os.NewFile(uintptr(fds[0]), "last words"), os.NewFile(uintptr(fds[1]), "last words"), nil
}

// writeNow writes a frame, and a lane's ends with it, without waiting. A socket
// that has no room for a few bytes belongs to a worker that does not read.
func writeNow(f *os.File, frame []byte, with *laneEnds) error {
	var rights []byte
	if with != nil {
		rights = unix.UnixRights(int(with.in.Fd()), int(with.out.Fd()))
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
