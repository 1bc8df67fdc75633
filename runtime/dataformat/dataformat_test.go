package dataformat

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

var ctx = context.Background()

func holding(t *testing.T, pairs ...string) storage.Store {
	t.Helper()
	s := memstore.New()
	for i := 0; i < len(pairs); i += 2 {
		err := s.Update(ctx, func(tx storage.Tx) error { return tx.Put(storage.Key(pairs[i]), []byte(pairs[i+1])) })
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		store storage.Store
		want  int
		err   error
	}{
		{"new", holding(t), 0, nil},
		{"without a number", holding(t, "reg/inst/a/b", "{}"), 1, nil},
		{"current", holding(t, "sys/format", fmt.Sprintf(`{"format":%d}`, Current)), Current, nil},
		{"newer", holding(t, "sys/format", fmt.Sprintf(`{"format":%d}`, Current+1)), 0, ErrNewer},
		{"zero", holding(t, "sys/format", `{"format":0}`), 0, storage.ErrCorrupt},
		{"text", holding(t, "sys/format", `two`), 0, storage.ErrCorrupt},
	} {
		got, err := Of(ctx, c.store)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func TestUpgrade(t *testing.T) {
	s := holding(t, "a", "1")
	broken, runs := errors.New("interrupted"), 0
	steps := []Step{{To: 2, Name: "count", Run: func(context.Context) error {
		if runs++; runs == 1 {
			return broken
		}
		return nil
	}}}
	told := 0
	tell := func(Step) { told++ }
	if err := Upgrade(ctx, s, 1, steps, tell); !errors.Is(err, broken) {
		t.Fatalf("interrupted: %v", err)
	}
	if at, err := Of(ctx, s); at != 1 || err != nil {
		t.Fatalf("after an interruption the format is %d (%v), want 1", at, err)
	}
	if err := Upgrade(ctx, s, 1, steps, tell); err != nil {
		t.Fatal(err)
	}
	if at, err := Of(ctx, s); at != Current || err != nil || runs != 2 || told != 2 {
		t.Errorf("format %d (%v), %d runs, told %d times", at, err, runs, told)
	}
	if err := Upgrade(ctx, s, 1, nil, tell); err == nil {
		t.Error("without a step it went on")
	}
	if err := Upgrade(ctx, holding(t), 0, nil, tell); err != nil {
		t.Errorf("a new store: %v", err)
	}
}
