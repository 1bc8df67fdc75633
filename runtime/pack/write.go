package pack

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/annexhost/annex/runtime/manifest"
)

// The only time that an archive of ours has: the first that the format knows,
// 1 January 1980.
const (
	writtenTime = 0
	writtenDate = 1<<5 | 1
)

// Write makes an archive of files by path. The same files give the same bytes:
// entries are sorted, have one time and one mode, and no extra fields. What it
// writes passes the rules of [OpenArchive], or it fails with the same errors.
func Write(files map[string][]byte, opts Options) ([]byte, error) {
	var out, central bytes.Buffer
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		h := newWritten(name, files[name])
		offset := uint32(out.Len())
		h.write(&out, localMagic, 0)
		out.Write(h.packed)
		h.write(&central, centralMagic, offset)
	}
	start := out.Len()
	out.Write(central.Bytes())
	le := binary.LittleEndian
	end := le.AppendUint32(nil, endMagic)
	end = le.AppendUint32(end, 0) // no other parts
	end = le.AppendUint16(end, uint16(len(names)))
	end = le.AppendUint16(end, uint16(len(names)))
	end = le.AppendUint32(end, uint32(central.Len()))
	end = le.AppendUint32(end, uint32(start))
	out.Write(le.AppendUint16(end, 0))
	if _, err := OpenArchive(out.Bytes(), opts); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// written is an entry on its way into an archive.
type written struct {
	name   string
	method uint16
	crc    uint32
	size   int
	packed []byte
}

// newWritten packs data, unless that makes it longer, or so short that readers
// take it for a bomb.
func newWritten(name string, data []byte) written {
	h := written{name: name, method: stored, crc: crc32.ChecksumIEEE(data), size: len(data), packed: data}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return h
	}
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		return h
	}
	bomb := len(data) > maxCalm && len(data) > maxRatio*packed.Len()
	if packed.Len() < len(data) && !bomb {
		h.method, h.packed = deflated, packed.Bytes()
	}
	return h
}

// write writes the local or the central header.
func (h written) write(out *bytes.Buffer, magic, offset uint32) {
	const (
		version  = 20
		unix     = 3 << 8
		readable = 0o100644 << 16
	)
	le := binary.LittleEndian
	b := le.AppendUint32(nil, magic)
	if magic == centralMagic {
		b = le.AppendUint16(b, unix|version)
	}
	for _, v := range []uint16{version, 0, h.method, writtenTime, writtenDate} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{h.crc, uint32(len(h.packed)), uint32(h.size)} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint16(b, uint16(len(h.name)))
	b = le.AppendUint16(b, 0) // extra
	if magic == centralMagic {
		b = append(b, make([]byte, 6)...) // comment, part, internal attributes
		b = le.AppendUint32(b, readable)
		b = le.AppendUint32(b, offset)
	}
	out.Write(append(b, h.name...))
}

// Contents returns the files of a package by path. The bytes must not be changed.
func (p *Package) Contents() map[string][]byte { return maps.Clone(p.data) }

var testFile = regexp.MustCompile(`\.test\.[cm]?[jt]s$`)

// IsTest reports whether a file is a test of an extension: *.test.ts, *.test.js.
func IsTest(name string) bool { return testFile.MatchString(name) && !inModules(name) }

// Ships reports whether a file of an author's directory belongs in a package:
// all but tests, what only an editor reads, the Go sources of modules, packages
// and the signature of an earlier one.
func Ships(name string) bool {
	switch {
	case inModules(name):
		return true
	case IsTest(name):
		return false
	}
	switch name {
	case "api.d.ts", manifest.SchemaFile, "tsconfig.json", "jsconfig.json", "package-lock.json", "go.mod", "go.sum", signature:
		return false
	}
	ext := strings.ToLower(path.Ext(name))
	return ext != Extension && ext != ".go"
}

// FileName is how an archive of a package is called.
func (p *Package) FileName() string {
	return p.Manifest.ID.ShortName() + "-" + p.Manifest.Version + Extension
}
