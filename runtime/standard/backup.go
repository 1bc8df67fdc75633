package standard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/dataformat"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/badgerstore"
)

// backupKey is the purpose under which the key of a backup's MAC is derived.
const backupKey = "backup"

// Names in a data directory.
const (
	storeDir    = "store"
	keyFile     = "master.key"
	restorePart = "restore.part" // a store that is being restored
)

// Backup writes a consistent backup of everything to w, while others read and
// write. It holds what is sealed as it is stored, and not the master key.
func (s *State) Backup(ctx context.Context, by string, w io.Writer) (backup.Summary, error) {
	source, ok := s.Store.(storage.Snapshotter)
	if !ok {
		return backup.Summary{}, sandbox.Errorf(sandbox.Unavailable, "this store cannot be backed up while it is in use")
	}
	key, err := s.Keeper.DeriveKey(backupKey)
	if err != nil {
		return backup.Summary{}, err
	}
	if err := s.Audit.Append(ctx, audit.Record{Org: audit.HostOrg, Actor: by, Action: "backup", Outcome: "ok"}); err != nil {
		return backup.Summary{}, err
	}
	info := backup.Info{Written: s.now().UTC(), Version: runtime.Version, Format: dataformat.Current, KeyID: s.Keeper.MasterKey().ID()}
	return backup.Write(ctx, source, key, info, w)
}

// Restore puts a backup into dir, which must hold nothing but the master key,
// and checks all of it before it counts. It needs the master key under which the
// backup was written: that of the options, or dir's file master.key. When it was
// interrupted, the directory is refused by everybody until it runs again.
func Restore(ctx context.Context, r io.Reader, dir string, o Options) (backup.Summary, error) {
	part := filepath.Join(dir, restorePart)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return backup.Summary{}, fmt.Errorf("data directory: %w", err)
	}
	key := o.MasterKey
	if key == (secrets.MasterKey{}) {
		var err error
		if key, err = secrets.ReadKeyFile(filepath.Join(dir, keyFile)); errors.Is(err, fs.ErrNotExist) {
			return backup.Summary{}, sandbox.Errorf(sandbox.Invalid, "restoring needs the master key of the backup: put its file at %s, or name it", filepath.Join(dir, keyFile))
		} else if err != nil {
			return backup.Summary{}, err
		}
	}
	if err := clearRestore(dir, part); err != nil {
		return backup.Summary{}, err
	}
	made, err := load(ctx, r, part, key, o.Logger)
	if err != nil {
		return backup.Summary{}, errors.Join(err, os.RemoveAll(part))
	}
	if err := backup.SyncDir(part); err != nil {
		return backup.Summary{}, err
	}
	if err := os.Rename(part, filepath.Join(dir, storeDir)); err != nil {
		return backup.Summary{}, fmt.Errorf("restore: %w", err)
	}
	return made, backup.SyncDir(dir)
}

// clearRestore checks that dir is free for a restore, and removes what an
// interrupted one left.
func clearRestore(dir, part string) error {
	allowed := []string{keyFile, restorePart, "annex.yaml", "lost+found"}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) {
			return sandbox.Errorf(sandbox.Conflict, "restore: %s is not empty: it holds %s; name a new directory", dir, e.Name())
		}
	}
	if _, err := os.Lstat(part); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// Whoever has it open is restoring at this moment.
	left, err := badgerstore.Open(badgerstore.Config{Dir: part})
	if errors.Is(err, storage.ErrInUse) {
		return err
	}
	if err == nil {
		if err := left.Close(); err != nil {
			return err
		}
	}
	return os.RemoveAll(part)
}

// load makes the store of a backup and checks it under the master key.
func load(ctx context.Context, r io.Reader, part string, key secrets.MasterKey, log hclog.Logger) (made backup.Summary, err error) {
	store, err := badgerstore.Open(badgerstore.Config{Dir: part, Logger: log})
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if made, err = backup.Load(ctx, r, store); err != nil {
		return made, restoreError(err)
	}
	if _, err := checkFormat(ctx, store); err != nil {
		return made, err
	}
	keeper, err := secrets.NewKeeper(ctx, store, key, secrets.KeeperConfig{})
	if err != nil {
		return made, err
	}
	mac, err := keeper.DeriveKey(backupKey)
	if err != nil {
		return made, err
	}
	if !made.Authentic(mac) {
		return made, restoreError(backup.ErrForeign)
	}
	return made, nil
}

// restoreError gives what is wrong with a backup its code.
func restoreError(err error) error {
	if errors.Is(err, backup.ErrDamaged) || errors.Is(err, backup.ErrFormat) || errors.Is(err, backup.ErrForeign) {
		return &sandbox.Error{Code: sandbox.Invalid, Message: err.Error()}
	}
	return err
}

// RotateMasterKey gives the store a new master key while it is in use, and has
// the old one forgotten. When it was interrupted it goes on. It returns how many
// keys were wrapped anew.
func (s *State) RotateMasterKey(ctx context.Context, by string) (int, error) {
	if s.saveKey == nil && !s.Keeper.MasterKey().Retired() {
		return 0, sandbox.Errorf(sandbox.Conflict, "the master key came from a place that Annex cannot write: put a new key on a line before the old one there, restart, and rotate again")
	}
	s.rotating.Lock()
	defer s.rotating.Unlock()
	err := s.Audit.Append(ctx, audit.Record{Org: audit.HostOrg, Actor: by, Action: "secrets.rotate", Outcome: "ok"})
	if err != nil {
		return 0, err
	}
	// Signed before it begins: what was written under the old key is then fixed. A
	// chain that is damaged is told of every hour, and is no reason to keep the key.
	if err := s.Audit.CheckpointAll(ctx, func(string, audit.Checkpoint, error) {}); err != nil {
		return 0, err
	}
	save := s.saveKey
	if save == nil {
		save = func(secrets.MasterKey) error { return nil } // the operator drops the old line
	}
	return s.Keeper.Rotate(ctx, save)
}
