package badgerstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/storage"
)

// testDisk is a disk that tests stand in front of.
type testDisk struct {
	localDisk
	onSync func(f *os.File) error // nil: nothing happens
	freed  func() int64           // nil: what the disk says
}

func (d *testDisk) sync(f *os.File) error {
	if d.onSync == nil {
		return nil
	}
	return d.onSync(f)
}

func (d *testDisk) free(dir string) (int64, error) {
	if d.freed != nil {
		return d.freed(), nil
	}
	return d.localDisk.free(dir)
}

func openOn(t *testing.T, c Config, d disk) *Store {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	s, err := open(c, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(s storage.Store, key, value string) error {
	return s.Update(context.Background(), func(tx storage.Tx) error { return tx.Put(storage.Key(key), []byte(value)) })
}

func wantValue(t *testing.T, s storage.Reader, key, want string) {
	t.Helper()
	got, err := s.Get(context.Background(), storage.Key(key))
	if want == "-" {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: got %q, error %v; want none", key, got, err)
		}
		return
	}
	if err != nil || string(got) != want {
		t.Errorf("%q: got %q, error %v; want %q", key, got, err, want)
	}
}

func TestNothingIsAcknowledgedBeforeTheSync(t *testing.T) {
	syncing, release := make(chan struct{}, 100), make(chan struct{})
	s := openOn(t, Config{}, &testDisk{onSync: func(*os.File) error {
		syncing <- struct{}{}
		<-release
		return nil
	}})
	const n = 5
	done := make(chan error, n)
	for i := range n {
		go func() { done <- put(s, fmt.Sprintf("k%d", i), "x") }()
	}
	<-syncing
	select {
	case err := <-done:
		t.Fatalf("acknowledged (error %v) while the sync had not returned", err)
	case <-time.After(100 * time.Millisecond):
	}
	for i := range n {
		wantValue(t, s, fmt.Sprintf("k%d", i), "-") // nor is it seen
	}
	close(release)
	for range n {
		if err := <-done; err != nil {
			t.Errorf("after the sync: %v", err)
		}
	}
	for i := range n {
		wantValue(t, s, fmt.Sprintf("k%d", i), "x")
	}
}

func TestWritersShareASync(t *testing.T) {
	var syncs atomic.Int64
	syncing, release := make(chan struct{}, 100), make(chan struct{})
	s := openOn(t, Config{}, &testDisk{onSync: func(*os.File) error {
		if syncs.Add(1) == 1 {
			syncing <- struct{}{}
			<-release
		}
		return nil
	}})
	const n = 50
	done := make(chan error, n+1)
	go func() { done <- put(s, "first", "x") }()
	<-syncing
	for i := range n {
		go func() { done <- put(s, fmt.Sprintf("k%d", i), "x") }()
	}
	for {
		if s.commits.queue.Len() == n {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(release)
	for range n + 1 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := syncs.Load(); got != 2 {
		t.Errorf("%d writers and the first one took %d syncs, want 2", n, got)
	}
}

func TestAnUpdateIsCanceledWhileItWaits(t *testing.T) {
	syncing, release := make(chan struct{}, 100), make(chan struct{})
	s := openOn(t, Config{}, &testDisk{onSync: func(*os.File) error {
		syncing <- struct{}{}
		<-release
		return nil
	}})
	begun, waiting := make(chan error, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	update := func(key storage.Key, done chan<- error) {
		done <- s.Update(ctx, func(tx storage.Tx) error { return tx.Put(key, nil) })
	}
	go update("begun", begun)
	<-syncing
	go update("waiting", waiting)
	for s.commits.queue.Len() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that waited: got error %v, want %v", err, context.Canceled)
	}
	close(release)
	if err := <-begun; err != nil { // its outcome is known, and told
		t.Errorf("the one whose commit had begun: %v", err)
	}
	wantValue(t, s, "begun", "")
	wantValue(t, s, "waiting", "-")
}

func TestAFailedSyncEndsAllWriting(t *testing.T) {
	broken := errors.New("input/output error")
	var failing atomic.Bool
	dir := t.TempDir()
	s := openOn(t, Config{Dir: dir}, &testDisk{onSync: func(*os.File) error {
		if failing.Load() {
			return broken
		}
		return nil
	}})
	if err := put(s, "before", "x"); err != nil {
		t.Fatal(err)
	}
	failing.Store(true)
	err := put(s, "during", "x")
	if !errors.Is(err, storage.ErrUncertain) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("the write whose sync failed: got error %v, want %v", err, storage.ErrUncertain)
	}
	failing.Store(false) // a second sync would succeed, and prove nothing
	err = put(s, "after", "x")
	if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "opened again") {
		t.Errorf("a later write: got error %v, want %v that says to open the store again", err, storage.ErrUnavailable)
	}
	wantValue(t, s, "before", "x")
	wantValue(t, s, "during", "-")
	wantValue(t, s, "after", "-")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openOn(t, Config{Dir: dir}, localDisk{})
	wantValue(t, s, "before", "x")
	wantValue(t, s, "after", "-")
	if err := put(s, "again", "x"); err != nil {
		t.Errorf("after opening again: %v", err)
	}
}

func TestSyncOffDoesNotSync(t *testing.T) {
	s := openOn(t, Config{Sync: SyncOff}, &testDisk{onSync: func(*os.File) error {
		t.Error("synced")
		return nil
	}})
	if err := put(s, "a", "x"); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "a", "x")
}

// TestTheSyncedLogHasTheWrite: when a write is acknowledged, the file that was
// synced last holds it, also when Badger has begun a new log, twice, meanwhile.
func TestTheSyncedLogHasTheWrite(t *testing.T) {
	var mu sync.Mutex
	var synced string // the log that was synced last
	s := openOn(t, Config{}, &testDisk{onSync: func(f *os.File) error {
		mu.Lock()
		defer mu.Unlock()
		synced = f.Name()
		return nil
	}})
	logs := map[string]bool{}
	value := bytes.Repeat([]byte("0123456789abcdef"), storage.MaxValue/16)
	for i := range 30 {
		mark := fmt.Sprintf("mark-%d-of-the-write", i)
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			return errors.Join(tx.Put(storage.Key(mark), nil), tx.Put("a", value), tx.Put("b", value), tx.Put("c", value))
		})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		name := synced
		mu.Unlock()
		logs[name] = true
		content, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(content, []byte(mark)) {
			t.Fatalf("write %d was acknowledged, but the log synced last, %s, does not have it (error %v)", i, filepath.Base(name), err)
		}
	}
	if len(logs) < 3 {
		t.Errorf("the test saw only %d logs, want 3", len(logs))
	}
}

// TestLargeValuesStayOutOfTheValueLog: the value log is never synced.
func TestLargeValuesStayOutOfTheValueLog(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Config{Dir: dir})
	if err := put(s, "large", strings.Repeat("x", storage.MaxValue)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+valueExt))
	if err != nil || len(files) == 0 {
		t.Fatalf("no value log found (error %v): has Badger changed its names?", err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Size() > 100 {
			t.Errorf("the value log %s has %d bytes (error %v)", name, info.Size(), err)
		}
	}
}

// logLines collects what a logger is told.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: l, Level: hclog.Info})
}

// with returns the lines that have all of the words.
func (l *logLines) with(words ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(l.b.Bytes()))
	for lines.Scan() {
		all := true
		for _, word := range words {
			all = all && strings.Contains(lines.Text(), word)
		}
		if all {
			found = append(found, lines.Text())
		}
	}
	return found
}

// copyDir copies a data directory as it is. The zeros that a log ends with
// become a hole.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		copyFile(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
	}
	return to
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	info, err := in.Stat()
	if err != nil {
		t.Fatal(err)
	}
	buf, zero := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(in, buf)
		if n == 0 || bytes.Equal(buf[:n], zero[:n]) {
			break
		}
		if _, err := out.Write(buf[:n]); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			break // the end
		}
	}
	if err := out.Truncate(info.Size()); err != nil {
		t.Fatal(err)
	}
}
