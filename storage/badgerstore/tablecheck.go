package badgerstore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/annexhost/annex/storage"
)

// maxIndex is more than the index of any table can have: tables are at most a
// few times the size of a memtable.
const maxIndex = 256 << 20

// checkTable returns [storage.ErrCorrupt] unless the index of a table of Badger
// is whole. Badger ends the process when it is not; the rest of a table it
// checks itself. A table ends with
//
//	index, its length (4 bytes), checksum (protobuf: algorithm, sum), its length (4 bytes)
func checkTable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	end := info.Size()
	// tail reads the n bytes before end.
	tail := func(n int64) ([]byte, error) {
		if n < 0 || n > end || n > maxIndex {
			return nil, fmt.Errorf("%w: %s has no index at its end", storage.ErrCorrupt, path)
		}
		buf := make([]byte, n)
		if _, err := f.ReadAt(buf, end-n); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
		end -= n
		return buf, nil
	}
	block := func() ([]byte, error) {
		length, err := tail(4)
		if err != nil {
			return nil, err
		}
		return tail(int64(binary.BigEndian.Uint32(length)))
	}
	checksum, err := block()
	if err != nil {
		return err
	}
	index, err := block()
	if err != nil {
		return err
	}
	want, ok := crcOf(checksum)
	if !ok || want != uint64(crc32.Checksum(index, castagnoli)) {
		return fmt.Errorf("%w: the index of %s does not match its checksum", storage.ErrCorrupt, path)
	}
	return nil
}

// crcOf decodes Badger's checksum message: field 1 is the algorithm (0, which
// is left out, is CRC-32C), field 2 the sum.
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
		switch tag {
		case 1 << 3:
			if value != 0 {
				return 0, false
			}
		case 2 << 3:
			sum = value
		default:
			return 0, false
		}
	}
	return sum, true
}
