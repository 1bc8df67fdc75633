package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/storage"
)

// Fuzz is the model test as a fuzz target: what a program of operations reads
// from a store is what it reads from a map.
func Fuzz(f *testing.F, open Open) {
	for seed := range uint64(4) {
		f.Add(randomProgram(seed, 200))
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		if len(code) > 4096 {
			t.Skip("longer programs find nothing more")
		}
		s := open(t)
		if err := runProgram(s, code); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// testModel runs random programs.
func testModel(t *testing.T, open Open) {
	for range 10 {
		seed := rand.Uint64()
		s := open(t)
		if err := runProgram(s, randomProgram(seed, 600)); err != nil {
			t.Errorf("%v\nthe rule: a store reads like a map; seed %d", err, seed)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func randomProgram(seed uint64, n int) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	code := make([]byte, n)
	for i := range code {
		code[i] = byte(random.Uint32())
	}
	return code
}

// keys are few, so that programs meet them again, and related.
var keys = []storage.Key{
	"a", "a/", "a/1", "a/1\x00", "a/1/x", "a/2", "a/\xff", "a0", "b", "b/1", "!badger!txn", "\x00", "\xff", "\xff\xff", "c", "cc",
}

var prefixes = []storage.Key{"", "a", "a/", "a/1", "b", "c", "\xff", "none"}

// program reads its operations off a string of bytes.
type program struct{ code []byte }

func (p *program) next() int {
	if len(p.code) == 0 {
		return 0
	}
	b := p.code[0]
	p.code = p.code[1:]
	return int(b)
}

func (p *program) key() storage.Key    { return keys[p.next()%len(keys)] }
func (p *program) prefix() storage.Key { return prefixes[p.next()%len(prefixes)] }

// after returns where a scan begins: nowhere as often as behind a key.
func (p *program) after() storage.Key {
	if n := p.next(); n%2 == 1 {
		return keys[n/2%len(keys)]
	}
	return ""
}

var errAbort = errors.New("the program aborts")

// runProgram runs code against s and a map.
func runProgram(s storage.Store, code []byte) error {
	p := &program{code}
	model := map[storage.Key]string{}
	for len(p.code) > 0 {
		if p.next()%3 == 0 {
			if err := compareRead(s, model, p); err != nil {
				return err
			}
			continue
		}
		// The function may run again: from the same code, on a fresh copy.
		start, steps, abort := p.code, p.next()%8, p.next()%4 == 0
		var after map[storage.Key]string
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			p.code = start[min(2, len(start)):]
			after = maps.Clone(model)
			for range steps {
				if err := step(tx, after, p); err != nil {
					return err
				}
			}
			if abort {
				return errAbort
			}
			return nil
		})
		switch {
		case abort && !errors.Is(err, errAbort):
			return fmt.Errorf("aborted Update returned %v", err)
		case !abort && err != nil:
			return err
		case !abort:
			model = after
		}
	}
	return compareScan(s, model, "", "", len(keys)+1)
}

// step performs one operation of a transaction.
func step(tx storage.Tx, model map[storage.Key]string, p *program) error {
	switch p.next() % 4 {
	case 0, 1:
		key, value := p.key(), strings.Repeat(string(rune('a'+p.next()%26)), p.next()%20)
		model[key] = value
		return tx.Put(key, []byte(value))
	case 2:
		key := p.key()
		delete(model, key)
		return tx.Delete(key)
	default:
		return compareRead(tx, model, p)
	}
}

// compareRead performs one operation that reads.
func compareRead(r storage.Reader, model map[storage.Key]string, p *program) error {
	if p.next()%2 == 0 {
		return compareScan(r, model, p.prefix(), p.after(), 1+p.next()%6)
	}
	key := p.key()
	got, err := r.Get(context.Background(), key)
	want, ok := model[key]
	switch {
	case !ok && errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil || !ok:
		return fmt.Errorf("reading %q: got %q, error %v; want %q (present: %t)", key, got, err, want, ok)
	case string(got) != want:
		return fmt.Errorf("reading %q: got %q, want %q", key, got, want)
	}
	return nil
}

func compareScan(r storage.Reader, model map[storage.Key]string, prefix, after storage.Key, limit int) error {
	var want []storage.Key
	for _, key := range slices.Sorted(maps.Keys(model)) {
		if key > after && strings.HasPrefix(string(key), string(prefix)) && len(want) < limit {
			want = append(want, key)
		}
	}
	keys, err := r.Keys(context.Background(), prefix, after, limit)
	if err != nil || !slices.Equal(keys, want) {
		return fmt.Errorf("keys(%q, %q, %d): got %q, error %v; want %q", prefix, after, limit, keys, err, want)
	}
	pairs, err := r.Scan(context.Background(), prefix, after, limit)
	if err != nil || len(pairs) != len(want) {
		return fmt.Errorf("scan(%q, %q, %d): got %q, error %v; want %q", prefix, after, limit, pairs, err, want)
	}
	for i, pair := range pairs {
		if pair.Key != want[i] || string(pair.Value) != model[pair.Key] {
			return fmt.Errorf("scan(%q, %q, %d): got %q at %d, want %q with value %q",
				prefix, after, limit, pair, i, want[i], model[want[i]])
		}
	}
	return nil
}
