package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// Bad is a place where a chain is not as it was written.
type Bad struct {
	Seq    uint64 // the first wrong line; for a cut end, the first that is missing; 0 for the head
	Reason string
}

// Report is what Verify found.
type Report struct {
	Entries  uint64 // how many are right, from the first on
	Dropped  uint64 // how many there were before the first, by retention
	FirstBad *Bad   // nil when all are
}

const verifyPage = 256

// Verify walks the whole chain of org and checks each MAC and the head. Appends
// may go on meanwhile; what they add is checked too. A chain that is damaged is
// in the Report and is no error. An organization without records has an empty,
// right chain.
func (l *Log) Verify(ctx context.Context, org string) (Report, error) {
	if err := checkOrg(org); err != nil {
		return Report{}, err
	}
	v := verifier{store: l.store, chain: newChain(l.key), org: org}
	base, err := v.chain.readBase(ctx, l.store, org)
	if errors.Is(err, ErrBroken) {
		return Report{FirstBad: &Bad{0, err.Error()}}, nil
	}
	if err != nil {
		return Report{}, err
	}
	v.at = base
	bad, err := v.run(ctx)
	if err == nil && bad == nil {
		bad, err = l.verifyCheckpoints(ctx, org, base, v.at)
	}
	if err != nil {
		return Report{}, fmt.Errorf("audit: verify %q: %w", org, err)
	}
	return Report{Entries: v.at.seq - base.seq, Dropped: base.seq, FirstBad: bad}, nil
}

// verifyCheckpoints compares the checkpoints of org with its entries, which are
// right from base to end.
func (l *Log) verifyCheckpoints(ctx context.Context, org string, base, end head) (*Bad, error) {
	var bad *Bad
	var before Checkpoint
	err := l.checkpoints(ctx, org, func(c Checkpoint) error {
		switch {
		case bad != nil, c.Seq < base.seq:
			return nil
		case c.Seq > end.seq:
			bad = &Bad{end.seq + 1, fmt.Sprintf("the end is cut: a checkpoint covers up to %d", c.Seq)}
			return nil
		case before.Seq > 0 && string(c.Prev) != string(before.hash()):
			bad = &Bad{c.Seq, "the checkpoint before this one is missing"}
			return nil
		}
		before = c
		at := base
		if c.Seq > base.seq {
			row, err := l.store.Get(ctx, entryKey(org, c.Seq))
			if err != nil {
				return err
			}
			mac, _, err := splitEntry(row)
			if err != nil {
				return err
			}
			at = head{c.Seq, mac}
		}
		if c.end() != at {
			bad = &Bad{c.Seq, "a checkpoint was signed for another entry"}
		}
		return nil
	})
	if errors.Is(err, ErrBroken) {
		return &Bad{0, err.Error()}, nil
	}
	return bad, err
}

// verifier walks one chain; at is the last right entry.
type verifier struct {
	store storage.Reader
	chain chain
	org   string
	at    head
	sum   entrySum // of the entries that were walked, when it has a hash
}

// run compares the entries with the head. An entry and the head that covers it
// are written together, so a head that was read before a scan must be covered by
// the scan, and one that is read after it must cover the scan.
func (v *verifier) run(ctx context.Context) (*Bad, error) {
	for {
		h, bad, err := v.head(ctx)
		if bad != nil || err != nil {
			return bad, err
		}
		if h.seq == 0 && v.at.seq > 0 {
			return &Bad{0, "the head is missing"}, nil
		}
		if h.seq < v.at.seq {
			return &Bad{h.seq + 1, fmt.Sprintf("the head is at %d, before this entry", h.seq)}, nil
		}
		if bad, err = v.scan(ctx); bad != nil || err != nil {
			return bad, err
		}
		switch {
		case v.at.seq < h.seq:
			return &Bad{v.at.seq + 1, fmt.Sprintf("the end is cut: missing up to %d", h.seq)}, nil
		case v.at == h:
			return nil, nil
		case v.at.seq == h.seq:
			return &Bad{h.seq, "the head has another MAC than the last entry"}, nil
		}
		// Entries were added since the head was read: once more from here.
	}
}

// head reads the head. One that is not right is reported after the entries, so
// that a wrong line before it is the one that is named.
func (v *verifier) head(ctx context.Context) (head, *Bad, error) {
	h, err := v.chain.readHead(ctx, v.store, v.org)
	if !errors.Is(err, ErrBroken) {
		return h, nil, err
	}
	bad, errScan := v.scan(ctx)
	if bad == nil && errScan == nil {
		bad = &Bad{0, err.Error()}
	}
	return head{}, bad, errScan
}

// scan walks from the last right entry to the end.
func (v *verifier) scan(ctx context.Context) (*Bad, error) {
	var after storage.Key
	if v.at.seq > 0 {
		after = entryKey(v.org, v.at.seq)
	}
	for {
		rows, err := v.store.Scan(ctx, entriesPrefix(v.org), after, verifyPage)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if bad := v.step(row); bad != nil {
				return bad, nil
			}
			after = row.Key
		}
		if len(rows) < verifyPage {
			return nil, nil
		}
	}
}

// step checks the entry after the last right one.
func (v *verifier) step(row storage.Pair) *Bad {
	want := v.at.seq + 1
	seq, ok := seqOf(v.org, row.Key)
	switch {
	case !ok:
		return &Bad{want, fmt.Sprintf("a row that is no entry: %q", row.Key)}
	case seq != want:
		return &Bad{want, fmt.Sprintf("missing: the next entry is %d", seq)}
	}
	mac, body, err := splitEntry(row.Value)
	if err != nil {
		return &Bad{seq, err.Error()}
	}
	next := v.chain.next(v.org, v.at, body)
	if next.mac != mac {
		return &Bad{seq, "changed, moved or not written by this log: its MAC is wrong"}
	}
	v.at = next
	if v.sum.hash != nil {
		v.sum.add(seq, mac[:], body)
	}
	return nil
}
