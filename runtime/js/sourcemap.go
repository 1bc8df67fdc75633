package js

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/go-sourcemap/sourcemap"
)

// errMappings says that the mappings of a source map make no sense.
var errMappings = errors.New("malformed mappings")

// readSourceMap reads a source map so that goja finds the author's positions
// with it, in error.stack too. It returns nil for no map.
//
// goja asks for columns that count from one, and takes the answer for one that
// counts from one, where a source map counts from zero: every column is moved by
// one. The first line is the wrapper's. What a map says is checked here, because
// a consumer trusts it: an index out of range would be a panic later.
func readSourceMap(data []byte, max int) (*sourcemap.Consumer, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) > max {
		return nil, fmt.Errorf("too large: %d bytes (max %d)", len(data), max)
	}
	var m struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if m.Version != 3 {
		return nil, fmt.Errorf("version %d, not 3", m.Version)
	}
	mappings, err := shiftMappings(m.Mappings, len(m.Sources))
	if err != nil {
		return nil, err
	}
	m.Mappings = mappings
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return sourcemap.Parse("", text)
}

// shiftMappings checks mappings, adds an empty first line to them and moves all
// columns by one.
func shiftMappings(mappings string, sources int) (string, error) {
	var out strings.Builder
	out.Grow(len(mappings) + 64)
	var at [5]int64 // generated column, source, line, column, name: the running sums
	at[0], at[3] = 1, 1
	written := [5]int64{}
	for line := range strings.SplitSeq(mappings, ";") {
		out.WriteByte(';')
		at[0], written[0] = 1, 0
		for i, segment := range splitNonEmpty(line) {
			if i > 0 {
				out.WriteByte(',')
			}
			n, err := readSegment(segment, &at)
			if err != nil {
				return "", err
			}
			if at[0] < 1 || at[1] < 0 || n > 1 && at[1] >= int64(sources) || at[2] < 0 || at[3] < 1 {
				return "", errMappings
			}
			for f := range min(n, 4) { // names are not used
				writeVLQ(&out, at[f]-written[f])
				written[f] = at[f]
			}
		}
	}
	out.WriteString(";A") // the consumer finds nothing behind the last segment
	return out.String(), nil
}

func splitNonEmpty(line string) []string {
	if line == "" {
		return nil
	}
	return strings.Split(line, ",")
}

// readSegment adds the fields of a segment to at and returns how many there are.
func readSegment(segment string, at *[5]int64) (fields int, err error) {
	for segment != "" {
		if fields == len(at) {
			return 0, errMappings
		}
		value, rest, ok := readVLQ(segment)
		if !ok {
			return 0, errMappings
		}
		at[fields] += value
		if at[fields] > math.MaxInt32-1 {
			return 0, errMappings
		}
		fields++
		segment = rest
	}
	if fields != 1 && fields != 4 && fields != 5 {
		return 0, errMappings
	}
	return fields, nil
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// readVLQ reads a number: five bits a digit, the lowest first, a sixth bit where
// more follow; the lowest bit of all is the sign.
func readVLQ(s string) (value int64, rest string, ok bool) {
	var n uint64
	for i := 0; i < len(s) && i < 7; i++ {
		digit := strings.IndexByte(base64Digits, s[i])
		if digit < 0 {
			return 0, "", false
		}
		n |= uint64(digit&31) << (5 * i)
		if digit&32 == 0 {
			value = int64(n >> 1)
			if n&1 != 0 {
				value = -value
			}
			return value, s[i+1:], true
		}
	}
	return 0, "", false
}

func writeVLQ(out *strings.Builder, value int64) {
	n := uint64(value) << 1
	if value < 0 {
		n = uint64(-value)<<1 | 1
	}
	for {
		digit := n & 31
		n >>= 5
		if n > 0 {
			digit |= 32
		}
		out.WriteByte(base64Digits[digit])
		if n == 0 {
			return
		}
	}
}
