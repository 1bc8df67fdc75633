package pack

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// header is one header of an entry as the tests write it, right or wrong.
type header struct {
	name     string
	flags    uint16
	method   uint16
	modified uint32
	crc      uint32
	packed   uint32
	size     uint32
	extra    []byte
}

// zipEntry is an entry of an archive that is built byte by byte.
type zipEntry struct {
	local, central header
	contents       []byte // as packed
	descriptor     []byte // after the contents
	comment        []byte
	disk           uint16
	attributes     uint32
	offset         uint32 // filled in by build, plus shift
	shift          int32
}

// archive is a whole one. The functions change what build would write.
type archive struct {
	entries []*zipEntry
	before  []byte // before the first entry, not counted in the offsets
	between []byte // before the central directory
	inside  []byte // at the end of the central directory
	after   []byte // after the end record
	end     func(*endRecord)
}

type endRecord struct {
	disk, centralDisk, here, total uint16
	size, offset                   uint32
	comment                        uint16
}

func put(b *bytes.Buffer, numbers ...any) {
	for _, n := range numbers {
		if err := binary.Write(b, binary.LittleEndian, n); err != nil {
			panic(err)
		}
	}
}

// file makes an entry that is right: deflated, or stored for a directory.
func file(name, contents string) *zipEntry {
	h := header{name: name, method: deflated, modified: 0x5a21_0000, crc: crc32.ChecksumIEEE([]byte(contents)), size: uint32(len(contents))}
	e := &zipEntry{contents: deflate([]byte(contents)), attributes: 0o100644 << 16}
	if name[len(name)-1] == '/' {
		h.method, e.contents, e.attributes = stored, nil, 0o040755<<16
	}
	h.packed = uint32(len(e.contents))
	e.local, e.central = h, h
	return e
}

// plain makes a stored entry.
func plain(name, contents string) *zipEntry {
	e := file(name, contents)
	e.contents = []byte(contents)
	e.both(func(h *header) { h.method, h.packed = stored, h.size })
	return e
}

// streamed makes an entry whose sizes are in a descriptor.
func streamed(name, contents string, magic bool) *zipEntry {
	e := file(name, contents)
	e.both(func(h *header) { h.flags |= flagDescriptor })
	e.local.crc, e.local.packed, e.local.size = 0, 0, 0
	var b bytes.Buffer
	if magic {
		put(&b, uint32(descriptorMagic))
	}
	put(&b, e.central.crc, e.central.packed, e.central.size)
	e.descriptor = b.Bytes()
	return e
}

func (e *zipEntry) both(f func(*header)) *zipEntry {
	f(&e.local)
	f(&e.central)
	return e
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (a archive) build() []byte {
	var b bytes.Buffer
	for _, e := range a.entries {
		e.offset = uint32(int32(b.Len()) + e.shift)
		h := e.local
		put(&b, uint32(localMagic), uint16(20), h.flags, h.method, h.modified, h.crc, h.packed, h.size,
			uint16(len(h.name)), uint16(len(h.extra)), []byte(h.name), h.extra, e.contents, e.descriptor)
	}
	b.Write(a.between)
	start := b.Len()
	for _, e := range a.entries {
		h := e.central
		put(&b, uint32(centralMagic), uint16(3<<8|20), uint16(20), h.flags, h.method, h.modified, h.crc, h.packed, h.size,
			uint16(len(h.name)), uint16(len(h.extra)), uint16(len(e.comment)), e.disk, uint16(0), e.attributes, e.offset,
			[]byte(h.name), h.extra, e.comment)
	}
	b.Write(a.inside)
	end := endRecord{here: uint16(len(a.entries)), total: uint16(len(a.entries)), size: uint32(b.Len() - start), offset: uint32(start)}
	if a.end != nil {
		a.end(&end)
	}
	put(&b, uint32(endMagic), end, a.after)
	return append(bytes.Clone(a.before), b.Bytes()...)
}

// goodManifest is of an extension with one handler, without a client.
const goodManifest = `{
	"id": "acme.notes", "name": "Notes", "version": "1.0.0", "publisher": "acme", "license": "Apache-2.0",
	"description": "Keeps notes.", "icon": "icon.png", "repository": "https://example.com/notes",
	"engines": {"blueplm": "^3.0.0"}, "serverMain": "server/index.js", "activationEvents": ["onStartup"],
	"contributes": {"apiRoutes": [{"method": "GET", "path": "notes", "handler": "server/index.js"}]},
	"permissions": {"server": ["storage:database"]}
}`

// good are the entries of a package without fault.
func good(more ...*zipEntry) []*zipEntry {
	return append([]*zipEntry{
		file("extension.json", goodManifest),
		file("LICENSE", "Apache License"),
		file("SIGNATURE", "signed"),
		file("icon.png", "PNG"),
		file("server/", ""),
		plain("server/index.js", "export default () => 1"),
	}, more...)
}

func TestGoodArchive(t *testing.T) {
	p, err := OpenArchive(archive{entries: good(
		streamed("a.js", "streamed", true),
		streamed("b.js", "streamed", false),
		plain("empty.txt", ""),
		file("with extras.txt", "x").both(func(h *header) { h.extra = []byte{0x55, 0x54, 1, 0, 9} }),
		file("utf8.txt", "x").both(func(h *header) { h.flags |= 1 << 11 }),
	)}.build(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Warnings) > 0 {
		t.Errorf("warnings %v", p.Warnings)
	}
	want := map[string]string{
		"extension.json": goodManifest, "LICENSE": "Apache License", "SIGNATURE": "signed", "icon.png": "PNG",
		"server/index.js": "export default () => 1", "a.js": "streamed", "b.js": "streamed", "empty.txt": "",
		"with extras.txt": "x", "utf8.txt": "x",
	}
	if len(p.Files) != len(want) {
		t.Errorf("%d files, want %d: %v", len(p.Files), len(want), p.Files)
	}
	for name, contents := range want {
		if got, err := p.Read(name); err != nil || string(got) != contents {
			t.Errorf("%s is %q, %v; want %q", name, got, err, contents)
		}
	}
}
