package badgerstore

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strconv"
)

// Badger's log, as far as it is needed to tell where it ends: a header of
// walHeader bytes, then entries of
//
//	meta, user meta: 1 byte each
//	length of key, length of value, expiry: unsigned varints
//	key (its last 8 bytes are the version), value
//	CRC-32C of all that, big endian
//
// A transaction is entries with bitTxn and the same version, then one with
// bitEnd whose value is that version in decimal. Behind the last entry are zeros.
const (
	walHeader = 20
	bitTxn    = 1 << 6
	bitEnd    = 1 << 7

	maxWALKey   = 1 << 16
	maxWALValue = 1 << 21 // twice what the store accepts
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// walEntry is what scanLog needs of an entry.
type walEntry struct {
	meta    byte
	version uint64 // of an entry; in an end mark, the version that it ends
	size    int64  // in the log
}

// errNoEntry says that there is no complete entry here.
var errNoEntry = errors.New("no entry")

// logScan is what scanLog finds.
type logScan struct {
	end       int64  // of the last complete transaction
	cut       int64  // bytes of something else behind it, up to the last that is not zero
	low, high uint64 // versions of the complete transactions
}

// scanLog reads a log.
func scanLog(f io.ReadSeeker) (s logScan, err error) {
	if _, err := f.Seek(walHeader, io.SeekStart); err != nil {
		return s, err
	}
	if err := s.readTransactions(bufio.NewReaderSize(f, 1<<20)); err != nil {
		return s, err
	}
	if _, err := f.Seek(s.end, io.SeekStart); err != nil {
		return s, err
	}
	s.cut, err = lastNonZero(f)
	return s, err
}

// readTransactions reads from behind the header as far as there are any.
func (s *logScan) readTransactions(r *bufio.Reader) error {
	at := int64(walHeader)
	s.end = at
	version, open := uint64(0), false
	for {
		e, err := readEntry(r)
		if errors.Is(err, errNoEntry) {
			return nil
		}
		if err != nil {
			return err
		}
		at += e.size
		switch {
		case e.meta&bitTxn != 0 && (!open || e.version == version):
			version, open = e.version, true
		case e.meta&bitEnd != 0 && open && e.version == version:
			if s.low == 0 {
				s.low = version
			}
			s.end, s.high, open = at, version, false
		default:
			return nil // no sequence that the store writes
		}
	}
}

// summed reads bytes into a checksum and counts them.
type summed struct {
	r   *bufio.Reader
	sum uint32
	n   int64
}

func (s *summed) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.sum = crc32.Update(s.sum, castagnoli, []byte{b})
		s.n++
	}
	return b, err
}

func (s *summed) read(n uint64) ([]byte, error) {
	buf := make([]byte, n)
	if _, err := io.ReadFull(s.r, buf); err != nil {
		return nil, err
	}
	s.sum = crc32.Update(s.sum, castagnoli, buf)
	s.n += int64(n)
	return buf, nil
}

// readEntry reads one entry; errNoEntry when there is no complete one.
func readEntry(r *bufio.Reader) (e walEntry, err error) {
	defer func() {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errNoEntry
		}
	}()
	s := &summed{r: r}
	if e.meta, err = s.ReadByte(); err != nil {
		return e, err
	}
	if _, err = s.ReadByte(); err != nil {
		return e, err
	}
	var lengths [3]uint64 // key, value, and the expiry
	for i := range lengths {
		if lengths[i], err = binary.ReadUvarint(s); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return e, err
			}
			return e, errNoEntry // no varint
		}
	}
	if lengths[0] < 8 || lengths[0] > maxWALKey || lengths[1] > maxWALValue {
		return e, errNoEntry
	}
	key, err := s.read(lengths[0])
	if err != nil {
		return e, err
	}
	value, err := s.read(lengths[1])
	if err != nil {
		return e, err
	}
	var sum [crc32.Size]byte
	if _, err = io.ReadFull(r, sum[:]); err != nil {
		return e, err
	}
	if binary.BigEndian.Uint32(sum[:]) != s.sum {
		return e, errNoEntry
	}
	e.version = ^binary.BigEndian.Uint64(key[len(key)-8:])
	if e.meta&bitEnd != 0 {
		if e.version, err = strconv.ParseUint(string(value), 10, 64); err != nil {
			return e, errNoEntry
		}
	}
	e.size = s.n + crc32.Size
	return e, nil
}

// lastNonZero returns how many bytes of r there are up to the last that is not zero.
func lastNonZero(r io.Reader) (int64, error) {
	var at, last int64
	buf := make([]byte, 1<<16)
	for {
		n, err := r.Read(buf)
		for i := n - 1; i >= 0; i-- {
			if buf[i] != 0 {
				last = at + int64(i) + 1
				break
			}
		}
		at += int64(n)
		if err == io.EOF {
			return last, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
