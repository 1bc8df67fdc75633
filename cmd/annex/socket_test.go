package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
)

// The socket is for its owner alone, from its first moment; its path may be
// longer than sockets know; one that was left behind is replaced.
func TestSocket(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("the mode of a socket says nothing on Windows")
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	for _, dir := range []string{t.TempDir(), long} {
		if len(dir) > maxSocketPath && goruntime.GOOS != "linux" {
			continue // refused there, with the remedy
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if conn, err := dialSocket(t.Context(), dir); err == nil {
			conn.Close()
			t.Fatal("there is a socket before it was opened")
		}
		left, err := listenSocket(dir)
		if err != nil {
			t.Fatal(err)
		}
		left.(*socketListener).Listener.Close() // as a process that was killed leaves it
		l, err := listenSocket(dir)
		if err != nil {
			t.Fatalf("over one that was left behind: %v", err)
		}
		info, err := os.Stat(filepath.Join(dir, socketName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
		}
		exchanged(t, l, dir)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		names, err := os.ReadDir(dir)
		if err != nil || len(names) != 0 {
			t.Errorf("left in the directory: %v, %v", names, err)
		}
	}
}

// exchanged sends a byte through the socket.
func exchanged(t *testing.T, l net.Listener, dir string) {
	t.Helper()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Write([]byte("x"))
			conn.Close()
		}
	}()
	conn, err := dialSocket(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if n, err := conn.Read(make([]byte, 1)); n != 1 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
