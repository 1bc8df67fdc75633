package worker

import (
	"encoding/binary"
	"io"

	"github.com/annexhost/annex/runtime/sandbox"
)

// left ends what the calls of an invocation wait for: a worker says once that
// nobody waits for them any more.
func (l *lane) left(i *invocation, f fields) error {
	number := f.int()
	if err := f.done(); err != nil {
		return err
	}
	if number != l.run.Load() || i.left {
		return protocolf("the calls of invocation %d were left before, or it is not running", number)
	}
	i.left = true
	i.drop()
	return nil
}

// tell answers a worker that asks what the invocation's clock says, or for bytes
// of its randomness. The thread that asks waits for the answer before it does
// anything else: one that has asked for more by then wants to keep the host busy.
func (l *lane) tell(i *invocation, k kind, f fields) error {
	a, err := i.reading(k, f)
	if err != nil {
		return err
	}
	if l.in.holdsReading() {
		return protocolf("another reading was asked for before the answer")
	}
	return l.answer(a)
}

// reading performs what a worker asks for, as far as it was told to ask.
func (i *invocation) reading(k kind, f fields) (*answer, error) {
	a := &answer{id: f.int()}
	n := int64(0)
	if k == kindChance {
		n = f.int()
	}
	if err := f.done(); err != nil {
		return nil, err
	}
	switch {
	case k == kindTime && i.clock == clockServed && i.asked.Now != nil:
		now := i.asked.Now()
		a.result.JSON = binary.LittleEndian.AppendUint64(nil, uint64(now.Unix()))
		a.result.JSON = binary.LittleEndian.AppendUint64(a.result.JSON, uint64(now.Nanosecond()))
	case k == kindChance && i.asked.Random != nil && n > 0 && n <= maxChance:
		a.result.JSON = make([]byte, n)
		if _, err := io.ReadFull(i.asked.Random, a.result.JSON); err != nil {
			a.failed, a.result = internalError(), sandbox.Payload{}
		}
	default:
		return nil, protocolf("a reading that was not offered")
	}
	return a, nil
}

// holdsReading reports whether a frame that asks for a reading has arrived
// behind the last one.
func (r *reader) holdsReading() bool {
	rest := r.buf[r.start:r.end]
	for len(rest) >= frameHead {
		if k := kind(rest[frameHead-1]); k == kindTime || k == kindChance {
			return true
		}
		whole := 4 + uint64(binary.LittleEndian.Uint32(rest))
		if whole > uint64(len(rest)) {
			return false
		}
		rest = rest[whole:]
	}
	return false
}
