package worker

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// maxBlobs is how many byte strings a payload has: an empty one takes a byte of
// a frame, and many more where it is kept.
const maxBlobs = 1024

// errMalformed is a frame whose fields are not what its kind says.
var errMalformed = errors.New("worker: malformed frame")

// The fields of a frame, one after the other: integers as varints, byte strings
// with their length before them. What append writes, fields reads.

func appendBytes(b, v []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func appendString(b []byte, v string) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

func appendInt(b []byte, v int64) []byte { return binary.AppendVarint(b, v) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendPayload(b []byte, p sandbox.Payload) []byte {
	b = appendBytes(b, p.JSON)
	b = binary.AppendUvarint(b, uint64(len(p.Blobs)))
	for _, blob := range p.Blobs {
		b = appendBytes(b, blob)
	}
	return b
}

// appendError writes an error; nil is one byte.
func appendError(b []byte, e *sandbox.Error) []byte {
	b = appendBool(b, e != nil)
	if e == nil {
		return b
	}
	for _, s := range [...]string{string(e.Code), string(e.Reason), e.Message, e.Name, e.Permission, e.Stack} {
		b = appendString(b, s)
	}
	return appendInt(b, int64(e.RetryAfter))
}

// fields reads the fields of a frame. The first one that is not there makes all
// that follow zero, and is seen in done.
type fields struct {
	rest   []byte
	failed bool
}

// done reports whether every field was there and nothing is left.
func (f *fields) done() error {
	if f.failed || len(f.rest) > 0 {
		return errMalformed
	}
	return nil
}

func (f *fields) fail() { f.failed, f.rest = true, nil }

func (f *fields) int() int64 {
	v, n := binary.Varint(f.rest)
	if n <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func (f *fields) duration() time.Duration { return time.Duration(f.int()) }

// length reads the length of something of which each element takes a byte or
// more, so that a length that lies is found before anything is allocated.
func (f *fields) length() int {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 || v > uint64(len(f.rest)-n) {
		f.fail()
		return 0
	}
	f.rest = f.rest[n:]
	return int(v)
}

func (f *fields) bool() bool {
	if len(f.rest) == 0 || f.rest[0] > 1 {
		f.fail()
		return false
	}
	v := f.rest[0] == 1
	f.rest = f.rest[1:]
	return v
}

// view returns a byte string inside the frame: it lasts until the next frame.
func (f *fields) view() []byte {
	n := f.length()
	v := f.rest[:n:n]
	f.rest = f.rest[n:]
	return v
}

// bytes returns a copy of a byte string, nil for an empty one.
func (f *fields) bytes() []byte { return append([]byte(nil), f.view()...) }

func (f *fields) string() string { return string(f.view()) }

// payload returns a copy of a payload.
func (f *fields) payload() sandbox.Payload {
	p := sandbox.Payload{JSON: f.bytes()}
	n := f.length()
	if n > maxBlobs {
		f.fail()
	}
	if n == 0 || f.failed {
		return p
	}
	p.Blobs = make([][]byte, 0, n)
	for range n {
		p.Blobs = append(p.Blobs, append([]byte{}, f.view()...))
	}
	return p
}

func (f *fields) error() *sandbox.Error {
	if !f.bool() {
		return nil
	}
	e := &sandbox.Error{}
	e.Code, e.Reason = sandbox.Code(f.string()), sandbox.Reason(f.string())
	e.Message, e.Name, e.Permission, e.Stack = f.string(), f.string(), f.string(), f.string()
	e.RetryAfter = int(f.int())
	return e
}
