package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"

	"github.com/annexhost/annex/storage"
)

// syncEvery is how many bytes of a file are made durable at a time: one sync at
// the end would make the store's own wait for all of them.
const syncEvery = 8 << 20

// WriteFile writes a backup to a new file, as [CreateFile] makes it.
func WriteFile(ctx context.Context, store storage.Snapshotter, key []byte, info Info, path string) (made Summary, err error) {
	err = CreateFile(path, func(w io.Writer) error {
		made, err = Write(ctx, store, key, info, w)
		return err
	})
	if err != nil {
		return Summary{}, err
	}
	return made, nil
}

// Copy writes to w what it reads from r, which must be a whole backup.
func Copy(ctx context.Context, w io.Writer, r io.Reader) (Summary, error) {
	in := bufio.NewReaderSize(io.TeeReader(r, w), 1<<20)
	return Read(ctx, in, func([]storage.Pair) error { return nil })
}

// CreateFile makes a new file (mode 0600) of what write writes, durably: it has
// its name when write has returned nil, and before that one that ends in ".part",
// which the next CreateFile of the same name replaces. An existing file is
// fs.ErrExist.
func CreateFile(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("backup: %s: %w: it is not replaced", path, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	err = write(&syncing{file: f})
	if err == nil {
		err = f.Sync()
	}
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return err
	}
	// A link fails when somebody made the file meanwhile; a rename would replace it.
	if err := os.Link(part, path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_ = os.Remove(part)
	return SyncDir(filepath.Dir(path))
}

// syncing makes a file durable as it grows.
type syncing struct {
	file  *os.File
	since int
}

func (s *syncing) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	if s.since += n; err == nil && s.since >= syncEvery {
		s.since, err = 0, s.file.Sync()
	}
	return n, err
}

// Load puts what r holds into an empty store. The store is to be used only when
// Load has returned nil.
func Load(ctx context.Context, r io.Reader, into storage.Store) (Summary, error) {
	there, err := into.Keys(ctx, "", "", 1)
	if err != nil {
		return Summary{}, err
	}
	if len(there) > 0 {
		return Summary{}, fmt.Errorf("backup: the store to restore into is not empty: %w", storage.ErrInvalid)
	}
	return Read(ctx, bufio.NewReaderSize(r, 1<<20), func(pairs []storage.Pair) error {
		for len(pairs) > 0 {
			n := batch(pairs)
			err := into.Update(ctx, func(tx storage.Tx) error {
				for _, p := range pairs[:n] {
					if err := tx.Put(p.Key, p.Value); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			pairs = pairs[n:]
		}
		return nil
	})
}

// batch is how many of the first pairs fit one Update; at least one.
func batch(pairs []storage.Pair) int {
	bytes := 0
	for n, p := range pairs {
		if bytes += len(p.Key) + len(p.Value); n > 0 && (n == storage.MaxTxKeys || bytes > storage.MaxTxBytes) {
			return n
		}
	}
	return len(pairs)
}

// SyncDir makes the names in dir durable, where the system can.
func SyncDir(dir string) error {
	if goruntime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
