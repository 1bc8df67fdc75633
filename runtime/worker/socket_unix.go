//go:build unix

package worker

import (
	"io"

	"golang.org/x/sys/unix"
)

// file is an end of a lane, or of the control socket in a worker: reads and
// writes block their thread, so that an answer finds it where it stopped.
type file struct{ fd int }

func (f *file) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(f.fd, b)
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
		n, err := unix.Write(f.fd, b[written:])
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

func (f *file) close() { _ = unix.Close(f.fd) }

// controlSocket is the control socket in a worker. Descriptors that come with
// frames wait in files.
type controlSocket struct {
	file
	files []int
}

func newControlSocket() controlSocket { return controlSocket{file: file{controlFile}} }

// Read receives bytes, and a descriptor with them.
func (c *controlSocket) Read(b []byte) (int, error) {
	rights := make([]byte, unix.CmsgSpace(4))
	for {
		n, got, _, _, err := unix.Recvmsg(c.fd, b, rights, recvFlags)
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
			c.files = append(c.files, fds...)
		}
	}
}

// takeFile returns the descriptor that came first.
func (c *controlSocket) takeFile() (file, bool) {
	if len(c.files) == 0 {
		return file{}, false
	}
	fd := c.files[0]
	c.files = c.files[1:]
	return file{fd}, true
}

// isSocket reports whether fd is one.
func isSocket(fd int) bool {
	_, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil
}
