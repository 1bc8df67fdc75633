package worker

import (
	"encoding/binary"
	"fmt"
	"io"
)

// kind says what a frame is. The comments say who sends it and with what.
type kind byte

const (
	// On the control socket.
	kindHello   kind = 1 + iota // host: what the worker shall be
	kindReady                   // worker: the jail's report, or why it cannot work
	kindLane                    // host: a lane comes with this frame: its number
	kindOpened                  // worker: a lane's number and thread
	kindCancel                  // host: the lane's invocation shall end: lane, invocation, whether a deadline passed
	kindForget                  // host: a program is not used any more: its number
	kindWarm                    // host: a program to run while nobody wants the worker
	kindCrashed                 // worker: the engine panicked: invocation, what, where

	// On the nursery's socket, each with a number of the process.
	kindStart   // host: a program to start; its control socket and last words come with it
	kindStarted // nursery: as which process, or why not
	kindKill    // host: it shall end
	kindEnded   // nursery: how it ended

	// On a lane.
	kindLoad   // host: a program and its number
	kindLoaded // worker: nil, or why it was not compiled
	kindRun    // host: an invocation
	kindDone   // worker: its end
	kindCall   // worker: a call out of the sandbox
	kindAnswer // host: the end of a call
	kindLeave  // worker: nobody waits for the pending calls any more
	kindTime   // worker: what does the invocation's clock say?
	kindChance // worker: so many bytes of the invocation's randomness, please
)

const (
	frameHead = 5       // u32 length of what follows, kind
	keepSpace = 1 << 16 // a buffer that grew beyond is given back
	maxFrame  = 1 << 30 // a frame with its head, whatever the limits
	maxChance = 4 << 10 // bytes of randomness asked for at a time
)

// sizeError is a frame longer than its reader allows.
type sizeError struct {
	size uint32
	max  int
}

func (e *sizeError) Error() string {
	return fmt.Sprintf("worker: frame of %d bytes (max %d)", e.size, e.max)
}

// beginFrame starts a frame in buf, which is used again.
func beginFrame(buf []byte, k kind) []byte {
	if cap(buf) > keepSpace {
		buf = nil
	}
	return append(buf[:0], 0, 0, 0, 0, byte(k))
}

// endFrame fills in the length.
func endFrame(frame []byte) ([]byte, error) {
	if len(frame) > maxFrame {
		return frame, &sizeError{uint32(min(len(frame), 1<<32-1)), maxFrame}
	}
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-4))
	return frame, nil
}

// reader takes frames apart that arrive from r.
type reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what was read and not yet returned
}

// next returns the next frame; its fields last until the next call. A frame of
// more than max bytes is an error, and so is the end inside of a frame; between
// frames the end is io.EOF.
func (r *reader) next(max int) (kind, fields, error) {
	if err := r.fill(frameHead); err != nil {
		return 0, fields{}, err
	}
	size := binary.LittleEndian.Uint32(r.buf[r.start:])
	if size == 0 {
		return 0, fields{}, errMalformed
	}
	if int64(size) > int64(max) {
		return 0, fields{}, &sizeError{size, max}
	}
	whole := int(size) + 4
	if err := r.fill(whole); err != nil {
		return 0, fields{}, err
	}
	frame := r.buf[r.start : r.start+whole]
	r.start += whole
	return kind(frame[4]), fields{rest: frame[frameHead:]}, nil
}

// fill reads until n bytes are there. The buffer grows with what arrives, not
// with what was announced.
func (r *reader) fill(n int) error {
	if r.start == r.end {
		r.start, r.end = 0, 0
		if len(r.buf) > keepSpace {
			r.buf = nil
		}
	}
	for r.end-r.start < n {
		r.makeRoom(n)
		got, err := r.r.Read(r.buf[r.end:])
		r.end += got
		if got > 0 || err == nil {
			continue
		}
		if err == io.EOF && r.end > r.start {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// makeRoom makes the buffer have room behind end, on the way to n bytes.
func (r *reader) makeRoom(n int) {
	const least = 4 << 10
	if r.start > 0 && r.start+n > len(r.buf) {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	if r.end < len(r.buf) {
		return
	}
	bigger := make([]byte, max(least, min(n, 2*len(r.buf)), len(r.buf)+least))
	copy(bigger, r.buf[:r.end])
	r.buf = bigger
}
