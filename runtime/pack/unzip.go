package pack

import (
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
)

// A file that is larger than maxCalm and packs better than maxRatio is a bomb.
const (
	maxCalm  = 1 << 20
	maxRatio = 200
)

// unzip reads every file of an archive whose structure and entries pass.
//
// The archive is walked here and not by package archive/zip, which accepts
// what other programs read differently: junk before and after, two archives in
// one file, names that appear twice, headers that contradict each other. All
// of that is refused before anything is inflated, so that there is one reading
// of an archive that passes.
func unzip(data []byte, limit int) (map[string][]byte, error) {
	entries, err := readStructure(data, limit)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(entries); err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(entries))
	for _, e := range entries {
		content, err := e.content(data)
		if err != nil {
			return nil, err
		}
		if !e.isDir() {
			files[e.name] = content
		}
	}
	return files, nil
}

// checkEntries looks at what the entries say they are.
func checkEntries(entries []entry) error {
	names := make(map[string]string, len(entries)) // by their lower case
	total := uint64(0)
	for _, e := range entries {
		name := strings.TrimSuffix(e.name, "/")
		if err := manifest.CheckFile(name); err != nil {
			return invalid(err.Error())
		}
		if other, ok := names[strings.ToLower(name)]; ok {
			return invalid(fmt.Sprintf("two entries for one name, %q and %q", other, e.name))
		}
		names[strings.ToLower(name)] = e.name
		if why := e.unusual(); why != "" {
			return invalid(fmt.Sprintf("%q %s", e.name, why))
		}
		total += uint64(e.size)
	}
	if total > MaxUnpacked {
		return tooLarge()
	}
	for _, e := range entries { // directories too, which are no files of the package
		if err := checkAbove(names, e.name); err != nil {
			return err
		}
	}
	return nil
}

// unusual says why an entry is neither a plain file nor a directory, or is a
// bomb.
func (e entry) unusual() string {
	const (
		unixKind    = 0o170000
		unixFile    = 0o100000
		unixDir     = 0o040000
		unixSpecial = 0o007000 // set-user-id, set-group-id, sticky
		dosVolume   = 0x08
	)
	mode := e.attributes >> 16
	kind := mode & unixKind
	switch {
	case kind != 0 && kind != unixFile && kind != unixDir:
		return "is a link or a device"
	case kind == unixDir && !e.isDir(), kind == unixFile && e.isDir():
		return "is a file by its name or a directory by its mode, or the other way round"
	case mode&unixSpecial != 0:
		return "has a mode with set-user-id, set-group-id or sticky"
	case e.attributes&dosVolume != 0:
		return "is a volume label"
	case e.isDir() && e.size != 0:
		return "is a directory with contents"
	case e.method == stored && e.packed != e.size:
		return "is stored with two sizes"
	case e.size > maxCalm && uint64(e.size) > maxRatio*uint64(e.packed):
		return fmt.Sprintf("unpacks to more than %d times its size", maxRatio)
	}
	return ""
}

// content inflates an entry. It reads no more than the entry's size and one
// byte, and all of the packed bytes have to belong to it.
func (e entry) content(data []byte) ([]byte, error) {
	packed := bytes.NewReader(data[e.start : e.start+int64(e.packed)])
	var content []byte
	switch e.method {
	case stored:
		content = bytes.Clone(data[e.start : e.start+int64(e.packed)])
		packed.Reset(nil)
	default:
		inflater := flate.NewReader(packed)
		buf := bytes.NewBuffer(make([]byte, 0, e.size))
		if _, err := io.Copy(buf, io.LimitReader(inflater, int64(e.size)+1)); err != nil {
			return nil, invalid(fmt.Sprintf("%q cannot be inflated: %v", e.name, err))
		}
		content = buf.Bytes()
	}
	switch {
	case len(content) != int(e.size):
		return nil, invalid(fmt.Sprintf("%q has another size than it says", e.name))
	case packed.Len() != 0:
		return nil, invalid(fmt.Sprintf("%q has bytes after its end", e.name))
	case crc32.ChecksumIEEE(content) != e.crc:
		return nil, invalid(fmt.Sprintf("%q is damaged", e.name))
	}
	return content, nil
}
