package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestOpenKeyFileMakesItOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	first, created, err := OpenKeyFile(path)
	if err != nil || !created {
		t.Fatalf("first open: created %v, %v", created, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %#o, want 0600", got)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second, created, err := OpenKeyFile(path)
	if err != nil || created || second.ID() != first.ID() {
		t.Errorf("second open: %v, created %v, %v; want %v", second, created, err, first)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the second open changed the file")
	}
}

func TestReadKeyFileDoesNotMakeOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "named.key")
	if _, err := ReadKeyFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
}

func TestKeyFileRefusesLooseModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	path := filepath.Join(t.TempDir(), "master.key")
	if _, _, err := OpenKeyFile(path); err != nil {
		t.Fatal(err)
	}
	for mode := range fs.FileMode(0o1000) {
		if mode&0o400 == 0 {
			continue // unreadable is another matter, and root reads it
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, _, err := OpenKeyFile(path)
		if mode&0o077 == 0 {
			if err != nil {
				t.Errorf("mode %#o: %v", mode, err)
			}
			continue
		}
		if !errors.Is(err, ErrNoMasterKey) || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %#o: got %v, want ErrNoMasterKey with the remedy", mode, err)
		}
	}
}

func TestKeyFileRefusesWhatIsNoKey(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		rule, wantErr string
		make          func(path string) error
	}{
		{"an empty file, left by a crash", "is empty", func(p string) error { return os.WriteFile(p, nil, 0o600) }},
		{"no base64", "not base64", func(p string) error { return os.WriteFile(p, []byte("secret!"), 0o600) }},
		{"a huge file", "more than 8192 bytes", func(p string) error { return os.WriteFile(p, make([]byte, 1<<20), 0o600) }},
		{"a directory", "not a regular file", func(p string) error { return os.Mkdir(p, 0o700) }},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(tt.rule, " ", "-"))
		if err := tt.make(path); err != nil {
			t.Fatal(err)
		}
		_, created, err := OpenKeyFile(path)
		if !errors.Is(err, ErrNoMasterKey) || !strings.Contains(err.Error(), tt.wantErr) || !strings.Contains(err.Error(), path) || created {
			t.Errorf("%s: got %v, want ErrNoMasterKey with %q and the path", tt.rule, err, tt.wantErr)
		}
	}
}

func TestOpenKeyFileReportsAMissingDirectory(t *testing.T) {
	_, _, err := OpenKeyFile(filepath.Join(t.TempDir(), "absent", "master.key"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestCreateKeyFileNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := createKeyFile(path, mustKey(t)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Errorf("the file is now %q", got)
	}
}

func TestOpenKeyFileRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := make(map[string]bool)
	made := 0
	for range 8 {
		wg.Go(func() {
			key, created, err := OpenKeyFile(path)
			mu.Lock()
			defer mu.Unlock()
			if created {
				made++
			}
			// Who comes between the creation and the write is told so; nobody
			// gets another key.
			if err == nil {
				ids[key.ID()] = true
			} else if !errors.Is(err, ErrNoMasterKey) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || made != 1 {
		t.Errorf("%d different keys, made %d times; want 1 and 1", len(ids), made)
	}
}
