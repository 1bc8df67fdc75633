package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

func TestAWriteThatWouldTouchTheReserveIsRefused(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 40)
	s := openOn(t, Config{FreeReserve: 10 << 20}, &testDisk{freed: free.Load})
	if err := put(s, "a", "1"); err != nil {
		t.Fatal(err)
	}
	free.Store(10 << 20) // the reserve, and nothing for what is in memory
	time.Sleep(ampleAge)
	err := put(s, "a", "2")
	if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "10 MiB free") {
		t.Errorf("on a full disk: got error %v, want %v that says how much is free", err, storage.ErrUnavailable)
	}
	wantValue(t, s, "a", "1")
	if err := s.Update(context.Background(), func(storage.Tx) error { return nil }); err != nil {
		t.Errorf("an Update that writes nothing: %v", err)
	}
	free.Store(1 << 30)
	if err := put(s, "a", "3"); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	wantValue(t, s, "a", "3")
}

func TestAFullDiskIsFoundAtOnceAndAnEmptyOneSeldomAsked(t *testing.T) {
	asked, free := 0, int64(1<<40)
	r := &room{dir: "dir", reserve: 1, disk: &testDisk{freed: func() int64 { asked++; return free }}, tables: func() int64 { return 0 }}
	start := time.Now()
	for range 100 {
		if err := r.check(1000); err != nil {
			t.Fatal(err)
		}
	}
	if most := 2 + int(time.Since(start)/ampleAge); asked > most {
		t.Errorf("an empty disk was asked %d times, want at most %d", asked, most)
	}
	if err := r.check(free / 2); err == nil {
		t.Error("a write as large as the disk is let through without asking")
	}
	free, asked = 2*ampleSpace, 0
	time.Sleep(ampleAge)
	for i := 0; free > 1; i++ {
		if err := r.check(ampleSpace / 10); err != nil {
			break
		}
		free -= ampleSpace / 5
	}
	if free < 0 || asked < 5 {
		t.Errorf("%d bytes are left of a disk that was asked %d times while it filled", free, asked)
	}
}

func TestANegativeReserveIsNotChecked(t *testing.T) {
	s := openOn(t, Config{FreeReserve: -1}, &testDisk{freed: func() int64 { return 0 }})
	if err := put(s, "a", "1"); err != nil {
		t.Error(err)
	}
}

func TestWhatIsInMemoryCountsUntilItIsATable(t *testing.T) {
	r := &room{dir: t.TempDir(), disk: localDisk{}}
	old := filepath.Join(r.dir, "00001.mem")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.unflushed = 5
	r.retire(old, 100)
	r.unflushed = 7
	if got := r.pending(); got != 107 {
		t.Errorf("with the full log: %d bytes, want 107", got)
	}
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	if got := r.pending(); got != 7 {
		t.Errorf("when it is a table: %d bytes, want 7", got)
	}
}

// smallDisk mounts a file system of some MiB.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	unmount, err := mountTmpfs(dir, megabytes)
	if err != nil {
		t.Skipf("a small disk cannot be mounted here (%s, as user %d): %v", runtime.GOOS, os.Getuid(), err)
	}
	t.Cleanup(func() {
		if err := unmount(); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// fill takes what is free of a disk but some bytes, until the file is removed.
func fill(t *testing.T, path string, leave int64) {
	t.Helper()
	free, err := localDisk{}.free(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, max(free-leave, 0)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 400)
	dir, filler := filepath.Join(disk, "data"), filepath.Join(disk, "filler")
	fill(t, filler, 150<<20)
	c := Config{Dir: dir, FreeReserve: 8 << 20}
	s := mustOpen(t, c)
	defer func() { s.Close() }()
	random := rand.NewChaCha8([32]byte{})
	value := make([]byte, 700_000)
	acknowledged := map[string]byte{}
	// write writes until the store refuses, and then for a while, in which
	// tables are written and merged in the background.
	write := func(prefix string, n int) (refused int) {
		t.Helper()
		for i := range n {
			_, _ = random.Read(value)
			key := fmt.Sprintf("%s/%03d", prefix, i%120)
			switch err := put(s, key, string(value)); {
			case err == nil:
				acknowledged[key] = value[0]
			case errors.Is(err, storage.ErrUnavailable):
				refused++
				time.Sleep(5 * time.Millisecond)
			default:
				t.Fatalf("write %d: %v", i, err)
			}
		}
		return refused
	}
	if write("a", 500) == 0 {
		t.Fatal("500 writes of 0.7 MB on a disk of 150 MB were all taken")
	}
	check := func() {
		t.Helper()
		for key, first := range acknowledged {
			if got, err := s.Get(context.Background(), storage.Key(key)); err != nil || len(got) != len(value) || got[0] != first {
				t.Fatalf("%s was acknowledged, and now has %d bytes (error %v)", key, len(got), err)
			}
		}
	}
	check()
	// Others fill it to the last byte: nothing faults, and closing waits for room.
	full := filepath.Join(disk, "full")
	fill(t, full, 0)
	if refused := write("b", 5); refused != 5 {
		t.Errorf("%d of 5 writes on a full disk were refused", refused)
	}
	check()
	if err := s.Close(); err != nil && !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Close on a full disk: got error %v, want %v", err, storage.ErrUnavailable)
	}
	for _, path := range []string{full, filler} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close when there is room: %v", err)
	}
	s = mustOpen(t, c)
	check()
	if refused := write("c", 5); refused > 0 {
		free, _ := localDisk{}.free(dir)
		t.Errorf("%d of 5 writes were refused though there is room: %d free, %d in tables, %d pending", refused, free, tableBytes(s.db), s.commits.room.pending())
	}
	check()
}

func TestOpenOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 40)
	c := Config{Dir: filepath.Join(disk, "data")}
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "filler"), 0)
	if _, err := Open(c); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("on a full disk: got error %v, want %v", err, storage.ErrUnavailable)
	}
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	s, err := Open(c)
	if err != nil {
		t.Fatalf("when there is room: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
