// Package backup writes one state of a store as a stream, and reads it back.
//
// A backup is taken from a snapshot, so it is consistent however much is written
// meanwhile. What is sealed in the store stays sealed in it, and the master key
// is not in it. It begins with the line "annex-backup/1"; then come frames:
//
//	LENGTH (4 bytes) KIND (1 byte) PAYLOAD SUM (32 bytes)
//
// LENGTH is that of the payload, big endian, and SUM the SHA-256 of the sum before
// it, KIND and PAYLOAD: a frame that was changed, removed or moved is found where it
// stands, and a stream that ends early lacks its last frame. That last frame holds
// the counts and, with a key that is derived from the master key, a MAC of all
// sums: so a backup that somebody else wrote is not taken for one's own.
package backup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The errors that callers may match.
var (
	// ErrDamaged says that a backup is not as it was written, or not complete.
	ErrDamaged = errors.New("backup: damaged or not complete")

	// ErrFormat says that a stream is no backup, or one of another format.
	ErrFormat = errors.New("backup: unknown format")

	// ErrForeign says that a backup was not written under this master key.
	ErrForeign = errors.New("backup: not written with this master key")
)

// Info is what stands at the beginning of a backup, in clear.
type Info struct {
	Written time.Time `json:"written"` // when the state was taken
	Version string    `json:"version"` // of Annex
	Format  int       `json:"format"`  // of the data, see package dataformat
	KeyID   string    `json:"keyId"`   // of the master key that opens what is sealed
}

// Summary says what a backup holds.
type Summary struct {
	Info
	Pairs int64 `json:"pairs"`
	Bytes int64 `json:"bytes"` // of keys and values

	sum sum
	mac [sha256.Size]byte
}

// Authentic reports whether the backup was written with key.
func (s Summary) Authentic(key []byte) bool {
	want := s.sum.mac(key)
	return hmac.Equal(want[:], s.mac[:])
}

const (
	magic = "annex-backup/1\n"

	kindInfo  = 'i'
	kindPairs = 'p'
	kindEnd   = 'e'

	frameBytes = 1 << 20 // from which a frame is full
	maxFrame   = 4 << 20 // a full one and the largest pair still fit
	maxInfo    = 4 << 10
)

// sum is the chain over the frames.
type sum [sha256.Size]byte

func (s sum) next(kind byte, payload []byte) (next sum) {
	h := sha256.New()
	h.Write(s[:])
	h.Write([]byte{kind})
	h.Write(payload)
	h.Sum(next[:0])
	return next
}

func (s sum) mac(key []byte) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("annex/backup/1"))
	h.Write(s[:])
	h.Sum(mac[:0])
	return mac
}

// ending is the payload of the last frame.
func (s Summary) ending() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(s.Pairs))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Bytes))
	return append(b, s.mac[:]...)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
