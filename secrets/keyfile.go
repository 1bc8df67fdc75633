package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxKeyFile is the most bytes that a key file has.
const maxKeyFile = 8 << 10

// ReadKeyFile reads the master key from a file that the operator named. It must
// be a regular file that its group and others cannot read (not checked on
// Windows, where the mode says nothing). An absent file is fs.ErrNotExist, an
// unusable one ErrNoMasterKey.
func ReadKeyFile(path string) (MasterKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("secrets: master key file: %w", err)
	}
	if !info.Mode().IsRegular() { // before it is opened: a pipe would wait
		return MasterKey{}, fmt.Errorf("%w: %s is not a regular file", ErrNoMasterKey, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("secrets: master key file: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return MasterKey{}, fmt.Errorf("secrets: master key file: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return MasterKey{}, fmt.Errorf("%w: %s has mode %#o and others on this machine can use it; run: chmod 600 %s",
			ErrNoMasterKey, path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return MasterKey{}, fmt.Errorf("secrets: master key file: %w", err)
	}
	defer clear(text)
	switch {
	case len(text) == 0:
		return MasterKey{}, fmt.Errorf("%w: %s is empty; if it was never used, remove it and start again, else restore it from a backup", ErrNoMasterKey, path)
	case len(text) > maxKeyFile:
		return MasterKey{}, fmt.Errorf("%w: %s has more than %d bytes", ErrNoMasterKey, path, maxKeyFile)
	}
	key, err := ParseMasterKey(string(text))
	if err != nil {
		return MasterKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// OpenKeyFile reads the master key of a data directory as ReadKeyFile does. When
// there is no such file it makes a key and the file, with mode 0600, and reports
// created: the key is on disk when OpenKeyFile returns. It never replaces a file.
func OpenKeyFile(path string) (key MasterKey, created bool, err error) {
	key, err = ReadKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	if key, err = NewMasterKey(); err != nil {
		return MasterKey{}, false, err
	}
	err = createKeyFile(path, key)
	if errors.Is(err, fs.ErrExist) { // somebody else was first
		key, err = ReadKeyFile(path)
		return key, false, err
	}
	if err != nil {
		return MasterKey{}, false, fmt.Errorf("secrets: make the master key file: %w", err)
	}
	return key, true, nil
}

const keyFileHeader = `# Master key of Annex. Without it the stored secrets cannot be read and the audit
# log cannot be verified: back it up, apart from the data.
`

// createKeyFile writes key to a new file, durably. What it could not complete it
// removes.
func createKeyFile(path string, key MasterKey) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path)
		}
	}()
	text := append([]byte(keyFileHeader), key.Text().bytes()...)
	defer clear(text)
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in dir durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
