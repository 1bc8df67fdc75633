package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

	// lostExt is added to the name of a table that a cut MANIFEST does not know.
	lostExt = ".lost"

	// discardFile has the statistics of the value log, which is not used.
	discardFile = "DISCARD"
)

// recoverDir looks at the directory before Badger does. Badger mends silently
// what a crash leaves, which is right, and what nothing but damage explains,
// which is not: it drops the end of a log without a word, deletes tables that a
// cut MANIFEST does not name, and ends the process at a damaged table. So what
// is cut is said here, what would be deleted is put aside, and damage is an error.
func recoverDir(c Config, r *room) error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	var logs, tables []string
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case walExt:
			logs = append(logs, e.Name())
		case tableExt:
			tables = append(tables, e.Name())
		}
	}
	if err := checkManifest(c, tables); err != nil {
		return err
	}
	if c.ReadOnly {
		return nil
	}
	for _, e := range entries {
		if err := removeUseless(c.Dir, e); err != nil {
			return err
		}
	}
	for _, name := range logs {
		if err := reportCut(c, r, name); err != nil {
			return err
		}
	}
	return r.checkRecovery()
}

// removeUseless deletes a file that has nothing in it and on which Badger would
// trip: a log that was made but never grew, and the statistics of no value log.
func removeUseless(dir string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	ext := filepath.Ext(e.Name())
	empty := info.Size() == 0 && (ext == walExt || ext == valueExt)
	if !empty && e.Name() != discardFile {
		return nil
	}
	if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

// reportCut says what Badger is going to drop from the end of a log, and notes
// that the rest becomes a table.
func reportCut(c Config, r *room, name string) error {
	path := filepath.Join(c.Dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed as useless
	}
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	end, cut, err := scanLog(f)
	if err != nil {
		return fmt.Errorf("storage: read %s: %w", path, err)
	}
	if cut > 0 {
		c.Logger.Warn("log ends in the middle of a write: kept the complete writes, dropped the rest",
			"file", path, "kept_bytes", end, "dropped_bytes", cut)
	}
	r.retire(path, end)
	return nil
}

// checkManifest compares the list of tables with the tables. A table that is
// not listed was being made when the process ended, and Badger deletes it; but
// not when the list itself is cut, for then it may be what is missing in the list.
func checkManifest(c Config, tables []string) error {
	path := filepath.Join(c.Dir, badger.ManifestFilename)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if len(tables) > 0 {
			return fmt.Errorf("%w: %s is missing, but there are %d tables: restore it from a backup", storage.ErrCorrupt, path, len(tables))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	manifest, end, err := badger.ReplayManifestFile(f, 0, badgerOptions(c, true))
	if err != nil {
		return fmt.Errorf("%w: %s: %v", storage.ErrCorrupt, path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	for _, name := range tables {
		id, err := strconv.ParseUint(strings.TrimSuffix(name, tableExt), 10, 64)
		if err != nil {
			return fmt.Errorf("%w: %s is no name of a table", storage.ErrCorrupt, filepath.Join(c.Dir, name))
		}
		if _, listed := manifest.Tables[id]; listed {
			if err := checkTable(filepath.Join(c.Dir, name)); err != nil {
				return err
			}
			delete(manifest.Tables, id)
		} else if end < info.Size() && !c.ReadOnly {
			if err := putAside(c, name); err != nil {
				return err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(manifest.Tables)) {
		return fmt.Errorf("%w: %s lists table %06d%s, which is missing", storage.ErrCorrupt, path, id, tableExt)
	}
	if end < info.Size() && !c.ReadOnly {
		c.Logger.Warn("list of tables ends in the middle of a change: dropped the change",
			"file", path, "kept_bytes", end, "dropped_bytes", info.Size()-end)
	}
	return nil
}

// putAside renames a table that is not listed, so that Badger leaves it alone.
func putAside(c Config, name string) error {
	path := filepath.Join(c.Dir, name)
	if err := os.Rename(path, path+lostExt); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	c.Logger.Warn("table is not in the list, whose end is missing: put it aside", "file", path+lostExt)
	return nil
}
