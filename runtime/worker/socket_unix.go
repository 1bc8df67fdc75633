//go:build unix

package worker

import (
	"io"

	"golang.org/x/sys/unix"
)

// file is an end of a lane, or of the control socket in a worker: what it reads
// from and what it writes to. Reads and writes block their thread, so that an
// answer finds it where it stopped.
type file struct{ in, out int }

func (f *file) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(f.in, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (f *file) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		n, err := unix.Write(f.out, b[written:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

func (f *file) close() { _, _ = unix.Close(f.in), unix.Close(f.out) }

// controlSocket is the control socket in a worker. Descriptors that come with
// frames wait in rights.
type controlSocket struct {
	file
	rights []int
}

func newControlSocket() controlSocket { return controlSocket{file: file{controlFile, controlFile}} }

// Read receives bytes, and the descriptors of a lane with them.
func (c *controlSocket) Read(b []byte) (int, error) {
	rights := make([]byte, unix.CmsgSpace(2*4))
	for {
		n, got, _, _, err := unix.Recvmsg(c.in, b, rights, recvFlags)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		c.keep(rights[:got])
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
	}
}

func (c *controlSocket) keep(rights []byte) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			c.rights = append(c.rights, fds...)
		}
	}
}

// takeFile returns the end of a lane that came first.
func (c *controlSocket) takeFile() (file, bool) {
	if len(c.rights) < 2 {
		return file{}, false
	}
	f := file{in: c.rights[0], out: c.rights[1]}
	c.rights = c.rights[2:]
	return f, true
}

// isSocket reports whether fd is one.
func isSocket(fd int) bool {
	_, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil
}
