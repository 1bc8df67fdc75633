package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

// change sets a stored row directly; nil removes it.
func change(t testing.TB, store storage.Store, key storage.Key, value []byte) {
	t.Helper()
	err := store.Update(t.Context(), func(tx storage.Tx) error {
		if value == nil {
			return tx.Delete(key)
		}
		return tx.Put(key, value)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tampering is a chain of ten entries that a test changes behind the log's back.
type tampering struct {
	t     *testing.T
	store storage.Store
	log   *Log
}

func newTampering(t *testing.T) *tampering {
	s := newStore(t)
	x := &tampering{t, s, open(t, s)}
	for i := range 10 {
		add(t, x.log, Record{Org: org, Action: "secret.read", Target: fmt.Sprint("k", i+1)})
	}
	for range 3 {
		add(t, x.log, Record{Org: "org-b", Action: "install"})
	}
	return x
}

func (x *tampering) row(key storage.Key) []byte {
	x.t.Helper()
	b, err := x.store.Get(x.t.Context(), key)
	if err != nil {
		x.t.Fatalf("read %q: %v", key, err)
	}
	return b
}

func (x *tampering) entry(seq uint64) []byte { return x.row(entryKey(org, seq)) }
func (x *tampering) setEntry(seq uint64, value []byte) {
	change(x.t, x.store, entryKey(org, seq), value)
}
func (x *tampering) setHead(org string, value []byte) { change(x.t, x.store, headKey(org), value) }
func (x *tampering) edit(seq uint64, old, new string) {
	x.setEntry(seq, bytes.Replace(x.entry(seq), []byte(old), []byte(new), 1))
}

// forge writes entries with MACs that another key made.
func (x *tampering) forge(from head, n int) head {
	c := newChain([]byte("another key of at least 32 bytes"))
	for range n {
		body := []byte(`{"org":"org-a","action":"nothing"}`)
		from = c.next(org, from, body)
		x.setEntry(from.seq, encodeEntry(from.mac, body))
	}
	return from
}

// tamperings are what is done to a chain of ten entries, and the first wrong line.
var tamperings = []struct {
	rule   string
	tamper func(x *tampering)
	seq    uint64
	reason string
}{
	{"an entry edited", func(x *tampering) { x.edit(4, "k4", "k9") }, 4, "MAC is wrong"},
	{"the first entry edited", func(x *tampering) { x.edit(1, "k1", "k9") }, 1, "MAC is wrong"},
	{"the last entry edited", func(x *tampering) { x.edit(10, "k10", "k11") }, 10, "MAC is wrong"},
	{"a MAC edited", func(x *tampering) { b := x.entry(4); b[5] ^= 1; x.setEntry(4, b) }, 4, "MAC is wrong"},
	{"an entry grown", func(x *tampering) { x.setEntry(4, append(x.entry(4), ' ')) }, 4, "MAC is wrong"},
	{"an entry emptied", func(x *tampering) { x.setEntry(4, []byte{}) }, 4, "unknown format"},
	{"an entry deleted", func(x *tampering) { x.setEntry(4, nil) }, 4, "missing: the next entry is 5"},
	{"the first entry deleted", func(x *tampering) { x.setEntry(1, nil) }, 1, "missing: the next entry is 2"},
	{"an entry deleted and the rest moved up", func(x *tampering) {
		for seq := uint64(4); seq < 10; seq++ {
			x.setEntry(seq, x.entry(seq+1))
		}
		x.setEntry(10, nil)
	}, 4, "MAC is wrong"},
	{"two entries swapped", func(x *tampering) {
		a, b := x.entry(4), x.entry(7)
		x.setEntry(4, b)
		x.setEntry(7, a)
	}, 4, "MAC is wrong"},
	{"an entry inserted and the rest moved down", func(x *tampering) {
		for seq := uint64(10); seq >= 4; seq-- {
			x.setEntry(seq+1, x.entry(seq))
		}
		x.forge(head{seq: 3}, 1)
	}, 4, "MAC is wrong"},
	{"an entry put in twice", func(x *tampering) { x.setEntry(11, x.entry(10)) }, 11, "MAC is wrong"},
	{"entries added behind the end", func(x *tampering) { x.forge(head{seq: 10}, 2) }, 11, "MAC is wrong"},
	{"an entry added after a gap", func(x *tampering) { x.forge(head{seq: 15}, 1) }, 11, "missing: the next entry is 16"},
	{"an entry of another organization", func(x *tampering) { x.setEntry(1, x.row(entryKey("org-b", 1))) }, 1, "MAC is wrong"},
	{"the whole chain of another organization", func(x *tampering) {
		for seq := uint64(1); seq <= 3; seq++ {
			x.setEntry(seq, x.row(entryKey("org-b", seq)))
		}
		for seq := uint64(4); seq <= 10; seq++ {
			x.setEntry(seq, nil)
		}
		x.setHead(org, x.row(headKey("org-b")))
	}, 1, "MAC is wrong"},
	{"the tail cut", func(x *tampering) { x.setEntry(10, nil); x.setEntry(9, nil) }, 9, "the end is cut: missing up to 10"},
	{"everything cut", func(x *tampering) {
		for seq := uint64(1); seq <= 10; seq++ {
			x.setEntry(seq, nil)
		}
	}, 1, "the end is cut: missing up to 10"},
	{"the tail cut and a head forged", func(x *tampering) {
		x.setEntry(10, nil)
		forger := newChain([]byte("another key of at least 32 bytes"))
		x.setHead(org, forger.encodeHead(org, head{9, [macSize]byte(x.entry(9)[1:entryFixed])}))
	}, 0, "the head of \"org-a\" has a wrong MAC"},
	{"the head deleted", func(x *tampering) { x.setHead(org, nil) }, 0, "the head is missing"},
	{"the head truncated", func(x *tampering) { x.setHead(org, x.row(headKey(org))[:20]) }, 0, "unknown format"},
	{"the head damaged and an entry edited: the entry is named", func(x *tampering) {
		x.setHead(org, []byte{})
		x.edit(4, "k4", "k9")
	}, 4, "MAC is wrong"},
	{"an entry edited and the tail cut: the first is named", func(x *tampering) {
		x.edit(4, "k4", "k9")
		x.setEntry(10, nil)
	}, 4, "MAC is wrong"},
	{"a row that is no entry", func(x *tampering) {
		change(x.t, x.store, entriesPrefix(org)+"0000000000000004x", []byte{1})
	}, 5, "a row that is no entry"},
	{"a number in capitals", func(x *tampering) {
		x.forge(head{seq: 10}, 1)
		change(x.t, x.store, entriesPrefix(org)+"000000000000000B", x.entry(10))
		x.setEntry(11, nil)
	}, 10, "a row that is no entry"},
}

func TestVerifyFindsTampering(t *testing.T) {
	for _, tt := range tamperings {
		t.Run(tt.rule, func(t *testing.T) {
			x := newTampering(t)
			wantRight(t, x.log, org, 10)
			tt.tamper(x)
			got, err := x.log.Verify(t.Context(), org)
			if err != nil || got.FirstBad == nil {
				t.Fatalf("found nothing: %+v, %v", got, err)
			}
			if got.FirstBad.Seq != tt.seq || !strings.Contains(got.FirstBad.Reason, tt.reason) {
				t.Errorf("got %+v, want entry %d with %q", *got.FirstBad, tt.seq, tt.reason)
			}
			if want := tt.seq; want > 0 && got.Entries != want-1 {
				t.Errorf("%d right entries, want %d", got.Entries, want-1)
			}
			if tt.rule != "the whole chain of another organization" {
				wantRight(t, x.log, "org-b", 3)
			}
		})
	}
}

// TestOldHeadPutBack: a head that this log wrote earlier, over the whole chain.
func TestOldHeadPutBack(t *testing.T) {
	x := newTampering(t)
	old := x.row(headKey(org))
	add(t, x.log, Record{Org: org, Action: "a"})
	x.setHead(org, old)
	got, err := x.log.Verify(t.Context(), org)
	if err != nil || got.FirstBad == nil || got.FirstBad.Seq != 11 {
		t.Errorf("got %+v, %v; want entry 11", got.FirstBad, err)
	}
	if err := x.log.Append(t.Context(), Record{Org: org, Action: "a"}); !errors.Is(err, ErrBroken) {
		t.Errorf("append: got %v, want ErrBroken: it would write over entry 11", err)
	}
}

// TestTwoHistories mixes the last entry of one history with the head of another,
// both written by this log.
func TestTwoHistories(t *testing.T) {
	x := newTampering(t)
	fork := x.row(headKey(org))
	add(t, x.log, Record{Org: org, Action: "one"})
	one := x.entry(11)
	x.setHead(org, fork)
	x.setEntry(11, nil)
	add(t, x.log, Record{Org: org, Action: "other"})
	x.setEntry(11, one)
	got, err := x.log.Verify(t.Context(), org)
	if err != nil || got.FirstBad == nil || got.FirstBad.Seq != 11 || !strings.Contains(got.FirstBad.Reason, "another MAC") {
		t.Errorf("got %+v, %v; want entry 11 with another MAC than the head", got.FirstBad, err)
	}
}

// TestRolledBackTogether states what a chain cannot find by itself: all of it put
// back to an earlier state. That takes a copy of the head outside.
func TestRolledBackTogether(t *testing.T) {
	x := newTampering(t)
	old := x.row(headKey(org))
	add(t, x.log, Record{Org: org, Action: "a"})
	x.setHead(org, old)
	x.setEntry(11, nil)
	wantRight(t, x.log, org, 10)
}

func TestAppendRefusesABrokenEnd(t *testing.T) {
	for _, tt := range []struct {
		rule   string
		tamper func(x *tampering)
	}{
		{"the head deleted", func(x *tampering) { x.setHead(org, nil) }},
		{"the head damaged", func(x *tampering) { b := x.row(headKey(org)); b[3] ^= 1; x.setHead(org, b) }},
		{"the head of another organization", func(x *tampering) { x.setHead(org, x.row(headKey("org-b"))) }},
		{"an entry behind the head", func(x *tampering) { x.forge(head{seq: 10}, 1) }},
	} {
		x := newTampering(t)
		tt.tamper(x)
		before, err := x.store.Scan(t.Context(), "aud/", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.log.Append(t.Context(), Record{Org: org, Action: "a"}); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: got %v, want ErrBroken", tt.rule, err)
		}
		after, err := x.store.Scan(t.Context(), "aud/", "", 1000)
		same := slices.EqualFunc(before, after, func(a, b storage.Pair) bool { return a.Key == b.Key && bytes.Equal(a.Value, b.Value) })
		if err != nil || !same {
			t.Errorf("%s: the evidence was changed: %v", tt.rule, err)
		}
		add(t, x.log, Record{Org: "org-b", Action: "a"}) // others go on
	}
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	x := newTampering(t)
	other, err := Open(x.store, []byte("another key of at least 32 bytes"), func() time.Time { return someTime })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	got, err := other.Verify(t.Context(), org)
	if err != nil || got.FirstBad == nil || got.FirstBad.Seq != 1 {
		t.Errorf("verify: got %+v, %v; want entry 1", got.FirstBad, err)
	}
	if err := other.Append(t.Context(), Record{Org: org, Action: "a"}); !errors.Is(err, ErrBroken) {
		t.Errorf("append: got %v, want ErrBroken", err)
	}
}

// TestListNamesADamagedEntry: what is before and after it can still be read.
func TestListNamesADamagedEntry(t *testing.T) {
	x := newTampering(t)
	x.setEntry(4, encodeEntry([macSize]byte{}, []byte("not json")))
	_, err := x.log.List(t.Context(), Query{Org: org, Limit: 10})
	if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "entry 4") {
		t.Errorf("got %v, want ErrBroken that names entry 4", err)
	}
	if page, err := x.log.List(t.Context(), Query{Org: org, Limit: 3}); err != nil || len(page.Entries) != 3 {
		t.Errorf("before it: %d entries, %v", len(page.Entries), err)
	}
	if page, err := x.log.List(t.Context(), Query{Org: org, Limit: 10, After: 4}); err != nil || len(page.Entries) != 6 {
		t.Errorf("after it: %d entries, %v", len(page.Entries), err)
	}
}

func TestMACCoversEveryPart(t *testing.T) {
	c := newChain(testKey)
	h := head{seq: 1, mac: [macSize]byte{9}}
	base := c.next("ab", h, []byte("body")).mac
	for what, other := range map[string][macSize]byte{
		"the organization":     c.next("ac", h, []byte("body")).mac,
		"the number":           c.next("ab", head{2, h.mac}, []byte("body")).mac,
		"the MAC before":       c.next("ab", head{1, [macSize]byte{8}}, []byte("body")).mac,
		"the record":           c.next("ab", h, []byte("bodx")).mac,
		"the key":              newChain(testKey[1:]).next("ab", h, []byte("body")).mac,
		"the purpose":          c.headMAC("ab", head{2, h.mac}),
		"the org's own length": c.next("a", h, []byte("b")).mac,
	} {
		if other == base {
			t.Errorf("the MAC does not cover %s", what)
		}
	}
	if again := c.next("ab", h, []byte("body")).mac; again != base {
		t.Error("the MAC depends on what was computed before")
	}
}

func FuzzEntry(f *testing.F) {
	body, err := Record{Org: org, Action: "a", Target: "t", Detail: map[string]string{"k": "v"}}.encode(someTime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encodeEntry([macSize]byte{1}, body))
	f.Add([]byte{})
	f.Add(encodeEntry([macSize]byte{}, []byte(`{"time":"x"}`)))
	f.Add(encodeEntry([macSize]byte{}, []byte("{\n\"org\":\"\\u202e\"}")))
	c := newChain(testKey)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := c.decodeHead(org, b); err == nil {
			t.Fatalf("a head that was never written decodes: %x", b)
		}
		e, err := decodeEntry(7, b)
		if err != nil {
			if !errors.Is(err, ErrBroken) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(encodeEntry(e.MAC, e.body), b) {
			t.Fatalf("%x came back as %x", b, encodeEntry(e.MAC, e.body))
		}
		line, err := e.MarshalJSON()
		if err != nil || bytes.ContainsAny(line, "\n\r") {
			t.Fatalf("not one line: %q, %v", line, err)
		}
		for _, r := range e.Text() {
			if r < ' ' || r == '\u202e' || r == '\u2028' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("the text holds %U: %q", r, e.Text())
			}
		}
	})
}
