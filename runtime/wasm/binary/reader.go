package binary

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// reader reads a section. The first error stays, and everything after it reads
// as zero.
type reader struct {
	b   []byte
	at  int
	err error
}

var errShort = errors.New("it ends too early")

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.at = len(r.b)
}

func (r *reader) left() int { return len(r.b) - r.at }

func (r *reader) byte() byte {
	if r.at >= len(r.b) {
		r.short()
		return 0
	}
	c := r.b[r.at]
	r.at++
	return c
}

func (r *reader) short() { r.fail("%w", errShort) }

// u32 reads an unsigned LEB128 of at most 32 bits, most of which are a byte.
func (r *reader) u32() uint32 {
	if r.at < len(r.b) && r.b[r.at] < 0x80 {
		r.at++
		return uint32(r.b[r.at-1])
	}
	return r.longU32()
}

func (r *reader) longU32() uint32 {
	var v uint32
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if shift == 28 && c > 0x0f {
			r.fail("a number is too large")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

// skipLEB passes over a LEB128 of at most n bytes.
func (r *reader) skipLEB(n int) {
	for range n {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail("a number is too long")
}

// s33 reads a block type: a signed LEB128 of 33 bits.
func (r *reader) s33() int64 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift < 57 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.fail("a block type is too long")
	return 0
}

// count reads the length of a vector whose items have at least size bytes each.
func (r *reader) count(what string, size int) int {
	n := r.u32()
	if r.err == nil && uint64(n)*uint64(size) > uint64(r.left()) {
		r.fail("it claims %d %s in %d bytes", n, what, r.left())
		return 0
	}
	return int(n)
}

// bytes reads so many bytes, which are part of the module's.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		r.fail("%w", errShort)
		return nil
	}
	b := r.b[r.at : r.at+n : r.at+n]
	r.at += n
	return b
}

func (r *reader) name() string {
	b := r.bytes(r.count("bytes of a name", 1))
	if !utf8.Valid(b) {
		r.fail("a name is not UTF-8")
	}
	return string(b)
}

// within returns a reader of the next n bytes.
func (r *reader) within(n int) *reader { return &reader{b: r.bytes(n), err: r.err} }
