package badgerstore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/annexhost/annex/storage"
)

// crashed returns a directory as a crash leaves it: tabled keys in a table,
// logged keys in a log. ends are where in the log the writes end, first the header.
func crashed(t *testing.T, tabled, logged int) (dir, log string, ends []int64) {
	t.Helper()
	dir = t.TempDir()
	s := mustOpen(t, Config{Dir: dir, Sync: SyncOff})
	for i := range tabled {
		if err := put(s, fmt.Sprintf("a/%04d", i), strings.Repeat("v", 200)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, Config{Dir: dir, Sync: SyncOff})
	defer s.Close()
	ends = append(ends, walHeader)
	for i := range logged {
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			return errors.Join(tx.Put(storage.Key(fmt.Sprintf("b/%04d", i)), make([]byte, i%50)), tx.Put("b-last", []byte(fmt.Sprint(i))))
		})
		if err != nil {
			t.Fatal(err)
		}
		var scan logScan
		if err := scan.readTransactions(bufio.NewReader(io.NewSectionReader(s.commits.wal.file, walHeader, 1<<20))); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, scan.end)
	}
	image := copyDir(t, dir)
	return image, filepath.Join(image, filepath.Base(s.commits.wal.file.Name())), ends
}

// wantKeys checks that a directory opens, and how many keys there are.
func wantKeys(t *testing.T, dir string, tabled, logged int, log *logLines) {
	t.Helper()
	s, err := Open(Config{Dir: dir, Logger: log.logger()})
	if err != nil {
		t.Errorf("Open: %v", err)
		return
	}
	defer s.Close()
	for prefix, want := range map[storage.Key]int{"a/": tabled, "b/": logged} {
		keys, err := s.Keys(context.Background(), prefix, "", 1<<20)
		if err != nil || len(keys) != want {
			t.Errorf("%d keys under %s, want %d (error %v)", len(keys), prefix, want, err)
		}
	}
	last := "-"
	if logged > 0 {
		last = fmt.Sprint(logged - 1)
	}
	wantValue(t, s, "b-last", last) // of the last write, both or none
	if err := put(s, "new", "x"); err != nil {
		t.Errorf("a write after recovery: %v", err)
	}
}

func TestACrashLosesNothing(t *testing.T) {
	dir, _, _ := crashed(t, 10, 40)
	var log logLines
	wantKeys(t, dir, 10, 40, &log)
	if said := log.with("WARN"); len(said) > 0 {
		t.Errorf("a crash between writes is no reason to warn: %q", said)
	}
}

func TestACutLogOpensToTheLastCompleteWrite(t *testing.T) {
	image, log, ends := crashed(t, 10, 40)
	random := rand.New(rand.NewPCG(1, 2))
	for range 15 {
		at := ends[0] + random.Int64N(ends[len(ends)-1]-ends[0])
		if random.IntN(5) == 0 {
			at = ends[random.IntN(len(ends))] // exactly behind a write
		}
		complete := 0
		for complete+1 < len(ends) && ends[complete+1] <= at {
			complete++
		}
		dir := copyDir(t, image)
		path := filepath.Join(dir, filepath.Base(log))
		if err := os.Truncate(path, at); err != nil {
			t.Fatal(err)
		}
		var said logLines
		wantKeys(t, dir, 10, complete, &said)
		warned := said.with("WARN", "log ends in the middle of a write", filepath.Base(log),
			fmt.Sprintf("kept_bytes=%d", ends[complete]))
		if inside := at > ends[complete]; inside != (len(warned) == 1) {
			t.Errorf("cut at %d, %d bytes into a write: it said %q", at, at-ends[complete], warned)
		}
	}
}

// damage does something to a directory.
type damage func(t *testing.T, dir string)

func edit(name string, f func(content []byte) []byte) damage {
	return func(t *testing.T, dir string) {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// flip changes a bit, counted from the end when at is negative; so does cut.
func flip(name string, at int) damage {
	return edit(name, func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 0x10; return b })
}

func cut(name string, n int) damage {
	return edit(name, func(b []byte) []byte { return b[:(n+len(b))%len(b)] })
}

func remove(name string) damage {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func write(name, content string) damage {
	return func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// wantDamaged checks that a directory does not open, and what the error says.
func wantDamaged(t *testing.T, dir string, says ...string) {
	t.Helper()
	s, err := Open(Config{Dir: dir})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, storage.ErrCorrupt) {
		t.Fatalf("Open: got error %v, want %v", err, storage.ErrCorrupt)
	}
	for _, word := range says {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
}

func TestDamageIsAnErrorAndNotALoss(t *testing.T) {
	image, log, ends := crashed(t, 50, 40)
	table := "000001" + tableExt
	logName := filepath.Base(log)
	for _, test := range []struct {
		rule   string
		damage damage
		logged int      // keys of the log that are there; -1: it does not open
		says   []string // in the error
	}{
		{"a bit of a block", flip(table, 300), -1, []string{table, "checksum"}},
		{"a bit of the index", flip(table, -60), -1, []string{table, "index"}},
		{"a bit of the length of the index", flip(table, -12), -1, []string{table}},
		{"a table that is cut", cut(table, -100), -1, []string{table}},
		{"an empty table", cut(table, 0), -1, []string{table}},
		{"a table that is missing", remove(table), -1, []string{table, "missing"}},
		{"a table of zeros", write(table, string(make([]byte, 5000))), -1, []string{table}},
		{"a table of noise", write(table, strings.Repeat("noise", 1000)), -1, []string{table}},
		{"a list that is cut", cut(badger.ManifestFilename, -3), -1, []string{badger.ManifestFilename, table}},
		{"a list that is empty", cut(badger.ManifestFilename, 0), -1, []string{badger.ManifestFilename}},
		{"a list that is missing", remove(badger.ManifestFilename), -1, []string{badger.ManifestFilename, table}},
		{"a bit of the list", flip(badger.ManifestFilename, -3), -1, []string{badger.ManifestFilename}},
		{"the header of the log", flip(logName, 2), -1, []string{logName, "header"}},
		{"a bit in the middle of the log", flip(logName, int(ends[20])+5), 20, nil},
		{"a log that is empty", cut(logName, 0), 0, nil},
		{"a value log, which is not used", write("000001"+valueExt, strings.Repeat("noise", 100)), 40, nil},
		{"an empty value log", write("000007"+valueExt, ""), 40, nil},
		{"statistics of the value log", write("DISCARD", strings.Repeat("noise", 100)), 40, nil},
		{"a list of encryption keys, of which there are none", cut(badger.KeyRegistryFileName, 7), 40, nil},
		{"a table that was about to be written", write("000009"+tableExt, string(make([]byte, 5000))), 40, nil},
		{"a table that was being written", write("000009"+tableExt, strings.Repeat("noise", 1000)), 40, nil},
	} {
		t.Run(test.rule, func(t *testing.T) {
			dir := copyDir(t, image)
			test.damage(t, dir)
			if test.logged < 0 {
				for range 2 { // and nothing is changed by trying
					wantDamaged(t, dir, test.says...)
				}
				return
			}
			wantKeys(t, dir, 50, test.logged, &logLines{})
		})
	}
}

// TestATableThatTheListHasNotYet: the process ended between writing a table and
// listing it; the log is still there.
func TestATableThatTheListHasNotYet(t *testing.T) {
	image, _, _ := crashed(t, 0, 40)
	dir := copyDir(t, image)
	s := mustOpen(t, Config{Dir: dir})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*"+tableExt))
	if err != nil || len(tables) != 1 {
		t.Fatalf("tables %q, error %v", tables, err)
	}
	copyFile(t, tables[0], filepath.Join(image, "000001"+tableExt))
	wantKeys(t, image, 0, 40, &logLines{})
}

func TestAValueLogOfAnotherProgramIsNotDeleted(t *testing.T) {
	dir := t.TempDir()
	db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil).WithValueThreshold(10).WithCompression(0))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(txn *badger.Txn) error { return txn.Set([]byte("k"), make([]byte, 100)) })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, storage.ErrCorrupt) || !strings.Contains(err.Error(), valueExt) {
		t.Errorf("Open: got error %v, want %v that names the value log", err, storage.ErrCorrupt)
	}
}

func TestOpenReadOnlyAfterACrashSaysWhatToDo(t *testing.T) {
	dir, _, _ := crashed(t, 10, 10)
	_, err := Open(Config{Dir: dir, ReadOnly: true})
	if !errors.Is(err, storage.ErrReadOnly) || !strings.Contains(err.Error(), "open it for writing once") {
		t.Errorf("got error %v", err)
	}
	wantKeys(t, dir, 10, 10, &logLines{})
	if s, err := Open(Config{Dir: dir, ReadOnly: true}); err != nil {
		t.Errorf("after it was opened for writing: %v", err)
	} else {
		s.Close()
	}
}

// FuzzScanLog: whatever is in a log, it is read without a panic, and what is
// complete comes before what is cut.
func FuzzScanLog(f *testing.F) {
	dir := f.TempDir()
	s := mustOpen(f, Config{Dir: dir, Sync: SyncOff})
	for i := range 3 {
		if err := put(s, fmt.Sprintf("k%d", i), "value"); err != nil {
			f.Fatal(err)
		}
	}
	content, err := os.ReadFile(s.commits.wal.file.Name())
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(content[:300])
	f.Add(content[:100])
	f.Add(binary.AppendUvarint(content[:walHeader+2:walHeader+2], 1<<63))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := scanLog(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if s.end < walHeader || s.cut < 0 || s.cut > 0 && s.end+s.cut > int64(len(b)) || s.low > s.high {
			t.Errorf("%d bytes: %+v", len(b), s)
		}
	})
}

// FuzzCheckTable: whatever is in a table, it is refused or read.
func FuzzCheckTable(f *testing.F) {
	dir := f.TempDir()
	s := mustOpen(f, Config{Dir: dir, Sync: SyncOff})
	if err := put(s, "key", "value"); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "000001"+tableExt))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(content[:len(content)-3])
	f.Add(make([]byte, 100)) // a table that was about to be written
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "000001"+tableExt)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkTable(path); err == nil && !bytes.Equal(b, content) {
			t.Logf("accepted %d other bytes", len(b))
		}
	})
}
