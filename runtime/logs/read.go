package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/annexhost/annex/storage"
)

// Query says which lines are wanted. Empty fields mean all.
type Query struct {
	Org        string // required
	Extension  string
	Invocation string
	Level      string // this one and worse
	Limit      int    // the newest so many, 1 to 10,000
}

// ErrQuery says that a Query makes no sense.
var ErrQuery = errors.New("logs: want an organization, a limit of 1 to 10,000, and the level debug, info, warn or error")

var levels = []string{"debug", "info", "warn", "error"}

func (q Query) check() error {
	if q.Org == "" || q.Limit < 1 || q.Limit > 10_000 || q.Level != "" && !slices.Contains(levels, q.Level) {
		return ErrQuery
	}
	return nil
}

func (q Query) matches(l Line) bool {
	return l.Org == q.Org && (q.Extension == "" || l.Extension == q.Extension) && (q.Invocation == "" || l.Invocation == q.Invocation) &&
		(q.Level == "" || slices.Index(levels, l.Level) >= slices.Index(levels, q.Level))
}

// Read returns the newest lines, the oldest of them first.
func (b *Book) Read(ctx context.Context, q Query) ([]Line, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if err := b.Flush(ctx); err != nil {
		return nil, err
	}
	prefix := storage.Key("log/" + q.Org + "/")
	if q.Extension != "" {
		prefix = source{q.Org, q.Extension}.prefix()
	}
	var lines []Line
	bytesRead := 0
	err := b.each(ctx, prefix, func(p storage.Pair) error {
		for _, data := range bytes.Split(bytes.TrimSuffix(p.Value, []byte("\n")), []byte("\n")) {
			var l Line
			if err := json.Unmarshal(data, &l); err == nil && q.matches(l) {
				lines = append(lines, l)
				bytesRead += sizeOf(l)
			}
		}
		if len(lines) > 2*q.Limit || bytesRead > 2*maxRead { // extensions follow each other: the newest of all stay
			lines = newest(lines, q.Limit)
			bytesRead = 0
			for _, l := range lines {
				bytesRead += sizeOf(l)
			}
		}
		return nil
	})
	return newest(lines, q.Limit), err
}

// maxRead is about how many bytes of lines are read at once, however many lines
// are wanted.
const maxRead = 16 << 20

// newest are the last n lines, or as many as there is room for, in order. What
// they are taken from can go.
func newest(lines []Line, n int) []Line {
	sort.Slice(lines, func(i, j int) bool { return lines[i].Seq < lines[j].Seq })
	from, room := len(lines), maxRead
	for from > 0 && len(lines)-from < n && room >= sizeOf(lines[from-1]) {
		from--
		room -= sizeOf(lines[from])
	}
	return slices.Clone(lines[from:])
}

// maxFollowed is how many lines a follower may be behind; what is over it is lost.
const maxFollowed = 1024

// Follower gets lines as they come.
type Follower struct {
	book *Book
	q    Query
	ch   chan Line
	lost atomic.Int64
}

// Follow begins to follow the lines that q names, from now on; Limit does not
// count. Stop must be called.
func (b *Book) Follow(q Query) (*Follower, error) {
	q.Limit = 1
	if err := q.check(); err != nil {
		return nil, err
	}
	f := &Follower{book: b, q: q, ch: make(chan Line, maxFollowed)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers[f] = struct{}{}
	return f, nil
}

// offer gives a line without waiting.
func (f *Follower) offer(l Line) {
	if !f.q.matches(l) {
		return
	}
	select {
	case f.ch <- l:
	default:
		f.lost.Add(1)
	}
}

// Lines is where they come.
func (f *Follower) Lines() <-chan Line { return f.ch }

// Lost returns how many lines were lost since it was called last, because they
// were not read in time.
func (f *Follower) Lost() int64 { return f.lost.Swap(0) }

// Stop ends it.
func (f *Follower) Stop() {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	delete(f.book.followers, f)
}
