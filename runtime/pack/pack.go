// Package pack reads the packages of extensions: a .bpx archive or a plain
// directory.
//
// Everything is checked while it is read into memory, and nothing is written:
// names, kinds and sizes of entries, the structure of the archive to the last
// byte, the manifest, and that the files it names are there. What passes is a
// [Package], the same whether it came from an archive, a directory or a store.
package pack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/annexhost/annex/runtime/manifest"
)

// The limits of a package. Those on handlers count what was bundled and are
// checked by the host.
const (
	MaxPacked     = 50 << 20 // bytes of an archive, however high the operator sets it
	DefaultPacked = 10 << 20 // bytes of an archive
	MaxUnpacked   = 50 << 20 // bytes of all files
	DefaultFiles  = 500      // files; in an archive, directories count too
	MaxClient     = 2 << 20  // bytes of the client bundle
	MaxModule     = 16 << 20 // bytes of a WebAssembly handler
)

// Extension is how the name of an archive ends.
const Extension = ".bpx"

// Options are what the operator decided about packages.
type Options struct {
	// Manifest is what the manifest is checked against.
	Manifest manifest.Options

	// MaxPacked limits the bytes of an archive. 0 means 10 MiB; it can be
	// raised to 50 MiB.
	MaxPacked int64

	// MaxFiles limits the number of files. 0 means 500.
	MaxFiles int
}

func (o Options) withDefaults() (Options, error) {
	if o.MaxPacked == 0 {
		o.MaxPacked = DefaultPacked
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = DefaultFiles
	}
	if o.MaxPacked < 0 || o.MaxPacked > MaxPacked || o.MaxFiles < 0 {
		return o, fmt.Errorf("pack: MaxPacked must be 1 to %d and MaxFiles positive", MaxPacked)
	}
	return o, nil
}

// Source says where a package came from.
type Source string

// The sources.
const (
	Directory Source = "directory"
	Archive   Source = "bpx"
	Stored    Source = "stored" // made by [FromFiles]
)

// File is one file of a package.
type File struct {
	Path   string // as in [manifest.CheckFile]
	Size   int64
	SHA256 [32]byte
}

// Package is a package that passed every check. It is safe for concurrent use
// but for [Package.IncludeModules]. Its bytes are not changed.
type Package struct {
	Source   Source
	Manifest *manifest.Manifest

	// RawManifest is extension.json, without a byte order mark.
	RawManifest []byte

	// Files are all files, sorted by path.
	Files []File

	// Digest is the SHA-256 of [Package.Canonical] in hex.
	Digest string

	// Warnings are those of the manifest, and of the package.
	Warnings []manifest.Issue

	// Modules says that the package is a directory with node_modules in it.
	// What is imported from there is not in Files, and not in Digest, before
	// it was read and [Package.IncludeModules] was called.
	Modules bool

	opts Options
	data map[string][]byte // by path, of everything in Files
	dir  string            // where modules are read; empty when there are none

	mu       sync.Mutex
	imported map[string][]byte // modules that were read
	size     int64             // of all of them
}

// Open reads the package at path: a directory, or a file whose name ends in
// .bpx. What is wrong with the package is a *[PackageError].
func Open(path string, opts Options) (*Package, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openDirectory(path, opts)
	}
	if !strings.HasSuffix(strings.ToLower(path), Extension) {
		return nil, &PackageError{Code: InvalidExtension, Message: "Extension package must have .bpx extension"}
	}
	if !info.Mode().IsRegular() {
		return nil, invalid("it is no regular file")
	}
	data, err := readArchiveFile(path, opts.MaxPacked)
	if err != nil {
		return nil, err
	}
	return OpenArchive(data, opts)
}

func readArchiveFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One byte more than the limit says that there is more.
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// OpenArchive reads the bytes of a .bpx archive.
func OpenArchive(data []byte, opts Options) (*Package, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > opts.MaxPacked {
		return nil, &PackageError{
			Code:    PackageTooLarge,
			Message: fmt.Sprintf("Package is too large: more than %d bytes packed", opts.MaxPacked),
		}
	}
	files, err := unzip(data, opts.MaxFiles)
	if err != nil {
		return nil, err
	}
	return assemble(Archive, files, opts)
}

// FromFiles makes a package from the contents of its files by path, as they
// were kept of an earlier one. It passes the same checks and has the same
// Digest. The bytes belong to the package afterwards.
func FromFiles(files map[string][]byte, opts Options) (*Package, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return assemble(Stored, files, opts)
}

// Read returns the contents of a file. They must not be changed. In a
// directory, files under node_modules are read when they are asked for, and
// noted for [Package.IncludeModules]. The error is [fs.ErrNotExist] for what is
// not there.
func (p *Package) Read(name string) ([]byte, error) {
	if data, ok := p.data[name]; ok {
		return data, nil
	}
	if p.dir == "" || !inModules(name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if data, ok := p.imported[name]; ok {
		return data, nil
	}
	data, err := readModule(p.dir, name, MaxUnpacked-p.size)
	if err != nil {
		return nil, err
	}
	p.size += int64(len(data))
	p.imported[name] = data
	return data, nil
}

// Resolve returns the path of a file that the manifest names: as it is written
// there, or under dist/.
func (p *Package) Resolve(name string) (path string, ok bool) {
	for _, path := range []string{name, "dist/" + name} {
		if _, ok := p.data[path]; ok {
			return path, true
		}
	}
	return "", false
}

// IncludeModules adds the files that were read from node_modules to Files, and
// computes Digest anew. It belongs after bundling and before the package is
// kept. The limits of a package hold for the whole.
func (p *Package) IncludeModules() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.Modules {
		return nil
	}
	all := make(map[string][]byte, len(p.data)+len(p.imported))
	for _, files := range []map[string][]byte{p.data, p.imported} {
		for name, data := range files {
			all[name] = data
		}
	}
	if err := checkFiles(all, p.opts.MaxFiles); err != nil {
		return err
	}
	p.data = all
	p.Modules = false
	p.list()
	return nil
}
