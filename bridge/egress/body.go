package egress

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
)

// firstBuffer is the most that is set aside for a length that a server tells.
const firstBuffer = 64 << 10

// errTooLarge says that a body has more bytes than are taken.
var errTooLarge = errors.New("body over its limit")

// codingError says that a body is not what its Content-Encoding says.
type codingError struct{ cause error }

func (e *codingError) Error() string { return "body does not decode: " + e.cause.Error() }

// cappedReader returns errTooLarge in place of the byte after the last one that
// is allowed.
type cappedReader struct {
	r    io.Reader
	left int64 // bytes that may still be read
	read int64
	err  error // kept, so that a reader above cannot lose it
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		n, err = int(c.left), errTooLarge
	}
	c.left -= int64(n)
	c.read += int64(n)
	c.err = err
	return n, err
}

// wireLimit is how many bytes a body may take on the wire to have limit bytes
// decoded: a coding makes nothing longer than by a small part. It ends streams
// that decode to nothing for ever.
func wireLimit(limit int64) int64 { return limit + limit/512 + 64<<10 }

// hasBody reports whether an answer can have a body. One that cannot may still
// tell the length and the coding of the one it stands for.
func hasBody(method string, status int) bool {
	return method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified
}

// readBody reads the body of an answer, decodes it, and takes at most limit
// bytes, before and after decoding. wire is what was read from the connection,
// decoded whether a coding was removed.
func readBody(resp *http.Response, limit int64) (body []byte, wire int64, decoded bool, err error) {
	raw := &cappedReader{r: resp.Body, left: wireLimit(limit)}
	var buf bytes.Buffer
	coding := contentCoding(resp.Header)
	if coding == "" {
		if resp.ContentLength > limit {
			return nil, 0, false, errTooLarge
		}
		raw.left = limit
		buf.Grow(int(min(max(resp.ContentLength, 0), firstBuffer)) + bytes.MinRead)
		_, err = buf.ReadFrom(raw)
		return buf.Bytes(), raw.read, false, err
	}
	buffered := bufio.NewReader(raw)
	if _, err := buffered.Peek(1); err == io.EOF {
		return nil, 0, false, nil
	}
	decoder, err := decode(coding, buffered)
	if err == nil {
		_, err = buf.ReadFrom(&cappedReader{r: decoder, left: limit})
	}
	if isCodingFault(err) {
		err = &codingError{err}
	}
	return buf.Bytes(), raw.read, true, err
}

// contentCoding returns the coding to remove: gzip, deflate or nothing. A list of
// codings, or one that was not asked for, is handed over as it is.
func contentCoding(h http.Header) string {
	switch c := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ","))); c {
	case "gzip", "x-gzip":
		return "gzip"
	case "deflate":
		return c
	default:
		return ""
	}
}

// decode returns a reader that removes the coding.
func decode(coding string, r *bufio.Reader) (io.Reader, error) {
	if coding == "gzip" {
		return gzip.NewReader(r)
	}
	// The name deflate means zlib; some servers send the bare stream.
	if head, err := r.Peek(2); err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}

func isCodingFault(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary) ||
		errors.As(err, &corrupt)
}
