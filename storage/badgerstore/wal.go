package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// walExt is the extension of Badger's logs. Each belongs to one memtable, and is
// deleted when the memtable has become a table.
const walExt = ".mem"

// wal is the log that Badger writes to now. Badger does not tell its name, but
// numbers its logs: the highest number is the one in use. A new one is begun
// only at the start of a write, and the committer writes once and then syncs, so
// the log in use after a write holds all that is not synced yet.
type wal struct {
	dir  string
	disk disk
	id   int
	file *os.File
	next string // path of the log that Badger begins after this one
	used int64  // bytes written to it, at most
}

// openWAL finds the log in use.
func openWAL(dir string, d disk) (*wal, error) {
	w := &wal{dir: dir, disk: d, id: -1}
	logs, err := walFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, id := range logs {
		w.id = max(w.id, id)
	}
	if w.id < 0 {
		return nil, fmt.Errorf("storage: no log of Badger in %s", dir)
	}
	return w, w.open()
}

// walFiles returns the numbers of the logs in dir.
func walFiles(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: %v", err)
	}
	var ids []int
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), walExt)
		if !ok {
			continue
		}
		if id, err := strconv.Atoi(name); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func walPath(dir string, id int) string { return filepath.Join(dir, fmt.Sprintf("%05d%s", id, walExt)) }

// open opens the log with number w.id, and makes sure that its name is durable.
func (w *wal) open() (err error) {
	w.next = walPath(w.dir, w.id+1)
	if w.file, err = os.OpenFile(walPath(w.dir, w.id), os.O_RDWR, 0); err == nil {
		err = w.disk.syncDir(w.dir)
	}
	if err != nil {
		return fmt.Errorf("storage: log: %v", err)
	}
	return nil
}

// wrote notes a write of that many bytes, and follows Badger to a new log.
func (w *wal) wrote(bytes int64, r *room) error {
	for {
		if _, err := os.Lstat(w.next); errors.Is(err, fs.ErrNotExist) {
			w.used += bytes
			r.unflushed = w.used
			return nil
		} else if err != nil {
			return fmt.Errorf("storage: log: %v", err)
		}
		w.close()
		r.retire(walPath(w.dir, w.id), w.used)
		w.id, w.used = w.id+1, 0
		if err := w.open(); err != nil {
			return err
		}
	}
}

// sync makes all that was written durable.
func (w *wal) sync() error {
	if err := w.disk.sync(w.file); err != nil {
		return fmt.Errorf("sync %s: %v", w.file.Name(), err)
	}
	return nil
}

func (w *wal) close() { _ = w.file.Close() } // synced, or not to be trusted
