package pack

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// refuse checks that data is refused with the code and a message that has want.
func refuse(t *testing.T, rule string, data []byte, opts Options, code Code, want string) {
	t.Helper()
	p, err := OpenArchive(data, opts)
	var pe *PackageError
	if !errors.As(err, &pe) {
		t.Errorf("%s: got %v, %v; want a PackageError", rule, p, err)
		return
	}
	if pe.Code != code || !strings.Contains(pe.Message, want) {
		t.Errorf("%s: got %s %q, want %s with %q", rule, pe.Code, pe.Message, code, want)
	}
}

func TestRefusesNames(t *testing.T) {
	for _, c := range []struct{ rule, name, want string }{
		{"traversal", "../evil.js", `part ".."`},
		{"traversal inside", "server/../../evil.js", `part ".."`},
		{"traversal at the end", "server/..", `part ".."`},
		{"a part that is a dot", "./a.js", `part "."`},
		{"absolute", "/etc/passwd", "absolute"},
		{"an empty part", "a//b.js", "an empty part"},
		{"two slashes at the end", "a//", "an empty part"},
		{"backslashes", `a\..\evil.js`, "a character outside"},
		{"a drive", `C:/evil.js`, "a character outside"},
		{"a stream of a file", "a.js:evil", "a character outside"},
		{"a device", "CON", "a device on Windows"},
		{"a device with an extension", "server/aux.js", "a device on Windows"},
		{"a device by its number", "com1.txt", "a device on Windows"},
		{"a device before a space", "nul .js", "a device on Windows"},
		{"a dot at the end", "a.", "ends in a dot"},
		{"a space at the end", "a ", "starts or ends in a space"},
		{"a name with NUL", "a\x00.js", "a character outside"},
		{"a newline", "a\n.js", "a character outside"},
		{"invalid UTF-8", "a\xff.js", "a character outside"},
		{"composed letters", "caf\u00e9.js", "a character outside"},
		{"decomposed letters", "cafe\u0301.js", "a character outside"},
		{"a letter that turns the writing", "a\u202egpj.js", "a character outside"},
		{"a long name", strings.Repeat("a", 300), "longer than"},
		{"a deep name", strings.Repeat("a/", 30) + "b", "more than 24 parts"},
		{"an empty name", "", "empty name"},
	} {
		e := file("x", "evil")
		e.both(func(h *header) { h.name = c.name })
		refuse(t, c.rule, archive{entries: good(e)}.build(), Options{}, InvalidArchive, c.want)
	}
}

func TestRefusesClashes(t *testing.T) {
	for _, c := range []struct {
		rule    string
		entries []*zipEntry
		want    string
	}{
		{"a name twice", []*zipEntry{file("a.js", "good"), file("a.js", "evil")}, "two entries for one name"},
		{"the manifest twice", []*zipEntry{file("extension.json", "{}")}, "two entries for one name"},
		{"a name in another case", []*zipEntry{file("a.js", "good"), file("A.js", "evil")}, "two entries for one name"},
		{"the manifest in another case", []*zipEntry{file("Extension.json", "{}")}, "two entries for one name"},
		{"a file and a directory", []*zipEntry{file("a", "good"), file("a/", "")}, "two entries for one name"},
		{"a file with a file under it", []*zipEntry{file("a", "good"), file("a/b.js", "evil")}, "is a file and has"},
		{"a file with a directory under it", []*zipEntry{file("a", "good"), file("a/b/", "")}, "is a file and has"},
		{"a directory below a file, in another case", []*zipEntry{file("A/b/", ""), file("a", "good")}, "is a file and has"},
		{"a file with a file under it, in another case", []*zipEntry{file("a", "good"), file("A/b/c.js", "evil")}, "is a file and has"},
	} {
		refuse(t, c.rule, archive{entries: good(c.entries...)}.build(), Options{}, InvalidArchive, c.want)
	}
}

// Files that were kept, or that came with an export, pass the same rule.
func TestRefusesKeptFilesBelowFiles(t *testing.T) {
	for _, below := range []string{"LICENSE/b.js", "license/b/c.js"} {
		files := map[string][]byte{"LICENSE": []byte("MIT"), below: nil, "extension.json": []byte("{}")}
		var pe *PackageError
		if p, err := FromFiles(files, Options{}); !errors.As(err, &pe) || !strings.Contains(pe.Message, "is a file and has") {
			t.Errorf("%s below a file: got %v, %v", below, p, err)
		}
	}
}

func TestRefusesKinds(t *testing.T) {
	for _, c := range []struct {
		rule       string
		name       string
		attributes uint32
		want       string
	}{
		{"a symbolic link", "a", 0o120777 << 16, "a link or a device"},
		{"a FIFO", "a", 0o010644 << 16, "a link or a device"},
		{"a character device", "a", 0o020644 << 16, "a link or a device"},
		{"a block device", "a", 0o060644 << 16, "a link or a device"},
		{"a socket", "a", 0o140644 << 16, "a link or a device"},
		{"a directory's mode on a file", "a", 0o040755 << 16, "a file by its name"},
		{"a file's mode on a directory", "a/", 0o100644 << 16, "a file by its name"},
		{"set-user-id", "a", 0o104755 << 16, "set-user-id"},
		{"set-group-id", "a", 0o102755 << 16, "set-user-id"},
		{"sticky", "a", 0o101755 << 16, "set-user-id"},
		{"a volume label", "a", 0x08, "a volume label"},
	} {
		e := file(c.name, "")
		e.attributes = c.attributes
		refuse(t, c.rule, archive{entries: good(e)}.build(), Options{}, InvalidArchive, c.want)
	}
	dir := plain("a", "contents")
	dir.both(func(h *header) { h.name = "a/" }).attributes = 0
	refuse(t, "a directory with contents", archive{entries: good(dir)}.build(), Options{}, InvalidArchive, "a directory with contents")
}

func TestRefusesContradictions(t *testing.T) {
	const elsewhere = "in its local header"
	for _, c := range []struct {
		rule   string
		change func(e *zipEntry)
		want   string
	}{
		{"another name", func(e *zipEntry) { e.local.name = "b.js" }, elsewhere},
		{"another method", func(e *zipEntry) { e.local.method = stored }, elsewhere},
		{"other flags", func(e *zipEntry) { e.local.flags = 1 << 11 }, elsewhere},
		{"another time", func(e *zipEntry) { e.local.modified++ }, elsewhere},
		{"another checksum", func(e *zipEntry) { e.local.crc++ }, elsewhere},
		{"another packed size", func(e *zipEntry) { e.local.packed++ }, elsewhere},
		{"another size", func(e *zipEntry) { e.local.size++ }, elsewhere},
		{"packed to past the end", func(e *zipEntry) { e.both(func(h *header) { h.packed = 0x7fffffff }) }, "overlaps with what follows"},
		{"packed to past any end", func(e *zipEntry) { e.both(func(h *header) { h.packed = 0xfffffffe }) }, "overlaps with what follows"},
		{"packed larger than it is", func(e *zipEntry) { e.both(func(h *header) { h.packed++ }) }, "overlaps with what follows"},
		{"packed smaller than it is", func(e *zipEntry) { e.both(func(h *header) { h.packed-- }) }, elsewhere},
		{"larger than it is", func(e *zipEntry) { e.both(func(h *header) { h.size++ }) }, "another size than it says"},
		{"smaller than it is", func(e *zipEntry) { e.both(func(h *header) { h.size-- }) }, "another size than it says"},
		{"a wrong checksum", func(e *zipEntry) { e.both(func(h *header) { h.crc++ }) }, "is damaged"},
		{"not deflated", func(e *zipEntry) { e.contents = bytes.Repeat([]byte{0xff}, len(e.contents)) }, "cannot be inflated"},
		{"bytes after the deflated ones", func(e *zipEntry) {
			e.contents = append(e.contents, 0)
			e.both(func(h *header) { h.packed++ })
		}, "has bytes after its end"},
		{"stored with two sizes", func(e *zipEntry) { e.both(func(h *header) { h.method = stored }) }, "stored with two sizes"},
		{"a local header that starts later", func(e *zipEntry) { e.shift = 1 }, elsewhere},
		{"a local header far away", func(e *zipEntry) { e.shift = 0x7fffff00 }, elsewhere},
		{"a damaged extra field", func(e *zipEntry) { e.local.extra = []byte{0x55, 0x54, 9, 0, 1} }, "a damaged extra field"},
		{"an extra field with half a header", func(e *zipEntry) { e.central.extra = []byte{0x55} }, "a damaged extra field"},
		{"a second name", func(e *zipEntry) { e.central.extra = []byte{0x75, 0x70, 6, 0, 1, 0, 0, 0, 0, 'x'} }, "an extra field that is not supported (0x7075)"},
		{"the target of a link", func(e *zipEntry) { e.local.extra = []byte{0x0d, 0, 0, 0} }, "an extra field that is not supported (0x000d)"},
		{"zip64 in the central header", func(e *zipEntry) { e.central.extra = make([]byte, 20); copy(e.central.extra, []byte{1, 0, 16, 0}) }, "zip64"},
		{"zip64 in the local header", func(e *zipEntry) { e.local.extra = []byte{1, 0, 0, 0} }, "zip64"},
		{"a size in zip64", func(e *zipEntry) { e.both(func(h *header) { h.size = 0xffffffff }) }, "zip64"},
		{"encrypted", func(e *zipEntry) { e.both(func(h *header) { h.flags = 1 }) }, "is encrypted"},
		{"strongly encrypted", func(e *zipEntry) { e.both(func(h *header) { h.flags = 1<<6 | 1 }) }, "is encrypted"},
		{"with headers encrypted", func(e *zipEntry) { e.both(func(h *header) { h.flags = 1 << 13 }) }, "flags that are not supported"},
		{"patched", func(e *zipEntry) { e.both(func(h *header) { h.flags = 1 << 5 }) }, "flags that are not supported"},
		{"packed by bzip2", func(e *zipEntry) { e.both(func(h *header) { h.method = 12 }) }, "packed by method 12"},
		{"packed by AES", func(e *zipEntry) { e.both(func(h *header) { h.method = 99 }) }, "packed by method 99"},
		{"a comment", func(e *zipEntry) { e.comment = []byte("PK") }, "has a comment"},
		{"on another disk", func(e *zipEntry) { e.disk = 1 }, "in another part"},
		{"a descriptor without the flag", func(e *zipEntry) { e.descriptor = make([]byte, 12) }, elsewhere},
	} {
		e := file("a.js", "some contents, some contents, some contents")
		c.change(e)
		refuse(t, c.rule, archive{entries: good(e, file("z.js", "last"))}.build(), Options{}, InvalidArchive, c.want)
	}
}

func TestRefusesDescriptors(t *testing.T) {
	for _, c := range []struct {
		rule   string
		change func(e *zipEntry)
		want   string
	}{
		{"none", func(e *zipEntry) { e.descriptor = nil }, "bytes after its end"},
		{"another checksum", func(e *zipEntry) { e.descriptor[4]++ }, "after its contents"},
		{"another packed size", func(e *zipEntry) { e.descriptor[8]++ }, "after its contents"},
		{"another size", func(e *zipEntry) { e.descriptor[12]++ }, "after its contents"},
		{"another start", func(e *zipEntry) { e.descriptor[0]++ }, "bytes after its end"},
		{"too long", func(e *zipEntry) { e.descriptor = append(e.descriptor, 0, 0, 0, 0) }, "bytes after its end"},
		{"of zip64", func(e *zipEntry) { e.descriptor = append(e.descriptor, make([]byte, 8)...) }, "bytes after its end"},
		{"too short", func(e *zipEntry) { e.descriptor = e.descriptor[:11] }, "bytes after its end"},
		{"sizes that differ in the header too", func(e *zipEntry) { e.local.size = e.central.size + 1 }, "in its local header"},
	} {
		e := streamed("a.js", "some contents", true)
		c.change(e)
		refuse(t, c.rule, archive{entries: good(e, file("z.js", "last"))}.build(), Options{}, InvalidArchive, c.want)
	}
}

func TestRefusesStructures(t *testing.T) {
	whole := archive{entries: good()}.build()
	// Every program but a strict one reads one of the two.
	two := append(bytes.Clone(whole), archive{entries: good(file("b.js", "evil"))}.build()...)
	for _, c := range []struct {
		rule string
		data []byte
		want string
	}{
		{"nothing", nil, "shorter than an empty one"},
		{"not an archive", []byte(strings.Repeat("not an archive ", 10)), "does not end with the end record"},
		{"two archives", two, "central directory is not where"},
		{"bytes before, offsets wrong", archive{entries: good(), before: []byte("MZ junk")}.build(), "central directory is not where"},
		{"bytes after", archive{entries: good(), after: make([]byte, 1000)}.build(), "does not end with the end record"},
		{"a comment", archive{entries: good(), after: []byte("hi"), end: func(e *endRecord) { e.comment = 2 }}.build(), "does not end with the end record"},
		{"a comment that is not there", archive{entries: good(), end: func(e *endRecord) { e.comment = 2 }}.build(), "announces a comment"},
		{"an archive in a comment", archive{entries: good(), after: whole, end: func(e *endRecord) { e.comment = uint16(len(whole)) }}.build(), "central directory is not where"},
		{"bytes between", archive{entries: good(), between: []byte("hidden")}.build(), "in its local header"},
		{"bytes and no entries", archive{between: []byte("hidden")}.build(), "that no entry has"},
		{"bytes in the central directory", archive{entries: good(), inside: []byte("hidden")}.build(), "longer than its entries"},
		{"an end record of zip64 and its locator", archive{entries: good(), inside: append([]byte("PK\x06\x06"), make([]byte, 72)...)}.build(), "longer than its entries"},
		{"a central signature", archive{entries: good(), inside: []byte{'P', 'K', 5, 5, 0, 0}}.build(), "longer than its entries"},
		{"more entries than there are", archive{entries: good(), end: func(e *endRecord) { e.here++; e.total++ }}.build(), "central directory is damaged"},
		{"fewer entries than there are", archive{entries: good(), end: func(e *endRecord) { e.here--; e.total-- }}.build(), "longer than its entries"},
		{"no entries, and some", archive{entries: good(), end: func(e *endRecord) { e.here, e.total = 0, 0 }}.build(), "longer than its entries"},
		{"several disks", archive{entries: good(), end: func(e *endRecord) { e.disk = 1 }}.build(), "several parts"},
		{"a central directory elsewhere", archive{entries: good(), end: func(e *endRecord) { e.centralDisk = 1 }}.build(), "several parts"},
		{"entries elsewhere", archive{entries: good(), end: func(e *endRecord) { e.here-- }}.build(), "several parts"},
		{"zip64 by its count", archive{entries: good(), end: func(e *endRecord) { e.here, e.total = 0xffff, 0xffff }}.build(), "zip64"},
		{"zip64 by its offset", archive{entries: good(), end: func(e *endRecord) { e.offset = 0xffffffff }}.build(), "zip64"},
		{"zip64 by its size", archive{entries: good(), end: func(e *endRecord) { e.size = 0xffffffff }}.build(), "zip64"},
		{"a central directory before its place", archive{entries: good(), end: func(e *endRecord) { e.offset--; e.size++ }}.build(), "central directory is damaged"},
		{"a central directory without its start", archive{entries: good(), end: func(e *endRecord) { e.offset++; e.size-- }}.build(), "central directory is damaged"},
	} {
		refuse(t, c.rule, c.data, Options{}, InvalidArchive, c.want)
	}
}

func TestRefusesDamage(t *testing.T) {
	whole := archive{entries: good()}.build()
	central := int(binary.LittleEndian.Uint32(whole[len(whole)-6:]))
	last := len(whole) - endSize - centralSize - len("server/index.js")
	for _, c := range []struct {
		rule string
		at   int // the byte that is changed
		want string
	}{
		{"a local header that is none", 0, "has no local header"},
		{"a central header that is none", central, "central directory is damaged"},
		{"an end record that is none", len(whole) - endSize, "does not end with the end record"},
		{"a name that is too long for the local header", 27, "overlaps"},
		{"a name that is too long for the central directory", central + 29, "central directory is damaged"},
		{"a name that is too long for what is left", last + 29, "central directory is damaged"},
		{"an extra field that is too long for the central directory", central + 31, "central directory is damaged"},
	} {
		data := bytes.Clone(whole)
		data[c.at] ^= 0xff
		refuse(t, c.rule, data, Options{}, InvalidArchive, c.want)
	}
}

func TestRefusesOffsets(t *testing.T) {
	for _, c := range []struct {
		rule  string
		entry int
		shift func(offset uint32) int32 // what is added to the true offset
		want  string
	}{
		{"the first one starts later", 0, func(uint32) int32 { return 1 }, "does not follow"},
		{"the first one starts outside", 0, func(uint32) int32 { return 0x7fffff00 }, "does not follow"},
		{"the last one starts outside", 5, func(uint32) int32 { return 0x7fffff00 }, "overlaps"},
		{"the last one is in zip64", 5, func(offset uint32) int32 { return -int32(offset) - 1 }, "zip64"},
		{"the last one starts where the first one does", 5, func(offset uint32) int32 { return -int32(offset) }, "overlaps"},
	} {
		entries := good()
		archive{entries: entries}.build() // fills in the offsets
		entries[c.entry].shift = c.shift(entries[c.entry].offset)
		refuse(t, c.rule, archive{entries: entries}.build(), Options{}, InvalidArchive, c.want)
	}
}

// Entries that share their bytes inflate a few kilobytes to gigabytes.
func TestRefusesOverlaps(t *testing.T) {
	entries := good(file("a.js", strings.Repeat("x", 10_000)), file("b.js", strings.Repeat("x", 10_000)))
	a, b := entries[len(entries)-2], entries[len(entries)-1]
	archive{entries: entries}.build() // fills in the offsets
	b.shift = int32(a.offset) - int32(b.offset)
	b.central.name = "b.js"
	refuse(t, "two entries on one local header", archive{entries: entries}.build(), Options{}, InvalidArchive, "overlaps")

	// An entry inside the contents of another one.
	inner := archive{entries: []*zipEntry{plain("b.js", "inner")}}.build()
	outer := plain("a.js", string(inner))
	entries = good(outer, plain("b.js", "inner"))
	last := entries[len(entries)-1]
	archive{entries: entries}.build()
	last.shift = int32(outer.offset) + localSize + int32(len("a.js")) - int32(last.offset)
	refuse(t, "an entry inside another", archive{entries: entries}.build(), Options{}, InvalidArchive, "overlaps")
}

func TestRefusesBombs(t *testing.T) {
	zeros := func(n int) string { return string(make([]byte, n)) }
	refuse(t, "a ratio", archive{entries: good(file("a.js", zeros(2<<20)))}.build(), Options{}, InvalidArchive, "more than 200 times its size")

	lying := file("a.js", zeros(2<<20))
	lying.both(func(h *header) { h.size = 1000 })
	refuse(t, "a size that hides a ratio", archive{entries: good(lying)}.build(), Options{}, InvalidArchive, "another size than it says")

	random := make([]byte, 512<<10)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	refuse(t, "more than 50 MiB packed", make([]byte, MaxPacked+1), Options{MaxPacked: MaxPacked}, PackageTooLarge, "more than 52428800 bytes packed")
	refuse(t, "more than 10 MiB packed", make([]byte, DefaultPacked+1), Options{}, PackageTooLarge, "more than 10485760 bytes packed")

	// Half random, half zeros: a ratio of three passes, the total does not. The
	// wrong checksum would be found by inflating first.
	half := file("x", string(random)+zeros(1<<20)).both(func(h *header) { h.crc++ })
	refuse(t, "more than 50 MiB unpacked", archive{entries: good(copies(half, 40)...)}.build(), Options{MaxPacked: MaxPacked}, PackageTooLarge, "bytes unpacked")

	refuse(t, "too many entries", archive{entries: good(copies(file("x", ""), 500)...)}.build(), Options{}, TooManyFiles, "more than 500")
	refuse(t, "directories count", archive{entries: good(copies(file("x/", ""), 500)...)}.build(), Options{}, TooManyFiles, "more than 500")
	refuse(t, "more entries than the operator wants", archive{entries: good()}.build(), Options{MaxFiles: 3}, TooManyFiles, "more than 3")
}

// copies are n entries like e under names of their own.
func copies(e *zipEntry, n int) []*zipEntry {
	all := make([]*zipEntry, n)
	for i := range all {
		other := *e
		name := fmt.Sprintf("%d%s", i, e.local.name)
		all[i] = other.both(func(h *header) { h.name = name })
	}
	return all
}

// A bomb is not inflated further than it says it is large.
func TestBombsCostNothing(t *testing.T) {
	bomb := file("a.js", string(make([]byte, 8<<20)))
	bomb.both(func(h *header) { h.size = 100_000 })
	data := archive{entries: good(bomb)}.build()
	const most = 1 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	refuse(t, "a bomb", data, Options{}, InvalidArchive, "another size than it says")
	runtime.ReadMemStats(&after)
	got := after.TotalAlloc - before.TotalAlloc
	if got > most {
		t.Errorf("refusing a bomb of %d bytes takes %d bytes, want at most %d", len(data), got, most)
	}
}

// What passes, package archive/zip reads alike. The other way round is the
// point of walking the structure: some of these it reads without complaint.
func TestStricterThanTheStandardLibrary(t *testing.T) {
	duplicate := archive{entries: good(file("a.js", "good"), file("a.js", "evil"))}.build()
	junk := append([]byte("junk"), archive{entries: good()}.build()...)
	trailing := archive{entries: good(), after: []byte{0}}.build()
	renamed := file("a.js", "x")
	renamed.local.name = "b.js"
	for rule, data := range map[string][]byte{
		"duplicates": duplicate, "junk before": junk, "junk after": trailing, "two names": archive{entries: good(renamed)}.build(),
	} {
		if _, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err != nil {
			t.Errorf("%s: archive/zip refuses it too: %v", rule, err)
		}
		if _, err := OpenArchive(data, Options{}); err == nil {
			t.Errorf("%s: accepted", rule)
		}
	}
}

// sameAsStandard reads data with package archive/zip and compares.
func sameAsStandard(t *testing.T, data []byte, p *Package) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("archive/zip refuses what passes: %v", err)
	}
	files := 0
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		files++
		rc, err := f.Open()
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		want, err := io.ReadAll(rc)
		rc.Close()
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if got, err := p.Read(f.Name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is %q, %v; archive/zip reads %q", f.Name, got, err, want)
		}
	}
	if files != len(p.Files) {
		t.Errorf("%d files, archive/zip reads %d", len(p.Files), files)
	}
}

func FuzzOpenArchive(f *testing.F) {
	broken := file("a.js", "x")
	broken.local.name = "b.js"
	for _, a := range []archive{
		{entries: good()},
		{entries: good(streamed("a.js", "streamed", true), streamed("b.js", "streamed", false))},
		{entries: good(broken)},
		{entries: good(file("a", "x"), file("A", "y"))},
		{entries: good(), before: []byte("junk")},
		{entries: good(), after: []byte("junk")},
		{},
	} {
		f.Add(a.build())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := OpenArchive(data, Options{})
		if err != nil {
			var pe *PackageError
			if !errors.As(err, &pe) {
				t.Errorf("not a PackageError: %v", err)
			}
			return
		}
		sameAsStandard(t, data, p)
	})
}
