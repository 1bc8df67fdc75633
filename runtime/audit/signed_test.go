package audit

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
)

// exported returns an export with two checkpoints of five entries each.
func exported(t *testing.T) (*tampering, *Log, string) {
	t.Helper()
	s := newStore(t)
	l := open(t, s)
	x := &tampering{t, s, l}
	for i := range 10 {
		add(t, l, Record{Org: org, Action: "secret.read", Target: fmt.Sprint("<k", i+1, ">")}) // what JSON escapes
		if i == 4 {
			if _, err := l.Checkpoint(t.Context(), org); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if n, err := l.ExportSigned(t.Context(), &out, org); n != 10 || err != nil {
		t.Fatalf("exported %d (error %v), want 10", n, err)
	}
	return x, l, out.String()
}

func TestAnExportIsVerifiedWithoutTheHost(t *testing.T) {
	_, l, text := exported(t)
	r, err := VerifyExport(strings.NewReader(text), l.PublicKey(), nil)
	if err != nil || r.FirstBad != nil {
		t.Fatalf("report %+v, error %v", r.FirstBad, err)
	}
	if r.Org != org || r.Entries != 10 || len(r.Checkpoints) != 2 || r.Exported.IsZero() || r.Base != 0 {
		t.Errorf("report %+v", r)
	}
	other := newSigner([]byte("another key of 32 bytes and more")).Public()
	if r, _ := VerifyExport(strings.NewReader(text), other.(ed25519.PublicKey), nil); r.FirstBad == nil || r.FirstBad.Line != 1 {
		t.Errorf("with another host's key: %+v", r.FirstBad)
	}
}

// TestEveryChangeOfAnExportIsFound: each line taken out, doubled, moved, changed in
// one byte, and everything cut after it.
func TestEveryChangeOfAnExportIsFound(t *testing.T) {
	_, l, text := exported(t)
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	if len(lines) != 14 { // head, 10 entries, 2 checkpoints, end
		t.Fatalf("%d lines", len(lines))
	}
	bad := func(what string, changed []string) {
		t.Helper()
		r, err := VerifyExport(strings.NewReader(strings.Join(changed, "")), l.PublicKey(), nil)
		if err != nil || r.FirstBad == nil {
			t.Errorf("%s: not found (error %v)", what, err)
		}
	}
	for i, line := range lines {
		rest := lines[i+1:]
		before := lines[:i:i]
		bad(fmt.Sprintf("without line %d", i+1), append(before, rest...))
		bad(fmt.Sprintf("line %d twice", i+1), append(append(before, line, line), rest...))
		bad(fmt.Sprintf("cut before line %d", i+1), before)
		if len(rest) > 0 {
			bad(fmt.Sprintf("lines %d and %d swapped", i+1, i+2), append(append(before, rest[0], line), rest[1:]...))
		}
		for at := range len(line) - 1 {
			changed := line[:at] + string(line[at]^1) + line[at+1:]
			if strings.EqualFold(changed, line) || changed[at] == '\n' {
				continue // a hexadecimal digit of the same value
			}
			r, err := VerifyExport(strings.NewReader(strings.Join(append(append(before, changed), rest...), "")), l.PublicKey(), nil)
			if err != nil || r.FirstBad == nil {
				t.Fatalf("line %d, byte %d changed to %q: not found (error %v)", i+1, at, changed[at], err)
			}
		}
	}
}

// TestACutTailIsFoundByAnEarlierExport, also when the store was put back as a whole.
func TestACutTailIsFoundByAnEarlierExport(t *testing.T) {
	x, l, text := exported(t)
	earlier, err := VerifyExport(strings.NewReader(text), l.PublicKey(), nil)
	if err != nil || earlier.FirstBad != nil {
		t.Fatal(err, earlier.FirstBad)
	}
	// Who has the key cuts the chain after entry 7 and signs again.
	c := newChain(testKey)
	mac, _, err := splitEntry(x.entry(7))
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(8); seq <= 10; seq++ {
		x.setEntry(seq, nil)
	}
	change(t, x.store, checkpointKey(org, 10), nil)
	change(t, x.store, headKey(org), c.encodeHead(org, head{7, mac}))
	wantRight(t, l, org, 7) // nothing in the store tells
	var out bytes.Buffer
	if _, err := l.ExportSigned(t.Context(), &out, org); err != nil {
		t.Fatal(err)
	}
	r, err := VerifyExport(&out, l.PublicKey(), earlier.Checkpoints)
	if err != nil || r.FirstBad == nil || !strings.Contains(r.FirstBad.Reason, "entry 10") {
		t.Errorf("report %+v, error %v; want that entry 10 is missing", r.FirstBad, err)
	}
}

// TestACutTailIsFoundByACheckpoint that is still in the store.
func TestACutTailIsFoundByACheckpoint(t *testing.T) {
	x, l, _ := exported(t)
	mac, _, err := splitEntry(x.entry(7))
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(8); seq <= 10; seq++ {
		x.setEntry(seq, nil)
	}
	change(t, x.store, headKey(org), newChain(testKey).encodeHead(org, head{7, mac}))
	r, err := l.Verify(t.Context(), org)
	if err != nil || r.FirstBad == nil || r.FirstBad.Seq != 8 {
		t.Errorf("report %+v, error %v; want entry 8", r.FirstBad, err)
	}
}

func TestACheckpointIsNotSignedForAWrongChain(t *testing.T) {
	x, l, _ := exported(t)
	add(t, l, Record{Org: org, Action: "install"})
	x.setEntry(11, append(x.entry(11), ' '))
	if _, err := l.Checkpoint(t.Context(), org); !errors.Is(err, ErrBroken) {
		t.Errorf("signed: %v", err)
	}
	if _, err := l.Checkpoint(t.Context(), "nobody"); !errors.Is(err, ErrNoEntries) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestPrune(t *testing.T) {
	_, l, _ := exported(t)
	ctx := t.Context()
	future := time.Now().Add(100 * 365 * 24 * time.Hour)
	if n, err := l.Prune(ctx, org, "retention", time.Unix(0, 0)); n != 0 || err != nil {
		t.Fatalf("before everything: %d, %v", n, err)
	}
	if n, err := l.Prune(ctx, org, "retention", future); n != 11 || err != nil { // ten entries, one checkpoint
		t.Fatalf("dropped %d (error %v)", n, err)
	}
	if r, err := l.Verify(ctx, org); err != nil || r.FirstBad != nil || r.Dropped != 10 || r.Entries != 1 {
		t.Fatalf("report %+v, error %v", r, err)
	}
	add(t, l, Record{Org: org, Action: "install"})
	var out bytes.Buffer
	if n, err := l.ExportSigned(ctx, &out, org); n != 2 || err != nil {
		t.Fatalf("exported %d (error %v)", n, err)
	}
	r, err := VerifyExport(&out, l.PublicKey(), nil)
	if err != nil || r.FirstBad != nil || r.Base != 10 || r.Entries != 2 {
		t.Errorf("report %+v, bad %+v, error %v", r, r.FirstBad, err)
	}
	if n, err := l.Prune(ctx, org, "retention", future); n == 0 || err != nil {
		t.Errorf("the second time: %d, %v", n, err)
	}
	if r, err := l.Verify(ctx, org); err != nil || r.FirstBad != nil || r.Dropped != 12 {
		t.Errorf("report %+v (bad %+v), error %v", r, r.FirstBad, err)
	}
}

func TestErase(t *testing.T) {
	x, l, _ := exported(t)
	if err := l.Erase(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	if keys, err := x.store.Keys(t.Context(), "", "", 10); err != nil || len(keys) != 0 {
		t.Errorf("left: %q (error %v)", keys, err)
	}
}

// TestPruningBreaksAnExportOff is that one which loses entries on its way ends with an
// error, and not as a file in which entries seem to have been taken away.
func TestPruningBreaksAnExportOff(t *testing.T) {
	l := open(t, newStore(t))
	for range 3 * listPage {
		add(t, l, Record{Org: org, Action: "a"})
	}
	if _, err := l.Checkpoint(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	add(t, l, Record{Org: org, Action: "b"})
	pruned := false
	_, err := l.ExportSigned(t.Context(), writerFunc(func(p []byte) (int, error) {
		if !pruned {
			pruned = true
			if n, err := l.Prune(t.Context(), org, "retention", someTime.Add(time.Hour)); n == 0 || err != nil {
				t.Fatalf("dropped %d (error %v)", n, err)
			}
		}
		return len(p), nil
	}), org)
	if !errors.Is(err, storage.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestAnExportOfAChainWithAHole ends, wherever the hole is: in a file that does not
// verify, or with an error when there is nothing left before a checkpoint.
func TestAnExportOfAChainWithAHole(t *testing.T) {
	for gone, ends := range map[uint64]bool{2: true, 5: false} { // the checkpoints are of entries 5 and 10
		x, l, _ := exported(t)
		err := x.store.Update(t.Context(), func(tx storage.Tx) error { return tx.Delete(entryKey(org, gone)) })
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := l.ExportSigned(t.Context(), &out, org); ends != (err == nil) || !ends && !errors.Is(err, ErrBroken) {
			t.Errorf("without entry %d: error %v", gone, err)
		}
		if r, err := VerifyExport(&out, l.PublicKey(), nil); err != nil || r.FirstBad == nil {
			t.Errorf("without entry %d the export is right: %+v, error %v", gone, r, err)
		}
	}
}
