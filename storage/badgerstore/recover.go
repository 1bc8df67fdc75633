package badgerstore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"github.com/annexhost/annex/storage"
)

const (
	tableExt = ".sst"
	valueExt = ".vlog"
)

// recovery looks at a directory before Badger does. Badger mends silently what a
// crash leaves, which is right, and what only damage explains, which is not: it
// drops the end of a log without a word, deletes tables that its list does not
// name, and ends the process at a damaged table. So here is said what is cut
// off, and damage is an error before anything is changed.
type recovery struct {
	c    Config
	logs []logEnd

	tables []string
	others []string
}

// logEnd is what a log has.
type logEnd struct {
	path      string
	end       int64 // of the last complete write
	low, high uint64
}

func recoverDir(c Config, r *room) error {
	v := &recovery{c: c}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var logs []string
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case walExt:
			logs = append(logs, filepath.Join(c.Dir, e.Name()))
		case tableExt:
			v.tables = append(v.tables, filepath.Join(c.Dir, e.Name()))
		default:
			v.others = append(v.others, filepath.Join(c.Dir, e.Name()))
		}
	}
	for _, path := range logs {
		if err := v.readLog(path); err != nil {
			return err
		}
	}
	if err := v.checkTables(); err != nil {
		return err
	}
	if c.ReadOnly {
		return nil
	}
	for _, path := range v.others {
		if err := removeUseless(path); err != nil {
			return err
		}
	}
	for _, log := range v.logs {
		r.retire(log.path, log.end) // it becomes a table now
	}
	return r.checkRecovery()
}

// readLog finds out what a log has, and says what Badger is going to drop. It
// removes one without any content, on which Badger would trip.
func (v *recovery) readLog(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if info.Size() == 0 && !v.c.ReadOnly {
		return os.Remove(path)
	}
	var keyID [8]byte
	if _, err := io.ReadFull(f, keyID[:]); err == nil && keyID != [8]byte{} {
		return fmt.Errorf("%w: %s: header is not one of a log: restore it from a backup", storage.ErrCorrupt, path)
	}
	s, err := scanLog(f)
	if err != nil {
		return fmt.Errorf("storage: read %s: %w", path, err)
	}
	if s.cut > 0 {
		v.c.Logger.Warn("log ends in the middle of a write: kept the complete writes, dropped the rest",
			"file", path, "kept_bytes", s.end, "dropped_bytes", s.cut)
	}
	v.logs = append(v.logs, logEnd{path: path, end: s.end, low: s.low, high: s.high})
	return nil
}

// checkTables compares the tables with the list of them. One that is not listed
// was being made when the process ended, and Badger deletes it, which is right
// when what it holds is somewhere else too: in tables that are listed, from
// which it was merged, or in a log. Otherwise the list has lost it.
func (v *recovery) checkTables() error {
	list := filepath.Join(v.c.Dir, badger.ManifestFilename)
	listed, err := v.readList(list)
	if err != nil {
		return err
	}
	newest := uint64(0) // of the tables that are listed
	unlisted := map[string]uint64{}
	for _, path := range v.tables {
		id, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), tableExt), 10, 64)
		if err != nil {
			return fmt.Errorf("%w: %s is no name of a table", storage.ErrCorrupt, path)
		}
		known := listed[id]
		version, err := checkTable(path)
		switch {
		case known && err != nil:
			return err
		case known:
			newest = max(newest, version)
			delete(listed, id)
		case err == nil: // one that is not complete was never used
			unlisted[path] = version
		}
	}
	for id := range listed {
		return fmt.Errorf("%w: %s lists table %06d%s, which is missing: restore both from a backup",
			storage.ErrCorrupt, list, id, tableExt)
	}
	for path, version := range unlisted {
		if version > newest && !v.logged(version) {
			return fmt.Errorf("%w: %s does not list %s, but nothing else has what is in it: restore both from a backup, or remove the table to go on without it",
				storage.ErrCorrupt, list, path)
		}
	}
	return nil
}

// readList returns the numbers of the tables in Badger's list.
func (v *recovery) readList(path string) (map[uint64]bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	manifest, end, err := badger.ReplayManifestFile(f, 0, badgerOptions(v.c, true))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v: restore it from a backup", storage.ErrCorrupt, path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if end < info.Size() {
		v.c.Logger.Warn("list of tables ends in the middle of a change: dropped the change",
			"file", path, "kept_bytes", end, "dropped_bytes", info.Size()-end)
	}
	listed := make(map[uint64]bool, len(manifest.Tables))
	for id := range manifest.Tables {
		listed[id] = true
	}
	return listed, nil
}

// logged reports whether a log has a version.
func (v *recovery) logged(version uint64) bool {
	return slices.ContainsFunc(v.logs, func(l logEnd) bool { return l.low <= version && version <= l.high })
}

// removeUseless removes files that have no data in them and can only do harm:
// value logs, their statistics, and a list of keys for encryption that is not whole.
func removeUseless(path string) error {
	useless := false
	switch name := filepath.Base(path); {
	case name == "DISCARD":
		useless = true
	case name == badger.KeyRegistryFileName:
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("storage: %w", err)
		}
		useless = !bytes.HasSuffix(content, []byte("Hello Badger"))
	case filepath.Ext(name) == valueExt:
		if err := checkValueLog(path); err != nil {
			return err
		}
		useless = true
	}
	if !useless {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

// checkValueLog returns an error if a value log has a value: the store writes none.
func checkValueLog(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(walHeader, io.SeekStart); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if _, err := readEntry(bufio.NewReader(f)); err == nil {
		return fmt.Errorf("%w: %s has values: another program has written it", storage.ErrCorrupt, path)
	}
	return nil
}
