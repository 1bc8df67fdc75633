package atomicfile

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// A file that is written again and again is whole whenever it is read, and
// nothing is left beside it.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.bpx")
	var writing sync.WaitGroup
	for _, letter := range []byte("abc") {
		writing.Go(func() {
			for range 30 {
				if err := Write(name, bytes.Repeat([]byte{letter}, 100_000), 0o640); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); writing.Wait() }()
	for more := true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		data, err := os.ReadFile(name)
		if more && os.IsNotExist(err) {
			continue // not yet
		}
		if err != nil || len(data) != 100_000 || bytes.Count(data, data[:1]) != len(data) {
			t.Fatalf("read %d bytes, %v", len(data), err)
		}
	}
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Write(filepath.Join(dir, "absent", "a"), nil, 0o600); err == nil {
		t.Error("a directory that is not there: no error")
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "taken"), []byte("x"), 0o600); err == nil {
		t.Error("in place of a directory: no error")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
}
