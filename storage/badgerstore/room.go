package badgerstore

import (
	"fmt"
	"os"
	"time"

	"github.com/annexhost/annex/storage"
)

const (
	// maxCompaction bounds what compactions may need beside their inputs: at
	// most the tables of level 0, at 32 MiB each, when their number makes
	// writers wait (15), and what they overlap.
	maxCompaction = 512 << 20

	// openBytes is what Badger writes to open a directory, beside tables.
	openBytes = 4 << 20

	// tablesAge is how long the size of the tables is taken to be as it was.
	tablesAge = time.Second

	// With more than ampleSpace to spare, the disk is not asked again within
	// ampleAge: nobody fills it in that time.
	ampleSpace = 256 << 20
	ampleAge   = 20 * time.Millisecond
)

// room watches the free space of the disk. Badger maps its files into memory: to
// write to a page of a file for which the disk has no block is a fault that ends
// the process. It happens in the background too, when a memtable becomes a table
// and when tables are merged; so that what is in memory and in tables counts as
// needed once more.
type room struct {
	dir     string
	reserve int64 // negative: do not check
	disk    disk

	unflushed int64     // in the log in use
	retired   []retired // logs that are not yet tables
	tables    func() int64
	measured  time.Time
	merging   int64 // what compactions may need, as of measured
	asked     time.Time
	spare     int64 // what was free beyond the need, as of asked, less what was written since
}

// retired is a full log. Badger deletes it when its table is written.
type retired struct {
	path  string
	bytes int64
}

func (r *room) retire(path string, bytes int64) {
	r.retired = append(r.retired, retired{path, bytes})
	r.unflushed = 0
}

// check returns an error unless there is room for a write of that many bytes.
func (r *room) check(bytes int64) error {
	if r.reserve < 0 {
		return nil
	}
	now := time.Now()
	if r.spare -= 2 * bytes; r.spare > ampleSpace && now.Sub(r.asked) < ampleAge {
		return nil
	}
	if now.Sub(r.measured) > tablesAge {
		r.merging, r.measured = min(r.tables(), maxCompaction), now
	}
	r.asked = now
	return r.need(r.reserve+r.pending()+2*bytes+r.merging, "write")
}

// checkOpen returns an error unless there is room to open the directory.
func (r *room) checkOpen() error {
	if r.reserve < 0 {
		return nil
	}
	return r.need(openBytes, "open")
}

// checkRecovery returns an error unless the logs that were found can become tables.
func (r *room) checkRecovery() error {
	if r.reserve < 0 {
		return nil
	}
	return r.need(openBytes+r.pending(), "open")
}

// checkClose returns an error unless what is in memory can become tables.
func (r *room) checkClose() error {
	if r.reserve < 0 {
		return nil
	}
	return r.need(r.pending(), "close")
}

// pending is what is in memory and must become tables.
func (r *room) pending() int64 {
	for len(r.retired) > 0 {
		if _, err := os.Lstat(r.retired[0].path); err == nil {
			break
		}
		r.retired = r.retired[1:]
	}
	bytes := r.unflushed
	for _, log := range r.retired {
		bytes += log.bytes
	}
	return bytes
}

func (r *room) need(bytes int64, what string) error {
	free, err := r.disk.free(r.dir)
	if err != nil {
		return fmt.Errorf("%w: %s: free space of %s: %v", storage.ErrUnavailable, what, r.dir, err)
	}
	if r.spare = free - bytes; r.spare < 0 {
		return fmt.Errorf("%w: %s: the disk of %s has %d MiB free and %d MiB are needed: make room",
			storage.ErrUnavailable, what, r.dir, free>>20, bytes>>20+1)
	}
	return nil
}
