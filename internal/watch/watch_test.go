package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// told reports whether a change is told soon.
func told(w *Watcher, within time.Duration) bool {
	select {
	case <-w.Changes():
		return true
	case <-time.After(within):
		return false
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestChangesAreTold(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "server", "a.js"), "1")
	write(t, filepath.Join(dir, "node_modules", "x", "index.js"), "1")
	w, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, c := range []struct {
		what string
		do   func()
		want bool
	}{
		{"nothing", func() {}, false},
		{"a file is written", func() { write(t, filepath.Join(dir, "server", "a.js"), "2") }, true},
		{"a file takes the place of another, as editors do", func() {
			write(t, filepath.Join(dir, "server", "a.js~"), "3")
			if err := os.Rename(filepath.Join(dir, "server", "a.js~"), filepath.Join(dir, "server", "a.js")); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"a directory is made", func() { write(t, filepath.Join(dir, "more", "deep", "b.js"), "1") }, true},
		{"a file in it changes", func() { write(t, filepath.Join(dir, "more", "deep", "b.js"), "2") }, true},
		{"a module changes", func() { write(t, filepath.Join(dir, "node_modules", "x", "index.js"), "2") }, false},
		{"an editor's own file changes", func() { write(t, filepath.Join(dir, ".a.js.swp"), "2") }, false},
		{"a file is removed", func() { _ = os.Remove(filepath.Join(dir, "server", "a.js")) }, true},
	} {
		c.do()
		within := 2 * time.Second
		if !c.want {
			within = 150 * time.Millisecond
		}
		if got := told(w, within); got != c.want {
			t.Errorf("%s: told %v, want %v", c.what, got, c.want)
		}
		for told(w, 100*time.Millisecond) { // what belongs to it and came late
		}
	}
}

// What is written at once is told at once: few times, on a machine that may stop in
// between, and not as often as it was written.
func TestManyWritesAreToldTogether(t *testing.T) {
	const writes = 100
	dir := t.TempDir()
	w, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	count, written := make(chan int), make(chan struct{})
	go func() {
		n := 0
		for done := false; !done; {
			select {
			case <-w.Changes():
				n++
			case <-written:
				for told(w, 200*time.Millisecond) {
					n++
				}
				done = true
			}
		}
		count <- n
	}()
	for range writes {
		write(t, filepath.Join(dir, "a.js"), time.Now().String())
	}
	close(written)
	if n := <-count; n == 0 || n > writes/5 {
		t.Errorf("%d writes were told %d times", writes, n)
	}
}

func TestClosingEndsTheChannel(t *testing.T) {
	w, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, open := <-w.Changes(); open {
		t.Error("a change was told after Close")
	}
}

// Directories that are made and removed again and again, as a build does, do not
// count for ever.
func TestRemovedDirectoriesDoNotCount(t *testing.T) {
	dir := t.TempDir()
	w, err := newWatcher(3, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 3 {
		write(t, filepath.Join(dir, "build", "out", "a.js"), "1")
		if !told(w, 2*time.Second) {
			t.Fatal("making a directory is not told")
		}
		for told(w, 100*time.Millisecond) {
		}
		write(t, filepath.Join(dir, "build", "out", "a.js"), "2")
		if !told(w, 2*time.Second) {
			t.Fatal("a file in it changes, and it is not told")
		}
		if err := os.RemoveAll(filepath.Join(dir, "build")); err != nil {
			t.Fatal(err)
		}
		for told(w, 100*time.Millisecond) {
		}
	}
}
