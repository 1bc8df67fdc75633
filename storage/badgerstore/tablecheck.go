package badgerstore

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/dgraph-io/badger/v4/fb"

	"github.com/annexhost/annex/storage"
)

// maxPart is more than the index of a table, or one of its blocks, can have.
const maxPart = 256 << 20

// checkTable reads a table of Badger and returns its highest version, or
// [storage.ErrCorrupt] when a checksum in it is wrong. Badger itself ends the
// process when it finds that out while it opens a table, and takes a key to be
// absent when it finds it out later.
//
// A table is blocks, and then its index. Each of them is followed by
//
//	its length (4 bytes; of the index only)
//	checksum (a protobuf message: algorithm, sum), its length (4 bytes)
//
// where the length that the index has for a block counts the checksum with it.
func checkTable(path string) (version uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	defer func() {
		if r := recover(); r != nil { // of flatbuffers, when the sum is right by accident
			version, err = 0, fmt.Errorf("%w: %s: %v: restore it from a backup", storage.ErrCorrupt, path, r)
		}
	}()
	index, err := readIndex(f)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %v: restore it from a backup", storage.ErrCorrupt, path, err)
	}
	r := bufio.NewReaderSize(f, 1<<20)
	var (
		at     int64
		offset fb.BlockOffset
		block  []byte
	)
	for i := range index.OffsetsLength() {
		if !index.Offsets(&offset, i) || int64(offset.Offset()) != at || offset.Len() > maxPart {
			return 0, fmt.Errorf("%w: %s: index has no block at %d: restore it from a backup", storage.ErrCorrupt, path, at)
		}
		if n := int(offset.Len()); cap(block) < n {
			block = make([]byte, n)
		}
		block = block[:offset.Len()]
		if _, err := io.ReadFull(r, block); err != nil {
			return 0, fmt.Errorf("storage: read %s at %d: %w", path, at, err)
		}
		if err := checkBlock(block); err != nil {
			return 0, fmt.Errorf("%w: %s: block at %d: %v: restore it from a backup", storage.ErrCorrupt, path, at, err)
		}
		at += int64(len(block))
	}
	return index.MaxVersion(), nil
}

// readIndex reads the index at the end of a table, and leaves f at its start.
func readIndex(f *os.File) (*fb.TableIndex, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	// tail reads what is before end, with its length behind it.
	tail := func() ([]byte, error) {
		var length [4]byte
		if end < 4 {
			return nil, errNoIndex
		}
		if _, err := f.ReadAt(length[:], end-4); err != nil {
			return nil, err
		}
		end -= 4
		n := int64(binary.BigEndian.Uint32(length[:]))
		if n > end || n > maxPart {
			return nil, errNoIndex
		}
		part := make([]byte, n)
		_, err := f.ReadAt(part, end-n)
		end -= n
		return part, err
	}
	checksum, err := tail()
	if err != nil {
		return nil, err
	}
	index, err := tail()
	if err != nil {
		return nil, err
	}
	if len(index) == 0 { // zeros, to which a checksum of nothing fits
		return nil, errNoIndex
	}
	if err := checkSum(index, checksum); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return fb.GetRootAsTableIndex(index, 0), nil
}

var (
	errNoIndex  = fmt.Errorf("no index at its end")
	errChecksum = fmt.Errorf("checksum does not match")
)

// checkBlock checks a block that has its checksum, and the length of that, at its end.
func checkBlock(block []byte) error {
	if len(block) < 4 {
		return errChecksum
	}
	end := len(block) - 4
	n := binary.BigEndian.Uint32(block[end:])
	if int64(n) > int64(end) {
		return errChecksum
	}
	return checkSum(block[:end-int(n)], block[end-int(n):end])
}

// checkSum checks data against a checksum message of Badger.
func checkSum(data, message []byte) error {
	if sum, ok := crcOf(message); !ok || sum != uint64(crc32.Checksum(data, castagnoli)) {
		return errChecksum
	}
	return nil
}

// crcOf decodes a checksum message: field 1 is the algorithm (0, which is left
// out, is CRC-32C), field 2 the sum.
func crcOf(message []byte) (sum uint64, ok bool) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return 0, false
		}
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return 0, false
		}
		message = message[n+m:]
		switch {
		case tag == 2<<3:
			sum = value
		case tag != 1<<3 || value != 0:
			return 0, false
		}
	}
	return sum, true
}
