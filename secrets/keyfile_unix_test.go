//go:build unix

package secrets

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestKeyFileThatIsAPipe: a pipe that nobody writes to does not hang the start.
func TestKeyFileThatIsAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeyFile(path); !errors.Is(err, ErrNoMasterKey) || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v, want ErrNoMasterKey", err)
	}
}
