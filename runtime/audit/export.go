package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// MarshalJSON returns {"seq": …, "mac": hex, "record": {…}}. The record is byte for
// byte what the MAC covers.
func (e Entry) MarshalJSON() ([]byte, error) {
	body := e.body
	if body == nil {
		var err error
		if body, err = json.Marshal(e.Record); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"seq":%d,"mac":"%x","record":`, e.Seq, e.MAC)
	if err := json.Compact(&b, body); err != nil { // what was written is compact already
		return nil, fmt.Errorf("%w: entry %d is not JSON: %v", ErrBroken, e.Seq, err)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Export writes all entries of org to w as JSON lines, each as
// [Entry.MarshalJSON] has it, and returns how many. It does not verify them.
func (l *Log) Export(ctx context.Context, w io.Writer, org string) (n int, err error) {
	out := bufio.NewWriter(w)
	q := Query{Org: org, Limit: listPage}
	for {
		page, err := l.List(ctx, q)
		if err != nil {
			return n, err
		}
		for _, e := range page.Entries {
			line, err := e.MarshalJSON()
			if err != nil {
				return n, err
			}
			if _, err := out.Write(append(line, '\n')); err != nil {
				return n, fmt.Errorf("audit: export %q: %w", org, err)
			}
			n++
		}
		if q.After = page.Next; q.After == 0 {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return n, fmt.Errorf("audit: export %q: %w", org, err)
	}
	return n, nil
}

// Text returns the entry on one line for a person: number, time, action, outcome,
// then what else is set as name=value. What strangers wrote is quoted, and
// nothing in it can move a terminal's cursor or reorder the line.
func (e Entry) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", e.Seq, e.Time.UTC().Format(time.RFC3339Nano), plain(e.Action))
	field := func(name, value string) {
		if value != "" {
			b.WriteString(" " + plain(name) + "=" + plain(value))
		}
	}
	field("outcome", e.Outcome)
	field("extension", e.Extension)
	field("actor", e.Actor)
	field("credential", e.Credential)
	field("target", e.Target)
	if e.Count > 1 {
		field("count", strconv.Itoa(e.Count))
	}
	names := make([]string, 0, len(e.Detail))
	for name := range e.Detail {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		field(name, e.Detail[name])
	}
	field("invocation", e.InvocationID)
	return b.String()
}

// plain returns s as it is when it is one printable word, else quoted and
// escaped. It escapes format characters too: they reorder text.
func plain(s string) string {
	for _, r := range s {
		if r == '"' || r == '\\' || r == '=' || r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return strconv.Quote(s)
		}
	}
	return s
}
