package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

var (
	ctx  = context.Background()
	key  = []byte("0123456789abcdef0123456789abcdef")
	info = Info{Written: time.Unix(1, 0).UTC(), Version: "1", Format: 2, KeyID: "k"}
)

// filled returns a store with small and large values, an empty one too.
func filled(t *testing.T) *memstore.Store {
	t.Helper()
	s := memstore.New()
	for i := range 40 {
		put(t, s, fmt.Sprintf("k/%03d", i), bytes.Repeat([]byte{byte(i)}, i*7919%90_000))
	}
	put(t, s, "big", bytes.Repeat([]byte{1}, storage.MaxValue))
	return s
}

func put(t *testing.T, s storage.Store, k string, v []byte) {
	t.Helper()
	if err := s.Update(ctx, func(tx storage.Tx) error { return tx.Put(storage.Key(k), v) }); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, s storage.Store) map[string]string {
	t.Helper()
	pairs, err := s.Scan(ctx, "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, p := range pairs {
		all[string(p.Key)] = string(p.Value)
	}
	return all
}

func written(t *testing.T, s storage.Snapshotter) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(ctx, s, key, info, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	from, to := filled(t), memstore.New()
	s, err := Load(ctx, bytes.NewReader(written(t, from)), to)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(content(t, from), content(t, to)) {
		t.Error("what was restored is not what was there")
	}
	if s.Pairs != 41 || s.Info != info {
		t.Errorf("summary %+v", s)
	}
	if !s.Authentic(key) || s.Authentic([]byte("another")) {
		t.Error("the MAC is right for every key, or for none")
	}
	if _, err := Load(ctx, bytes.NewReader(written(t, from)), to); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("into a store that is not empty: %v", err)
	}
}

// TestDamage: every byte counts, and so does the end.
func TestDamage(t *testing.T) {
	s := memstore.New()
	put(t, s, "a", []byte("1"))
	put(t, s, "b", []byte("2"))
	whole := written(t, s)
	read := func(b []byte) error {
		_, err := Read(ctx, bytes.NewReader(b), func([]storage.Pair) error { return nil })
		return err
	}
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		for _, b := range [][]byte{whole[:i], flipped(whole, i)} {
			if err := read(b); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrFormat) {
				t.Fatalf("byte %d of %d cut or changed: %v", i, len(whole), err)
			}
		}
	}
	if err := read(append(bytes.Clone(whole), 'x')); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte more: %v", err)
	}
}

func flipped(b []byte, i int) []byte {
	c := bytes.Clone(b)
	c[i] ^= 1
	return c
}

// TestFramesCannotMove: a frame of one backup does not fit another place.
func TestFramesCannotMove(t *testing.T) {
	s := filled(t)
	whole := written(t, s)
	var starts []int
	for at := len(magic); at < len(whole); {
		starts = append(starts, at)
		at += 5 + int(uint32(whole[at])<<24|uint32(whole[at+1])<<16|uint32(whole[at+2])<<8|uint32(whole[at+3])) + 32
	}
	if len(starts) < 4 {
		t.Fatalf("%d frames: too few to move one", len(starts))
	}
	without := append(bytes.Clone(whole[:starts[1]]), whole[starts[2]:]...)
	if _, err := Read(ctx, bytes.NewReader(without), func([]storage.Pair) error { return nil }); !errors.Is(err, ErrDamaged) {
		t.Errorf("without its second frame: %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	s, path := filled(t), filepath.Join(t.TempDir(), "b")
	if err := os.WriteFile(path+".part", []byte("of a killed one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteFile(ctx, s, key, info, path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, written(t, s)) {
		t.Errorf("the file is not the backup (error %v)", err)
	}
	if _, err := os.Stat(path + ".part"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the part is left: %v", err)
	}
	if _, err := WriteFile(ctx, s, key, info, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	other := path + "2"
	if _, err := WriteFile(done, s, key, info, other); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	for _, name := range []string{other, other + ".part"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left by a canceled backup", name)
		}
	}
}
