package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

const org = "org-a"

var (
	testKey  = []byte("0123456789abcdef0123456789abcdef")
	someTime = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
)

func newStore(testing.TB) storage.Store { return memstore.New() }

// open returns a Log over store that the test closes, and checks that its
// goroutine has ended then.
func open(t testing.TB, store storage.Store) *Log {
	t.Helper()
	before := runtime.NumGoroutine()
	l, err := Open(store, testKey, func() time.Time { return someTime })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
		deadline := time.Now().Add(time.Minute)
		for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines, %d before the log was opened", n, before)
		}
	})
	return l
}

func add(t testing.TB, l *Log, r Record) {
	t.Helper()
	if err := l.Append(t.Context(), r); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// read returns all entries of an organization.
func read(t testing.TB, l *Log, org string) []Entry {
	t.Helper()
	page, err := l.List(t.Context(), Query{Org: org, Limit: maxLimit})
	if err != nil || page.Next != 0 {
		t.Fatalf("list: %v, next %d", err, page.Next)
	}
	return page.Entries
}

func wantRight(t testing.TB, l *Log, org string, entries uint64) {
	t.Helper()
	got, err := l.Verify(t.Context(), org)
	if err != nil || got.FirstBad != nil || got.Entries != entries {
		t.Errorf("verify %q: %d entries, %v, %v; want %d and none bad", org, got.Entries, got.FirstBad, err, entries)
	}
}

func TestAppendAndList(t *testing.T) {
	l := open(t, newStore(t))
	full := Record{
		Org: org, Extension: "acme.sync", Actor: "u1", Action: "secret.read", Target: "API_KEY", Outcome: "ok",
		Detail: map[string]string{"version": "3"}, InvocationID: "i1", Count: 2,
	}
	add(t, l, full)
	add(t, l, Record{Org: org, Action: "install"})
	add(t, l, Record{Org: "org-b", Action: "install"})

	full.Time = someTime
	got := read(t, l, org)
	if len(got) != 2 || got[0].Seq != 1 || got[1].Seq != 2 || !reflect.DeepEqual(got[0].Record, full) {
		t.Errorf("got %+v", got)
	}
	if got := read(t, l, "org-b"); len(got) != 1 || got[0].Seq != 1 {
		t.Errorf("each organization counts for itself: got %+v", got)
	}
	wantRight(t, l, org, 2)
	wantRight(t, l, "org-b", 1)
	wantRight(t, l, "nobody", 0)
	if last, err := l.Last(t.Context(), org); last != 2 || err != nil {
		t.Errorf("Last = %d, %v; want 2", last, err)
	}
	if last, err := l.Last(t.Context(), "nobody"); last != 0 || err != nil {
		t.Errorf("Last of nobody = %d, %v; want 0", last, err)
	}
}

func TestTimeIsTheLogs(t *testing.T) {
	l := open(t, newStore(t))
	add(t, l, Record{Org: org, Action: "install", Time: someTime.Add(-time.Hour)})
	if got := read(t, l, org)[0].Time; !got.Equal(someTime) {
		t.Errorf("time %v, want the clock's %v", got, someTime)
	}
}

func TestRecordsAreChecked(t *testing.T) {
	l := open(t, newStore(t))
	many := make(map[string]string)
	for i := range maxDetail + 1 {
		many[fmt.Sprint("k", i)] = "v"
	}
	for _, tt := range []struct {
		rule string
		r    Record
	}{
		{"no organization", Record{Action: "a"}},
		{"a long organization", Record{Org: strings.Repeat("o", 257), Action: "a"}},
		{"an organization too long once escaped", Record{Org: strings.Repeat("\x00", 256) + strings.Repeat("/", 200), Action: "a"}},
		{"an organization that is no UTF-8", Record{Org: "\xff", Action: "a"}},
		{"no action", Record{Org: org}},
		{"an action with a space", Record{Org: org, Action: "secret read"}},
		{"an action in capitals", Record{Org: org, Action: "Read"}},
		{"a long action", Record{Org: org, Action: strings.Repeat("a", 65)}},
		{"a negative count", Record{Org: org, Action: "a", Count: -1}},
		{"too many details", Record{Org: org, Action: "a", Detail: many}},
		{"a detail's name with a line end", Record{Org: org, Action: "a", Detail: map[string]string{"a\nb": "v"}}},
	} {
		if err := l.Append(t.Context(), tt.r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", tt.rule, err)
		}
	}
	if got := read(t, l, org); len(got) != 0 {
		t.Errorf("%d entries were written", len(got))
	}
	if _, err := Open(newStore(t), testKey[:31], nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a short key: got %v, want ErrInvalid", err)
	}
}

// TestTextsAreBounded: what a stranger chooses is cut, not refused.
func TestTextsAreBounded(t *testing.T) {
	l := open(t, newStore(t))
	for _, tt := range []struct{ rule, given, want string }{
		{"a text at the limit stays", strings.Repeat("x", maxText), strings.Repeat("x", maxText)},
		{"a longer one is cut and marked", strings.Repeat("x", maxText+1), strings.Repeat("x", maxText-3) + "…"},
		{"a huge one too", strings.Repeat("x", 1<<24), strings.Repeat("x", maxText-3) + "…"},
		{"not in the middle of a character", strings.Repeat("é", maxText), strings.Repeat("é", (maxText-3)/2) + "…"},
		{"invalid UTF-8 is replaced", "a\xffb", "a\uFFFDb"},
		{"long invalid UTF-8 is cut", strings.Repeat("\xff", 1<<20), "\uFFFD…"},
		{"invalid UTF-8 that grows is cut", strings.Repeat("a\xff", maxText/2), strings.Repeat("a\uFFFD", 255) + "a…"},
		{"a cut at the edge of a character", strings.Repeat("x", maxText-4) + "éé", strings.Repeat("x", maxText-4) + "éé"},
	} {
		add(t, l, Record{Org: org, Action: "denied", Extension: tt.given, Actor: tt.given, Target: tt.given,
			Outcome: tt.given, InvocationID: tt.given, Detail: map[string]string{"host": tt.given}})
		entries := read(t, l, org)
		r := entries[len(entries)-1].Record
		for _, got := range []string{r.Extension, r.Actor, r.Target, r.Outcome, r.InvocationID, r.Detail["host"]} {
			if got != tt.want {
				t.Errorf("%s: got %.40q (%d bytes), want %.40q (%d bytes)", tt.rule, got, len(got), tt.want, len(tt.want))
			}
		}
	}
	wantRight(t, l, org, 8)
}

// TestLargestRecordFits: the worst that a record can grow to in JSON still fits
// in the store, and in a batch.
func TestLargestRecordFits(t *testing.T) {
	worst := strings.Repeat("\x01", maxText)
	detail := make(map[string]string)
	for i := range maxDetail {
		detail[fmt.Sprintf("k%063d", i)] = worst
	}
	body, err := Record{Org: strings.Repeat("\x01", 256), Action: strings.Repeat("a", 64), Extension: worst, Actor: worst,
		Target: worst, Outcome: worst, InvocationID: worst, Detail: detail, Count: 1 << 62}.encode(someTime)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(body) + entryFixed; n > storage.MaxValue || n > maxBatchBytes {
		t.Errorf("%d bytes: a store takes %d, a batch %d", n, storage.MaxValue, maxBatchBytes)
	}
	if maxBatchBytes+len(body)+2*maxBatch*(storage.MaxKey+headSize) > storage.MaxTxBytes || 2*maxBatch > storage.MaxTxKeys {
		t.Error("the largest batch is over the largest transaction")
	}
}

func TestAppendDoesNotKeepTheCallersMap(t *testing.T) {
	l := open(t, newStore(t))
	detail := map[string]string{"k": strings.Repeat("x", 2*maxText)}
	add(t, l, Record{Org: org, Action: "a", Detail: detail})
	if len(detail["k"]) != 2*maxText {
		t.Error("Append changed its caller's map")
	}
}

func TestListPagesAndFilters(t *testing.T) {
	l := open(t, newStore(t))
	const n = 3*listPage + 10
	for i := range n {
		add(t, l, Record{Org: org, Action: []string{"install", "denied"}[i%2], Extension: []string{"acme.a", "acme.b", "acme.c"}[i%3]})
	}
	for _, tt := range []struct {
		rule string
		q    Query
		want func(seq uint64) bool
	}{
		{"everything", Query{Limit: maxLimit}, func(uint64) bool { return true }},
		{"in pages of 7", Query{Limit: 7}, func(uint64) bool { return true }},
		{"in pages of as many as are read at once", Query{Limit: listPage}, func(uint64) bool { return true }},
		{"after a number", Query{Limit: 100, After: 500}, func(s uint64) bool { return s > 500 }},
		{"one action", Query{Limit: 50, Action: "denied"}, func(s uint64) bool { return s%2 == 0 }},
		{"one extension", Query{Limit: 50, Extension: "acme.a"}, func(s uint64) bool { return s%3 == 1 }},
		{"both", Query{Limit: 9, Action: "denied", Extension: "acme.a"}, func(s uint64) bool { return s%6 == 4 }},
		{"neither", Query{Limit: 9, Action: "nothing"}, func(uint64) bool { return false }},
		{"after the end", Query{Limit: 9, After: n}, func(uint64) bool { return false }},
	} {
		var want, got []uint64
		for seq := uint64(1); seq <= n; seq++ {
			if tt.want(seq) {
				want = append(want, seq)
			}
		}
		q := tt.q
		q.Org = org
		for {
			page, err := l.List(t.Context(), q)
			if err != nil || len(page.Entries) > q.Limit {
				t.Fatalf("%s: %d entries, %v", tt.rule, len(page.Entries), err)
			}
			for _, e := range page.Entries {
				got = append(got, e.Seq)
			}
			if q.After = page.Next; page.Next == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d entries, want %d", tt.rule, len(got), len(want))
		}
	}
	for _, q := range []Query{{Org: org}, {Org: org, Limit: -1}, {Org: org, Limit: maxLimit + 1}, {Limit: 1}} {
		if _, err := l.List(t.Context(), q); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: got %v, want ErrInvalid", q, err)
		}
	}
}

// TestListWorkIsBounded: a filter that matches nothing does not read the whole
// log in one call.
func TestListWorkIsBounded(t *testing.T) {
	store := newStore(t)
	l := open(t, store)
	fill(t, store, maxScanned+listPage)
	page, err := l.List(t.Context(), Query{Org: org, Limit: 1, Action: "nothing"})
	if err != nil || len(page.Entries) != 0 || page.Next < maxScanned || page.Next > maxScanned+listPage {
		t.Errorf("got %d entries, next %d, %v; want none and a next of about %d", len(page.Entries), page.Next, err, maxScanned)
	}
}

// fill writes n right entries of org in one go.
func fill(t testing.TB, store storage.Store, n int) {
	t.Helper()
	c := newChain(testKey)
	body, err := Record{Org: org, Action: "a"}.encode(someTime)
	if err != nil {
		t.Fatal(err)
	}
	var h head
	for n > 0 {
		batch := min(n, 4000)
		err := store.Update(t.Context(), func(tx storage.Tx) error {
			for range batch {
				h = c.next(org, h, body)
				if err := tx.Put(entryKey(org, h.seq), encodeEntry(h.mac, body)); err != nil {
					return err
				}
			}
			return tx.Put(headKey(org), c.encodeHead(org, h))
		})
		if err != nil {
			t.Fatal(err)
		}
		n -= batch
	}
}

func TestOrgs(t *testing.T) {
	store := newStore(t)
	l := open(t, store)
	names := []string{"a", "a-b", "a/b", "a b", "ab", "a.b", "a0", "ü", "A", "z/", "%41", strings.Repeat("o", 256)}
	for _, name := range names {
		add(t, l, Record{Org: name, Action: "install"})
	}
	change(t, store, headKey("a-b"), nil)
	change(t, store, entryKey("a b", 1), nil)
	for _, limit := range []int{1, 5, 100} {
		var got []string
		for after := ""; ; {
			page, err := l.Orgs(t.Context(), after, limit)
			if err != nil || len(page) > limit {
				t.Fatal(len(page), err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(names)); !slices.Equal(got, want) {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
	for name, entries := range map[string]uint64{"a": 1, "ab": 1, "a/b": 1, "A": 1} {
		wantRight(t, l, name, entries)
	}
	if _, err := l.Orgs(t.Context(), "", 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("limit 0: %v", err)
	}
	change(t, store, entryPrefix+"%zz/0000000000000001", []byte{1})
	if _, err := l.Orgs(t.Context(), "", 100); !errors.Is(err, ErrBroken) {
		t.Errorf("a row of no organization: got %v, want ErrBroken", err)
	}
}

func TestJSONLines(t *testing.T) {
	l := open(t, newStore(t))
	add(t, l, Record{Org: org, Action: "denied", Target: "evil\n{\"seq\":9}\u2028<b>", Count: 3})
	add(t, l, Record{Org: org, Action: "install"})
	var out strings.Builder
	if n, err := l.Export(t.Context(), &out, org); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2: %s", len(lines), out.String())
	}
	h := head{}
	c := newChain(testKey)
	for i, line := range lines {
		var e struct {
			Seq    uint64
			MAC    string
			Record json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		// Whoever has the key can check the chain from the export alone.
		h = c.next(org, h, e.Record)
		if e.Seq != uint64(i+1) || e.MAC != fmt.Sprintf("%x", h.mac) {
			t.Errorf("line %d: seq %d, MAC %s; want %x", i, e.Seq, e.MAC, h.mac)
		}
	}
	entry := read(t, l, org)[0]
	if got, err := json.Marshal(entry); err != nil || string(got) != lines[0] {
		t.Errorf("json.Marshal gives %s, %v; want %s", got, err, lines[0])
	}
	made, err := json.Marshal(Entry{Seq: 1, Record: Record{Org: org, Action: "a"}})
	if err != nil || !json.Valid(made) {
		t.Errorf("an entry that was not read: %s, %v", made, err)
	}
}

type failingWriter struct{}

var errFull = errors.New("pipe closed")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestExportReportsItsWriter(t *testing.T) {
	l := open(t, newStore(t))
	add(t, l, Record{Org: org, Action: "a"})
	if _, err := l.Export(t.Context(), failingWriter{}, org); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

func TestText(t *testing.T) {
	e := Entry{Seq: 7, Record: Record{
		Time: someTime, Org: org, Extension: "acme.sync", Actor: "u1", Action: "denied", Target: "evil.example", Outcome: "denied",
		Detail: map[string]string{"b": "2", "a": "1"}, InvocationID: "i1", Count: 3,
	}}
	want := "7 2026-03-04T05:06:07.000008Z denied outcome=denied extension=acme.sync actor=u1 target=evil.example count=3 a=1 b=2 invocation=i1"
	if got := e.Text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, tt := range []struct{ rule, target, want string }{
		{"a terminal's escape", "\x1b[2Jx", `"\x1b[2Jx"`},
		{"a line end", "a\nb", `"a\nb"`},
		{"a C1 control", "a\u009bb", `"a\u009bb"`},
		{"an override of direction", "a\u202eb", `"a\u202eb"`},
		{"a line separator", "a\u2028b", `"a\u2028b"`},
		{"a space", "a b", `"a b"`},
		{"a quote", `a"b`, `"a\"b"`},
		{"what looks like a field", "a=b", `"a=b"`},
		{"a wide space", "a\u3000b", `"a\u3000b"`},
		{"letters of other scripts", "ключ-鍵", "ключ-鍵"},
		{"invalid UTF-8", "a\xffb", `"a\xffb"`},
	} {
		got := Entry{Seq: 1, Record: Record{Time: someTime, Action: "a", Target: tt.target}}.Text()
		if want := "1 2026-03-04T05:06:07.000008Z a target=" + tt.want; got != want {
			t.Errorf("%s: got %q, want %q", tt.rule, got, want)
		}
	}
}
