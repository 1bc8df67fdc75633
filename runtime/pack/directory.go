package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
)

// modules is the directory that package managers fill.
const modules = "node_modules"

// openDirectory reads a plain directory. Hidden files and node_modules are
// left out; links and devices are refused, and nothing outside is reached
// whatever changes meanwhile.
func openDirectory(dir string, opts Options) (*Package, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	w := walk{root: root, limit: opts.MaxFiles, files: map[string][]byte{}}
	if err := fs.WalkDir(root.FS(), ".", w.visit); err != nil {
		return nil, err
	}
	p, err := assemble(Directory, w.files, opts)
	if err != nil {
		return nil, err
	}
	if w.modules {
		p.Modules, p.dir = true, dir
	}
	return p, nil
}

// walk collects the files of a directory.
type walk struct {
	root    *os.Root
	limit   int
	files   map[string][]byte
	total   int64
	modules bool // node_modules was seen
}

func (w *walk) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case name == ".":
		return nil
	case d.Name() == modules:
		w.modules = true
		return skip(d)
	case strings.HasPrefix(d.Name(), "."):
		return skip(d)
	}
	if err := manifest.CheckFile(name); err != nil {
		return unusable(err.Error())
	}
	if d.IsDir() {
		return nil
	}
	if len(w.files) == w.limit {
		return tooMany(w.limit)
	}
	data, err := readRegular(w.root, name, MaxUnpacked-w.total)
	if err != nil {
		return err
	}
	w.total += int64(len(data))
	w.files[name] = data
	return nil
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// readRegular reads a file that is no link, up to limit bytes.
func readRegular(root *os.Root, name string, limit int64) ([]byte, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, unusable(fmt.Sprintf("%q is no regular file", name))
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	after, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !os.SameFile(before, after) {
		return nil, unusable(fmt.Sprintf("%q was exchanged while it was read", name))
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLarge()
	}
	return data, nil
}

// inModules reports whether name is below a node_modules.
func inModules(name string) bool {
	return strings.HasPrefix(name, modules+"/") || strings.Contains(name, "/"+modules+"/")
}

// readModule reads one file below node_modules, up to limit bytes. No part of
// its name is a link.
func readModule(dir, name string, limit int64) ([]byte, error) {
	if err := manifest.CheckFile(name); err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		info, err := root.Lstat(parent)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, unusable(fmt.Sprintf("%q is no directory", parent))
		}
	}
	return readRegular(root, name, limit)
}
