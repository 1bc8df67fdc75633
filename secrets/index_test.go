package secrets

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var someTime = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

func TestIndexRoundTrip(t *testing.T) {
	x := &index{}
	for _, name := range []string{"b", "a", "c", "b"} {
		x.set(name, someTime)
	}
	x.remove("c")
	got, err := decodeIndex(x.encode())
	if err != nil {
		t.Fatal(err)
	}
	if got.last != 4 || len(got.entries) != 2 {
		t.Fatalf("got %+v", got)
	}
	want := []Info{{Name: "a", Version: 2, UpdatedAt: someTime}, {Name: "b", Version: 4, UpdatedAt: someTime}}
	for i, e := range got.entries {
		if !reflect.DeepEqual(e.info(), want[i]) {
			t.Errorf("entry %d: got %+v, want %+v", i, e.info(), want[i])
		}
	}
}

func TestIndexVersionsAreNeverUsedTwice(t *testing.T) {
	x := &index{}
	given := make(map[uint64]bool)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		name := string(rune('a' + rng.IntN(5)))
		if rng.IntN(3) == 0 {
			x.remove(name)
		} else if v := x.set(name, someTime); given[v] {
			t.Fatalf("version %d was given twice", v)
		} else {
			given[v] = true
		}
		if rng.IntN(10) == 0 {
			var err error
			if x, err = decodeIndex(x.encode()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestDecodeIndexRefuses(t *testing.T) {
	entry := func(name string, version byte) []byte {
		return slices.Concat([]byte{byte(len(name))}, []byte(name), []byte{version, 0, 0})
	}
	for _, tt := range []struct {
		rule string
		b    []byte
	}{
		{"nothing", nil},
		{"no count", []byte{1}},
		{"a count without entries", []byte{1, 1}},
		{"a count that would take memory", append([]byte{1}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{"a length beyond the end", []byte{1, 1, 200, 'a', 1, 0}},
		{"names out of order", slices.Concat([]byte{2, 2}, entry("b", 1), entry("a", 2))},
		{"a name twice", slices.Concat([]byte{2, 2}, entry("a", 1), entry("a", 2))},
		{"a version beyond the last", slices.Concat([]byte{1, 1}, entry("a", 2))},
		{"version 0", slices.Concat([]byte{1, 1}, entry("a", 0))},
		{"a name that is not allowed", slices.Concat([]byte{1, 1}, entry("a/b", 1))},
		{"bytes left over", slices.Concat([]byte{1, 1}, entry("a", 1), []byte{0})},
	} {
		if x, err := decodeIndex(tt.b); err == nil {
			t.Errorf("%s: decoded to %+v", tt.rule, x)
		}
	}
}

func FuzzDecodeIndex(f *testing.F) {
	x := &index{}
	f.Add(x.encode())
	x.set("API_KEY", someTime)
	x.set(strings.Repeat("n", MaxName), someTime)
	f.Add(x.encode())
	f.Add([]byte{1, 1, 200, 'a', 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := decodeIndex(b)
		if err != nil {
			return
		}
		again, err := decodeIndex(x.encode())
		if err != nil {
			t.Fatalf("its own encoding does not decode: %v", err)
		}
		if !bytes.Equal(again.encode(), x.encode()) {
			t.Fatalf("%+v came back as %+v", x, again)
		}
	})
}
