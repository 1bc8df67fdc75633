package pack

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// What the records of an archive start with, and how long they are without
// their names.
const (
	localMagic      = 0x04034b50
	descriptorMagic = 0x08074b50
	centralMagic    = 0x02014b50
	endMagic        = 0x06054b50

	localSize   = 30
	centralSize = 46
	endSize     = 22
)

// The methods of packing that are read.
const (
	stored   = 0
	deflated = 8
)

// The flags of an entry that change nothing for a reader, or that are read:
// how hard it was deflated, sizes in a descriptor, a name in UTF-8.
const (
	flagDescriptor = 1 << 3
	knownFlags     = 1<<1 | 1<<2 | flagDescriptor | 1<<11
)

// entry is a file or a directory of an archive, as both its headers say.
type entry struct {
	name       string
	flags      uint16
	method     uint16
	modified   uint32 // time and date
	crc        uint32
	packed     uint32 // bytes in the archive
	size       uint32 // bytes unpacked
	attributes uint32 // external
	offset     int64  // of the local header
	start      int64  // of the contents
}

func (e entry) isDir() bool { return e.name != "" && e.name[len(e.name)-1] == '/' }

// record reads little-endian numbers one after the other. Reading past the end
// gives nothing and sets short.
type record struct {
	data  []byte
	short bool
}

func (r *record) bytes(n int) []byte {
	if n > len(r.data) {
		r.data, r.short = nil, true
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *record) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *record) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// readStructure walks an archive from its end: the end record, the central
// directory, and the local header of every entry. Together they fill the file
// from its first byte to its last, without gaps and without overlaps.
func readStructure(data []byte, limit int) ([]entry, error) {
	count, start, err := readEnd(data)
	if err != nil {
		return nil, err
	}
	if count > limit {
		return nil, tooMany(limit)
	}
	entries, err := readCentral(data[start:len(data)-endSize], count)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	next := int64(0)
	for i := range entries {
		e := &entries[i]
		if e.offset != next {
			return nil, invalid(fmt.Sprintf("%q does not follow the entry before it", e.name))
		}
		end := start
		if i+1 < len(entries) {
			end = entries[i+1].offset
		}
		if err := e.readLocal(data, end); err != nil {
			return nil, err
		}
		next = end
	}
	if next != start {
		return nil, invalid("there are bytes before the central directory that no entry has")
	}
	return entries, nil
}

// readEnd reads the end record, which is the end of the file, and returns the
// number of entries and where the central directory starts.
func readEnd(data []byte) (count int, start int64, err error) {
	if len(data) < endSize {
		return 0, 0, invalid("it is shorter than an empty one")
	}
	r := &record{data: data[len(data)-endSize:]}
	magic, disk, centralDisk := r.u32(), r.u16(), r.u16()
	here, total := r.u16(), r.u16()
	size, offset, comment := r.u32(), r.u32(), r.u16()
	switch {
	case magic != endMagic:
		return 0, 0, invalid("it does not end with the end record (bytes after it, or a comment)")
	case comment != 0:
		return 0, 0, invalid("its end record announces a comment that is not there")
	case here == 0xffff || total == 0xffff || size == 0xffffffff || offset == 0xffffffff:
		return 0, 0, invalid("zip64 is not supported")
	case disk != 0 || centralDisk != 0 || here != total:
		return 0, 0, invalid("it has several parts")
	case int64(offset)+int64(size) != int64(len(data)-endSize):
		return 0, 0, invalid("its central directory is not where the end record says (bytes before the archive, or zip64)")
	}
	return int(total), int64(offset), nil
}

// readCentral reads the central directory, which has count entries and nothing
// else.
func readCentral(data []byte, count int) ([]entry, error) {
	r := &record{data: data}
	entries := make([]entry, 0, count)
	for range count {
		e, err := readCentralEntry(r)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if len(r.data) > 0 {
		return nil, invalid("its central directory is longer than its entries")
	}
	return entries, nil
}

func readCentralEntry(r *record) (entry, error) {
	magic := r.u32()
	r.bytes(4) // versions of the writer and of the reader it wants
	e := entry{flags: r.u16(), method: r.u16(), modified: r.u32(), crc: r.u32(), packed: r.u32(), size: r.u32()}
	name, extra, comment := int(r.u16()), int(r.u16()), int(r.u16())
	disk := r.u16()
	r.bytes(2) // internal attributes: text or binary
	e.attributes, e.offset = r.u32(), int64(r.u32())
	e.name = string(r.bytes(name))
	problem := extraProblem(r.bytes(extra))
	switch {
	case r.short || magic != centralMagic:
		return e, invalid("its central directory is damaged")
	case comment != 0:
		return e, invalid(fmt.Sprintf("%q has a comment", e.name))
	case disk != 0:
		return e, invalid(fmt.Sprintf("%q is in another part", e.name))
	case problem != "":
		return e, invalid(fmt.Sprintf("%q %s", e.name, problem))
	case e.flags&1 != 0:
		return e, invalid(fmt.Sprintf("%q is encrypted", e.name))
	case e.flags&^knownFlags != 0:
		return e, invalid(fmt.Sprintf("%q has flags that are not supported (%#04x)", e.name, e.flags))
	case e.method != stored && e.method != deflated:
		return e, invalid(fmt.Sprintf("%q is packed by method %d, which is not supported", e.name, e.method))
	case e.packed == 0xffffffff || e.size == 0xffffffff || e.offset == 0xffffffff:
		return e, invalid(fmt.Sprintf("%q is in zip64, which is not supported", e.name))
	}
	return e, nil
}

// extraProblem looks through the extra fields of a header. Those that hold
// times, owners and padding are skipped; any other could change what the entry
// is, its name (0x7075) or where it ends (0x0001) among them.
func extraProblem(data []byte) string {
	r := &record{data: data}
	for len(r.data) > 0 {
		id, size := r.u16(), r.u16()
		r.bytes(int(size))
		if r.short {
			return "has a damaged extra field"
		}
		switch id {
		case 0x000a, 0x5455, 0x5855, 0x7855, 0x7875: // NTFS and Unix times and owners
		case 0xa220, 0xd935, 0xcafe: // padding, Android, JAR
		case 0x0001:
			return "is in zip64, which is not supported"
		default:
			return fmt.Sprintf("has an extra field that is not supported (%#04x)", id)
		}
	}
	return ""
}

// readLocal compares the local header at e.offset with the central one, and
// makes sure that the entry ends at end.
func (e *entry) readLocal(data []byte, end int64) error {
	if end-e.offset < localSize || end > int64(len(data)) {
		return invalid(fmt.Sprintf("%q overlaps with what follows", e.name))
	}
	r := &record{data: data[e.offset:end]}
	magic := r.u32()
	r.bytes(2) // version of the reader it wants
	local := entry{flags: r.u16(), method: r.u16(), modified: r.u32(), crc: r.u32(), packed: r.u32(), size: r.u32()}
	name, extra := int(r.u16()), int(r.u16())
	local.name = string(r.bytes(name))
	problem := extraProblem(r.bytes(extra))
	e.start = end - int64(len(r.data))
	r.bytes(int(min(e.packed, 1<<30)))
	switch {
	case magic != localMagic:
		return invalid(fmt.Sprintf("%q has no local header", e.name))
	case r.short:
		return invalid(fmt.Sprintf("%q overlaps with what follows", e.name))
	case problem != "":
		return invalid(fmt.Sprintf("%q %s", e.name, problem))
	case local.name != e.name || local.flags != e.flags || local.method != e.method || local.modified != e.modified:
		return invalid(fmt.Sprintf("%q is %q in its local header, or packed in another way", e.name, local.name))
	}
	return e.checkSizes(local, r)
}

// checkSizes compares checksum and sizes, which stand in the local header or,
// with the flag, in a descriptor after the contents. Nothing else follows.
func (e *entry) checkSizes(local entry, rest *record) error {
	if e.flags&flagDescriptor == 0 {
		if len(rest.data) != 0 || !e.sameSizes(local) {
			return invalid(fmt.Sprintf("%q has another size or checksum in its local header", e.name))
		}
		return nil
	}
	// Writers leave zeros in the header, or what they know already.
	if !local.sameSizes(entry{}) && !e.sameSizes(local) {
		return invalid(fmt.Sprintf("%q has another size or checksum in its local header", e.name))
	}
	if len(rest.data) == 16 && rest.u32() != descriptorMagic {
		return invalid(fmt.Sprintf("%q has bytes after its end", e.name))
	}
	if len(rest.data) != 12 {
		return invalid(fmt.Sprintf("%q has bytes after its end", e.name))
	}
	descriptor := entry{crc: rest.u32(), packed: rest.u32(), size: rest.u32()}
	if !e.sameSizes(descriptor) {
		return invalid(fmt.Sprintf("%q has another size or checksum after its contents", e.name))
	}
	return nil
}

func (e entry) sameSizes(other entry) bool {
	return e.crc == other.crc && e.packed == other.packed && e.size == other.size
}
