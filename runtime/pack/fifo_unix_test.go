//go:build unix

package pack

import (
	"path/filepath"
	"syscall"
	"testing"
)

// Who opens a FIFO waits for somebody to write.
func TestDirectoryRefusesFIFO(t *testing.T) {
	dir := goodTree(nil).write(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.js"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	checkError(t, "a FIFO", err, InvalidArchive, "no regular file")

	fifo := filepath.Join(t.TempDir(), "fifo.bpx")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = Open(fifo, Options{})
	checkError(t, "a FIFO as an archive", err, InvalidArchive, "no regular file")
}
