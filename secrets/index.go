package secrets

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// index says which version of which secret is current. It is stored sealed, in
// the transaction that writes the values: an older ciphertext of a name, put
// back, has a version that the index does not name.
type index struct {
	last    uint64 // the highest version ever given; never goes back
	entries []indexEntry
}

// indexEntry is one secret. Entries are in the order of their names.
type indexEntry struct {
	name    string
	version uint64
	micros  int64    // when it was set, Unix time in microseconds
	hosts   []string // where it may be sent; sorted, without doubles
}

func (e indexEntry) info() Info {
	return Info{Name: e.name, Version: e.version, UpdatedAt: time.UnixMicro(e.micros).UTC(), Hosts: slices.Clone(e.hosts)}
}

func (x *index) find(name string) (pos int, ok bool) {
	return slices.BinarySearchFunc(x.entries, name, func(e indexEntry, n string) int { return cmp.Compare(e.name, n) })
}

// set gives name a new version, which it returns. Its hosts stay.
func (x *index) set(name string, now time.Time) uint64 {
	x.last++
	e := indexEntry{name: strings.Clone(name), version: x.last, micros: now.UnixMicro()}
	pos, ok := x.find(name)
	if ok {
		e.hosts = x.entries[pos].hosts
		x.entries[pos] = e
	} else {
		x.entries = slices.Insert(x.entries, pos, e)
	}
	return x.last
}

// remove reports whether name was there.
func (x *index) remove(name string) bool {
	pos, ok := x.find(name)
	if ok {
		x.entries = slices.Delete(x.entries, pos, pos+1)
	}
	return ok
}

// encode returns: last, then for each entry the name with its length in front,
// the version, the time and the hosts, all numbers as varints.
func (x *index) encode() []byte {
	var b []byte
	b = binary.AppendUvarint(b, x.last)
	b = binary.AppendUvarint(b, uint64(len(x.entries)))
	for _, e := range x.entries {
		b = binary.AppendUvarint(b, uint64(len(e.name)))
		b = append(b, e.name...)
		b = binary.AppendUvarint(b, e.version)
		b = binary.AppendVarint(b, e.micros)
		b = binary.AppendUvarint(b, uint64(len(e.hosts)))
		for _, host := range e.hosts {
			b = binary.AppendUvarint(b, uint64(len(host)))
			b = append(b, host...)
		}
	}
	return b
}

var errIndex = errors.New("secrets: the index does not decode")

// decodeIndex reads what encode wrote, and nothing else: names and hosts in order
// and valid, versions up to last, no byte left over.
func decodeIndex(b []byte) (*index, error) { return decodeIndexAs(b, (*indexDecoder).hosts) }

// decodeIndexAs reads an index whose entries end with what hosts reads.
func decodeIndexAs(b []byte, hosts func(*indexDecoder) []string) (*index, error) {
	d := indexDecoder{rest: b, all: string(b)}
	x := &index{last: d.uvarint()}
	count := d.uvarint()
	if count > uint64(len(d.rest)) { // an entry has at least four bytes
		return nil, errIndex
	}
	x.entries = make([]indexEntry, 0, count)
	previous := ""
	for range count {
		e := indexEntry{name: d.text(), version: d.uvarint(), micros: d.varint(), hosts: hosts(&d)}
		if d.bad || CheckName(e.name) != nil || e.name <= previous || e.version == 0 || e.version > x.last {
			return nil, errIndex
		}
		x.entries = append(x.entries, e)
		previous = e.name
	}
	if d.bad || len(d.rest) != 0 {
		return nil, errIndex
	}
	return x, nil
}

// indexDecoder reads from rest; after the first fault it returns zeros.
type indexDecoder struct {
	rest []byte
	all  string // the names are parts of it
	bad  bool
}

func (d *indexDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	return advance(d, v, n)
}

func (d *indexDecoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	return advance(d, v, n)
}

func (d *indexDecoder) text() string {
	n := d.uvarint()
	if n > math.MaxInt32 || int(n) > len(d.rest) {
		d.bad = true
		return ""
	}
	start := len(d.all) - len(d.rest)
	d.rest = d.rest[n:]
	return d.all[start : start+int(n)]
}

// hosts reads the hosts of an entry.
func (d *indexDecoder) hosts() []string {
	count := d.uvarint()
	if count > MaxHosts {
		d.bad = true
		return nil
	}
	var hosts []string
	for range count {
		host := d.text()
		if d.bad || checkHost(host) != nil || len(hosts) > 0 && host <= hosts[len(hosts)-1] {
			d.bad = true
			return nil
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// advance moves over the n bytes that v took.
func advance[T any](d *indexDecoder, v T, n int) T {
	var zero T
	if d.bad || n <= 0 {
		d.bad = true
		return zero
	}
	d.rest = d.rest[n:]
	return v
}
