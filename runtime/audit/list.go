package audit

import (
	"context"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// Query says which entries of one organization to list.
type Query struct {
	Org        string
	After      uint64 // entries with a greater number; 0 means from the first
	Limit      int    // 1 to 1,000 entries
	Action     string // this action only, when not empty
	Extension  string // this extension only, when not empty
	Credential string // what was done with this credential only, when not empty
}

// Page is a part of a list.
type Page struct {
	Entries []Entry

	// Next is the After of the page that follows, and 0 when there is none. A page
	// of a Query with a filter may be short, or empty, and have a Next.
	Next uint64
}

const (
	maxLimit   = 1000
	listPage   = 256
	maxScanned = 10_000 // rows looked at for one page
)

// List returns entries in the order of their numbers. It does not verify them.
// An entry that does not decode is an error that names it.
func (l *Log) List(ctx context.Context, q Query) (Page, error) {
	if err := checkOrg(q.Org); err != nil {
		return Page{}, err
	}
	if q.Limit < 1 || q.Limit > maxLimit {
		return Page{}, fmt.Errorf("%w: limit %d, 1 to %d", ErrInvalid, q.Limit, maxLimit)
	}
	var page Page
	at := q.After
	for scanned := 0; scanned < maxScanned; {
		rows, err := l.scanAfter(ctx, q.Org, at)
		if err != nil {
			return Page{}, err
		}
		for i, row := range rows {
			e, err := entryOf(q.Org, row)
			if err != nil {
				return Page{}, err
			}
			at = e.Seq
			if !q.matches(e) {
				continue
			}
			page.Entries = append(page.Entries, e)
			if len(page.Entries) == q.Limit {
				if i < len(rows)-1 || len(rows) == listPage {
					page.Next = at
				}
				return page, nil
			}
		}
		if len(rows) < listPage {
			return page, nil
		}
		scanned += len(rows)
	}
	page.Next = at
	return page, nil
}

// Last returns the number of the organization's newest entry, 0 when it has none.
// Numbers have no gaps: After: Last-20 lists the newest twenty.
func (l *Log) Last(ctx context.Context, org string) (uint64, error) {
	seq, _, err := l.Head(ctx, org)
	return seq, err
}

// Head returns the number and the MAC of the organization's newest entry: whoever
// keeps both elsewhere can tell whether the chain was cut since.
func (l *Log) Head(ctx context.Context, org string) (seq uint64, mac []byte, err error) {
	if err := checkOrg(org); err != nil {
		return 0, nil, err
	}
	h, err := newChain(l.key).readHead(ctx, l.store, org)
	return h.seq, h.mac[:], err
}

func (l *Log) scanAfter(ctx context.Context, org string, seq uint64) ([]storage.Pair, error) {
	var after storage.Key
	if seq > 0 {
		after = entryKey(org, seq)
	}
	rows, err := l.store.Scan(ctx, entriesPrefix(org), after, listPage)
	if err != nil {
		return nil, fmt.Errorf("audit: list %q: %w", org, err)
	}
	return rows, nil
}

func (q Query) matches(e Entry) bool {
	return (q.Action == "" || e.Action == q.Action) && (q.Extension == "" || e.Extension == q.Extension) &&
		(q.Credential == "" || e.Credential == q.Credential)
}

func entryOf(org string, row storage.Pair) (Entry, error) {
	seq, ok := seqOf(org, row.Key)
	if !ok {
		return Entry{}, fmt.Errorf("%w: a row that is no entry: %q", ErrBroken, row.Key)
	}
	return decodeEntry(seq, row.Value)
}
