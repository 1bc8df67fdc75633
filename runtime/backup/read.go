package backup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/annexhost/annex/storage"
)

// Read reads a backup to its end and gives visit the pairs of each frame, in key
// order and after the frame was checked. An error of visit ends it. What Read has
// given away is to be used only when it has returned nil: the end of a stream can
// be missing. Who has the key checks [Summary.Authentic] too.
func Read(ctx context.Context, r io.Reader, visit func([]storage.Pair) error) (Summary, error) {
	in := &reader{r: r}
	if err := in.begin(); err != nil {
		return Summary{}, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return Summary{}, err
		}
		before := in.sum
		kind, payload, err := in.frame(maxFrame)
		if err != nil {
			return Summary{}, err
		}
		switch kind {
		case kindPairs:
			pairs, err := in.pairs(payload)
			if err != nil {
				return Summary{}, err
			}
			if err := visit(pairs); err != nil {
				return Summary{}, err
			}
		case kindEnd:
			return in.end(before, payload)
		default:
			return Summary{}, damaged("a frame of kind %q", kind)
		}
	}
}

// reader reads frames.
type reader struct {
	r    io.Reader
	sum  sum
	last storage.Key
	read Summary
}

// begin reads the first line and the information.
func (in *reader) begin() error {
	line := make([]byte, len(magic))
	if _, err := io.ReadFull(in.r, line); err != nil || string(line) != magic {
		return fmt.Errorf("%w: want a stream that begins with %q", ErrFormat, magic)
	}
	kind, payload, err := in.frame(maxInfo)
	if err != nil {
		return err
	}
	if kind != kindInfo || json.Unmarshal(payload, &in.read.Info) != nil {
		return damaged("its information cannot be read")
	}
	return nil
}

// frame reads one frame and checks its sum.
func (in *reader) frame(most uint32) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(in.r, head[:]); err != nil {
		return 0, nil, in.failed(err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > most {
		return 0, nil, damaged("a frame of %d bytes, at most %d", size, most)
	}
	body := make([]byte, int(size)+len(sum{}))
	if _, err := io.ReadFull(in.r, body); err != nil {
		return 0, nil, in.failed(err)
	}
	kind, payload = head[4], body[:size]
	if in.sum = in.sum.next(kind, payload); sum(body[size:]) != in.sum {
		return 0, nil, damaged("the sum of the frame after %d pairs is wrong", in.read.Pairs)
	}
	return kind, payload, nil
}

func (in *reader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("it ends after %d pairs", in.read.Pairs)
	}
	return fmt.Errorf("backup: read: %w", err)
}

// pairs takes a frame apart. Keys rise, through all frames.
func (in *reader) pairs(payload []byte) ([]storage.Pair, error) {
	var pairs []storage.Pair
	for len(payload) > 0 {
		key, rest, ok := cut(payload, storage.MaxKey)
		if !ok {
			return nil, damaged("a key cannot be read")
		}
		value, rest, ok := cut(rest, storage.MaxValue)
		if !ok {
			return nil, damaged("the value of %.60q cannot be read", key)
		}
		if storage.Key(key) <= in.last {
			return nil, damaged("key %.60q is out of order", key)
		}
		in.last, payload = storage.Key(key), rest
		pairs = append(pairs, storage.Pair{Key: in.last, Value: value})
		in.read.Pairs++
		in.read.Bytes += int64(len(key) + len(value))
	}
	return pairs, nil
}

// cut takes a text with its length in front.
func cut(b []byte, most uint64) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > most || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}

// end checks the counts of the last frame, and that nothing follows it.
func (in *reader) end(before sum, payload []byte) (Summary, error) {
	made := in.read
	made.sum = before
	if len(payload) != 16+len(made.mac) {
		return Summary{}, damaged("its last frame has %d bytes", len(payload))
	}
	copy(made.mac[:], payload[16:])
	if string(made.ending()) != string(payload) {
		return Summary{}, damaged("it holds %d pairs, which is not what its end says", made.Pairs)
	}
	if n, err := in.r.Read(make([]byte, 1)); n > 0 || err != nil && err != io.EOF {
		return Summary{}, damaged("something follows its end")
	}
	return made, nil
}
