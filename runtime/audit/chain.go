package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"

	"github.com/annexhost/annex/storage"
)

const (
	macSize = sha256.Size

	format     = 1           // first byte of every row
	entryFixed = 1 + macSize // before an entry's record
	headSize   = 1 + 8 + 2*macSize
)

// head is the end of a chain: the last number given and that entry's MAC. The
// zero head is that of an empty chain.
type head struct {
	seq uint64
	mac [macSize]byte
}

// chain computes MACs. It is not safe for concurrent use.
type chain struct{ hash hash.Hash }

func newChain(key []byte) chain { return chain{hmac.New(sha256.New, key)} }

// sum is the MAC over a purpose, an organization and a number, and then rest,
// whose parts but the last have a fixed size.
func (c chain) sum(purpose, org string, seq uint64, rest ...[]byte) (mac [macSize]byte) {
	var b [4]byte
	c.hash.Reset()
	for _, s := range [...]string{purpose, org} {
		binary.BigEndian.PutUint32(b[:], uint32(len(s)))
		c.hash.Write(b[:])
		c.hash.Write([]byte(s))
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], seq)
	c.hash.Write(n[:])
	for _, r := range rest {
		c.hash.Write(r)
	}
	c.hash.Sum(mac[:0])
	return mac
}

// next returns the head after body was added to h.
func (c chain) next(org string, h head, body []byte) head {
	seq := h.seq + 1
	return head{seq, c.sum("annex/audit/entry/1", org, seq, h.mac[:], body)}
}

func (c chain) headMAC(org string, h head) [macSize]byte {
	return c.sum("annex/audit/head/1", org, h.seq, h.mac[:])
}

func (c chain) encodeHead(org string, h head) []byte {
	b := make([]byte, 0, headSize)
	b = append(b, format)
	b = binary.BigEndian.AppendUint64(b, h.seq)
	b = append(b, h.mac[:]...)
	own := c.headMAC(org, h)
	return append(b, own[:]...)
}

// decodeHead returns ErrBroken unless encodeHead made b for org.
func (c chain) decodeHead(org string, b []byte) (head, error) {
	if len(b) != headSize || b[0] != format {
		return head{}, fmt.Errorf("%w: the head of %q has %d bytes or an unknown format", ErrBroken, org, len(b))
	}
	h := head{seq: binary.BigEndian.Uint64(b[1:9]), mac: [macSize]byte(b[9 : 9+macSize])}
	own := c.headMAC(org, h)
	if !hmac.Equal(own[:], b[9+macSize:]) || h.seq == 0 {
		return head{}, fmt.Errorf("%w: the head of %q has a wrong MAC", ErrBroken, org)
	}
	return h, nil
}

// readHead returns the head of org, zero when it has none.
func (c chain) readHead(ctx context.Context, r storage.Reader, org string) (head, error) {
	b, err := r.Get(ctx, headKey(org))
	if errors.Is(err, storage.ErrNotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("audit: read the head of %q: %w", org, err)
	}
	return c.decodeHead(org, b)
}

func encodeEntry(mac [macSize]byte, body []byte) []byte {
	b := make([]byte, 0, entryFixed+len(body))
	b = append(b, format)
	b = append(b, mac[:]...)
	return append(b, body...)
}

// splitEntry returns the parts of a stored entry. body is a part of b.
func splitEntry(b []byte) (mac [macSize]byte, body []byte, err error) {
	if len(b) < entryFixed || b[0] != format {
		return mac, nil, fmt.Errorf("%w: an entry of %d bytes has an unknown format", ErrBroken, len(b))
	}
	return [macSize]byte(b[1:entryFixed]), b[entryFixed:], nil
}

// decodeEntry reads a stored entry. It proves nothing: Verify does.
func decodeEntry(seq uint64, b []byte) (Entry, error) {
	mac, body, err := splitEntry(b)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Seq: seq, MAC: mac, body: body}
	if err := json.Unmarshal(body, &e.Record); err != nil {
		return Entry{}, fmt.Errorf("%w: entry %d is not a record: %v", ErrBroken, seq, err)
	}
	return e, nil
}
