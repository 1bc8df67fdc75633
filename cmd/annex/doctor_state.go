package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"

	"github.com/annexhost/annex/runtime/doctor"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

// lowDisk is the free space below which an operator wants to know.
const lowDisk = 1 << 30

// dataCheck looks at the data directory, which may be in use.
func (d *doctorSubject) dataCheck() doctor.Check {
	return doctor.Check{Name: "data", Run: func(context.Context) []doctor.Finding {
		info, err := os.Stat(d.data)
		directory := doctor.Finding{Name: "directory", Status: doctor.OK, Detail: d.data}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			directory.Detail += " is not there yet; serve makes it"
			return []doctor.Finding{directory}
		case err != nil || !info.IsDir():
			directory.Status, directory.Remedy = doctor.Failed, "name another directory with --data"
			directory.Detail += " is not a directory that can be used"
			return []doctor.Finding{directory}
		}
		return append([]doctor.Finding{directory, modeOf(info)}, d.storeFindings()...)
	}}
}

// modeOf looks at who else can use the directory.
func modeOf(info fs.FileInfo) doctor.Finding {
	f := doctor.Finding{Name: "mode", Status: doctor.OK, Detail: info.Mode().Perm().String()}
	if goruntime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		f.Status, f.Remedy = doctor.Warning, "chmod 700: nobody but the host's user needs the state"
		f.Detail += ": others on this machine can look into it"
	}
	return f
}

func (d *doctorSubject) storeFindings() []doctor.Finding {
	if _, err := os.Stat(filepath.Join(d.data, "store")); err != nil {
		return []doctor.Finding{{Name: "store", Status: doctor.OK, Detail: "not there yet; serve makes it"}}
	}
	c, err := standard.InspectStore(d.data)
	if err != nil {
		return []doctor.Finding{{Name: "store", Status: doctor.Failed, Detail: err.Error(), Remedy: "the host's user must be able to read and write it"}}
	}
	lock := doctor.Finding{Name: "store", Status: doctor.OK, Detail: "in nobody's use"}
	if c.Holder != "" {
		lock.Detail = "in use by " + c.Holder
	}
	disk := doctor.Finding{Name: "disk", Status: doctor.OK, Detail: doctor.Bytes(c.Free) + " free"}
	switch {
	case c.Free < c.Need:
		disk.Status, disk.Remedy = doctor.Failed, "make room: writes are refused below "+doctor.Bytes(c.Need)
	case c.Free < lowDisk:
		disk.Status, disk.Remedy = doctor.Warning, "make room: writes are refused when the disk is nearly full"
	}
	return []doctor.Finding{lock, disk}
}

// keyCheck looks at where the master key is, and never makes one.
func (d *doctorSubject) keyCheck() doctor.Check {
	return doctor.Check{Name: "master key", Run: func(context.Context) []doctor.Finding {
		f := doctor.Finding{Name: "key", Status: doctor.OK}
		key, err := d.findKey(&f)
		switch {
		case err != nil:
			f.Status, f.Detail = doctor.Failed, err.Error()
			f.Remedy = "without the key stored secrets cannot be read: restore it from its backup"
		case key != (secrets.MasterKey{}):
			f.Detail += ", id " + key.ID()
		}
		return []doctor.Finding{f}
	}}
}

// findKey reads the key and says in f where it is; the key is zero when there
// is none yet.
func (d *doctorSubject) findKey(f *doctor.Finding) (secrets.MasterKey, error) {
	switch {
	case d.keys.keyring != "" && d.keys.file == "":
		f.Detail = "in the desktop's keyring"
		text, err := secrets.SystemKeyring{}.Get(d.keys.keyring)
		if errors.Is(err, secrets.ErrNotFound) {
			f.Detail = "the desktop's keyring has none yet; serve makes it"
			return secrets.MasterKey{}, nil
		}
		if err != nil {
			return secrets.MasterKey{}, err
		}
		return secrets.ParseMasterKey(text)
	case d.keys.file != "" || os.Getenv(masterKeyVariable) != "":
		f.Detail = "in a file of its own, apart from the data"
		if d.keys.file == "" {
			f.Detail = "in the environment, where who is the same user can read it"
		}
		return d.keys.masterKey()
	}
	key, err := secrets.ReadKeyFile(filepath.Join(d.data, "master.key"))
	if errors.Is(err, fs.ErrNotExist) {
		f.Detail = "not there yet; serve makes one in the data directory"
		return secrets.MasterKey{}, nil
	}
	f.Status, f.Detail = doctor.Warning, "in the data directory"
	f.Remedy = "move it elsewhere and name it with --master-key-file: who copies the directory has the key to the secrets in it"
	return key, err
}

// settingsCheck looks at the file of settings.
func (d *doctorSubject) settingsCheck() doctor.Check {
	return doctor.Check{Name: "settings", Run: func(context.Context) []doctor.Finding {
		f := doctor.Finding{Name: "file", Status: doctor.OK}
		values, err := readSettings(d.config)
		if err == nil {
			err = checkStructured(d.config)
		}
		var unknown []string
		for key := range values {
			if !knownSettings[key] {
				unknown = append(unknown, key)
			}
		}
		slices.Sort(unknown)
		switch {
		case err != nil:
			f.Status, f.Detail, f.Remedy = doctor.Failed, err.Error(), "correct the file, or name another with --config"
		case len(unknown) > 0:
			f.Status, f.Remedy = doctor.Failed, "take them out, or correct their names: annex serve --help lists them"
			f.Detail = "no setting is called " + strings.Join(unknown, ", ")
		case len(values) == 0:
			f.Detail = "none"
		default:
			f.Detail = "all of them are known"
		}
		return []doctor.Finding{f}
	}}
}
