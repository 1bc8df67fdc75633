package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// The keys of a [Space] whose owner key is O, and the one index that all Spaces
// of a Store share:
//
//	O "k/" KEY                    the value and its expiry, see envelope
//	O "x/" KEY                    its expiry (8 bytes), when it has one
//	O "u"                         how many keys and bytes there are (8 + 8 bytes)
//	"exp/" TIME LENGTH O KEY      nothing; the keys that expire, of all owners by time
//
// TIME is milliseconds since 1970 (8 bytes), LENGTH that of O (2 bytes); all
// numbers are big endian, so that keys order by them. The four change in one
// transaction. The records under "x/" say which keys have expired without
// reading their values.
const (
	valuePart  = "k/"
	expiryPart = "x/"
	usagePart  = "u"

	indexPrefix Key = "exp/"
	indexFixed      = len(indexPrefix) + 8 + 2
)

// The first byte of an envelope.
const (
	formatLasting  = 1 // the value follows
	formatExpiring = 2 // 8 bytes of time, then the value
)

// maxEnvelope is what an envelope adds to a value.
const maxEnvelope = 1 + 8

// ownerKey is the key under which the data of a Space lies.
type ownerKey Key

func (o ownerKey) value(key string) Key  { return Key(o) + valuePart + Key(key) }
func (o ownerKey) expiry(key string) Key { return Key(o) + expiryPart + Key(key) }
func (o ownerKey) usage() Key            { return Key(o) + usagePart }

// index returns the key in the index by time.
func (o ownerKey) index(at expiry, key string) Key {
	b := make([]byte, 0, indexFixed+len(o)+len(key))
	b = append(b, indexPrefix...)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = binary.BigEndian.AppendUint16(b, uint16(len(o)))
	b = append(b, o...)
	return Key(append(b, key...))
}

// indexed is a key of the index by time, taken apart.
type indexed struct {
	at    expiry
	owner ownerKey
	key   string
}

func parseIndex(k Key) (indexed, error) {
	if len(k) >= indexFixed && k[:len(indexPrefix)] == indexPrefix {
		b := []byte(k[len(indexPrefix):])
		at, n := binary.BigEndian.Uint64(b), int(binary.BigEndian.Uint16(b[8:]))
		if rest := b[10:]; n <= len(rest) && at <= math.MaxInt64 {
			return indexed{expiry(at), ownerKey(rest[:n]), string(rest[n:])}, nil
		}
	}
	return indexed{}, fmt.Errorf("%w: %.60q is no key of the index by time", ErrCorrupt, k)
}

// checkKey returns an error unless all keys made of key are within [MaxKey],
// whether it expires or not.
func (o ownerKey) checkKey(key string) error {
	if key == "" {
		return errEmptyKey
	}
	if n := indexFixed + len(o) + len(key); n > MaxKey {
		return fmt.Errorf("%w: key %.40q is %d bytes too long", ErrTooLarge, key, n-MaxKey)
	}
	return nil
}

// expiry is when a key expires, in milliseconds since 1970; 0 is never.
type expiry int64

// expiryAfter returns the expiry of what is written at now to live for d, 0 for ever.
func expiryAfter(now time.Time, d time.Duration) expiry {
	if d == 0 {
		return 0
	}
	return max(expiry(now.Add(d).UnixMilli()), 1)
}

func (e expiry) passed(now time.Time) bool { return e != 0 && now.UnixMilli() >= int64(e) }

// decodeExpiry reads a record of expiry.
func decodeExpiry(b []byte) (expiry, error) {
	if len(b) == 8 {
		if at := binary.BigEndian.Uint64(b); at > 0 && at <= math.MaxInt64 {
			return expiry(at), nil
		}
	}
	return 0, fmt.Errorf("%w: record of expiry %x", ErrCorrupt, b)
}

// entry is what a key holds. The zero entry is that of an absent key.
type entry struct {
	present bool
	value   []byte
	expires expiry
}

// seal returns the envelope of e.
func (e entry) seal() []byte {
	b := make([]byte, 0, maxEnvelope+len(e.value))
	if e.expires == 0 {
		return append(append(b, formatLasting), e.value...)
	}
	b = binary.BigEndian.AppendUint64(append(b, formatExpiring), uint64(e.expires))
	return append(b, e.value...)
}

// openEnvelope is the inverse of seal. The value is a part of b.
func openEnvelope(b []byte) (entry, error) {
	switch {
	case len(b) >= 1 && b[0] == formatLasting:
		return entry{present: true, value: b[1:]}, nil
	case len(b) >= maxEnvelope && b[0] == formatExpiring:
		at := binary.BigEndian.Uint64(b[1:])
		if at > 0 && at <= math.MaxInt64 {
			return entry{present: true, value: b[maxEnvelope:], expires: expiry(at)}, nil
		}
	}
	return entry{}, fmt.Errorf("%w: unknown envelope", ErrCorrupt)
}

// read returns what key holds, expired or not.
func (o ownerKey) read(ctx context.Context, r Reader, key string) (entry, error) {
	b, err := r.Get(ctx, o.value(key))
	if errors.Is(err, ErrNotFound) {
		return entry{}, nil
	}
	if err != nil {
		return entry{}, err
	}
	return openEnvelope(b)
}

// readUsage returns what the owner uses.
func (o ownerKey) readUsage(ctx context.Context, r Reader) (Usage, error) {
	b, err := r.Get(ctx, o.usage())
	if errors.Is(err, ErrNotFound) {
		return Usage{}, nil
	}
	if err != nil {
		return Usage{}, err
	}
	if len(b) != 16 {
		return Usage{}, fmt.Errorf("%w: usage of %q has %d bytes", ErrCorrupt, Key(o), len(b))
	}
	return Usage{Keys: int(binary.BigEndian.Uint64(b)), Bytes: int64(binary.BigEndian.Uint64(b[8:]))}, nil
}

// writeUsage writes what the owner uses.
func (o ownerKey) writeUsage(tx Tx, u Usage) error {
	if u == (Usage{}) {
		return tx.Delete(o.usage())
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(u.Keys))
	return tx.Put(o.usage(), binary.BigEndian.AppendUint64(b, uint64(u.Bytes)))
}

// change replaces what key holds, from before to after, and counts it in u,
// which the caller writes.
func (o ownerKey) change(tx Tx, u *Usage, key string, before, after entry) error {
	u.add(key, before, -1)
	u.add(key, after, +1)
	if before.expires != 0 && before.expires != after.expires {
		if err := tx.Delete(o.index(before.expires, key)); err != nil {
			return err
		}
		if after.expires == 0 {
			if err := tx.Delete(o.expiry(key)); err != nil {
				return err
			}
		}
	}
	if after.expires != 0 && after.expires != before.expires {
		if err := tx.Put(o.index(after.expires, key), nil); err != nil {
			return err
		}
		if err := tx.Put(o.expiry(key), binary.BigEndian.AppendUint64(nil, uint64(after.expires))); err != nil {
			return err
		}
	}
	switch {
	case after.present:
		return tx.Put(o.value(key), after.seal())
	case before.present:
		return tx.Delete(o.value(key))
	}
	return nil
}

func (u *Usage) add(key string, e entry, sign int) {
	if e.present {
		u.Keys += sign
		u.Bytes += int64(sign * (len(key) + len(e.value)))
	}
}
