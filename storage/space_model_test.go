package storage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/annexhost/annex/storage"
	"github.com/annexhost/annex/storage/memstore"
)

// modelValue is what the model holds for a key; at is when it expires.
type modelValue struct {
	value string
	at    time.Time // zero: never
}

// spaceModel is a Space as it should be: a map without what has expired.
type spaceModel struct {
	clock   *clock
	maxKeys int
	values  map[string]modelValue
}

func (m *spaceModel) alive() map[string]modelValue {
	alive := maps.Clone(m.values)
	maps.DeleteFunc(alive, func(_ string, v modelValue) bool { return !v.at.IsZero() && !m.clock.now().Before(v.at) })
	return alive
}

// set sets values unless there are too many then.
func (m *spaceModel) set(values map[string]modelValue) (ok bool) {
	alive := m.alive()
	maps.Copy(alive, values)
	if ok = len(alive) <= m.maxKeys; ok {
		m.values = alive
	}
	return ok
}

// TestSpaceIsItsModel: whatever happens to a Space, with whatever expires when,
// it reads like a map, and its counters and indexes agree.
func TestSpaceIsItsModel(t *testing.T) {
	for range 20 {
		seed := rand.Uint64()
		if err := spaceProgram(rand.New(rand.NewPCG(seed, 0)), 400); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func spaceProgram(random *rand.Rand, steps int) error {
	s, c := memstore.New(), &clock{}
	defer s.Close()
	m := &spaceModel{clock: c, maxKeys: 6, values: map[string]modelValue{}}
	sp := storage.NewSpace(s, testOwner, storage.SpaceConfig{MaxKeys: m.maxKeys, Now: c.now})
	for n := range steps {
		what, err := spaceStep(random, s, sp, m)
		if err == nil {
			err = compareSpace(random, sp, m)
		}
		if err == nil {
			_, err = storage.CheckSpace(ctx, s, testOwner)
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", n, what, err)
		}
	}
	return nil
}

// spaceStep does one thing to the Space and to its model.
func spaceStep(random *rand.Rand, s storage.Store, sp *storage.Space, m *spaceModel) (what string, err error) {
	key, value := fmt.Sprintf("k%d", random.IntN(10)), strings.Repeat("v", random.IntN(5))
	// refused checks that a quota error comes when and only when the model says so.
	refused := func(ok bool, err error) error {
		var quota *storage.QuotaError
		if ok && err == nil || !ok && errors.As(err, &quota) {
			return nil
		}
		return fmt.Errorf("got error %v, want it refused: %t", err, !ok)
	}
	switch random.IntN(8) {
	case 0, 1:
		d := time.Duration(random.IntN(3)*random.IntN(20)) * time.Second
		v := modelValue{value: value}
		if d > 0 {
			v.at = m.clock.now().Add(d)
		}
		ok := m.set(map[string]modelValue{key: v})
		return fmt.Sprintf("Set %s for %v", key, d), refused(ok, sp.Set(ctx, key, []byte(value), d))
	case 2:
		values := map[string]modelValue{}
		var pairs []storage.Pair
		for range 1 + random.IntN(4) {
			key := fmt.Sprintf("k%d", random.IntN(10))
			values[key] = modelValue{value: value}
			pairs = append(pairs, storage.Pair{Key: storage.Key(key), Value: []byte(value)})
		}
		ok := m.set(values)
		return fmt.Sprintf("SetMany %q", pairs), refused(ok, sp.SetMany(ctx, pairs))
	case 3:
		delete(m.values, key)
		return "Delete " + key, sp.Delete(ctx, key)
	case 4:
		old := m.alive()[key]
		ok := m.set(map[string]modelValue{key: {value: old.value + "+", at: old.at}})
		return "Modify " + key, refused(ok, sp.Modify(ctx, key, func(old []byte) ([]byte, error) {
			return append(slices.Clone(old), '+'), nil
		}))
	case 5:
		_, err = storage.NewSweeper(s).Sweep(ctx, m.clock.now())
		return "Sweep", err
	case 6:
		if random.IntN(10) == 0 {
			m.values = map[string]modelValue{}
			return "Erase", sp.Erase(ctx)
		}
		fallthrough
	default:
		m.clock.advance(time.Duration(random.IntN(8)) * time.Second)
		return "time passes", nil
	}
}

// compareSpace reads the Space in every way.
func compareSpace(random *rand.Rand, sp *storage.Space, m *spaceModel) error {
	alive := m.alive()
	keys, err := sp.List(ctx, "", "", 1+random.IntN(12))
	if want := slices.Sorted(maps.Keys(alive)); err != nil || !slices.Equal(keys, want[:min(len(keys), len(want))]) {
		return fmt.Errorf("list: got %q, error %v; want %q", keys, err, want)
	}
	var all []string
	for i := range 10 {
		all = append(all, fmt.Sprintf("k%d", i))
	}
	values, err := sp.GetMany(ctx, all)
	if err != nil {
		return err
	}
	for i, key := range all {
		want, ok := alive[key]
		got, err := sp.Get(ctx, key)
		if ok != (err == nil) || !ok && !errors.Is(err, storage.ErrNotFound) || string(got) != want.value {
			return fmt.Errorf("get %s: got %q, error %v; want %q (present: %t)", key, got, err, want.value, ok)
		}
		if ok != (values[i] != nil) || string(values[i]) != want.value {
			return fmt.Errorf("getMany %s: got %q, want %q (present: %t)", key, values[i], want.value, ok)
		}
	}
	u, err := sp.Usage(ctx)
	if err != nil || u.Keys < len(alive) || u.Keys > m.maxKeys {
		return fmt.Errorf("usage %+v, error %v: %d keys are alive, %d allowed", u, err, len(alive), m.maxKeys)
	}
	return nil
}

// TestCountersDoNotDrift: callers of two Spaces of one owner, as two hosts would
// have them, two sweepers, and time that passes; then everything is counted again.
func TestCountersDoNotDrift(t *testing.T) {
	s, c := memstore.New(), &clock{}
	defer s.Close()
	spaces := []*storage.Space{
		storage.NewSpace(s, testOwner, storage.SpaceConfig{MaxKeys: 20, Now: c.now}),
		storage.NewSpace(s, testOwner, storage.SpaceConfig{MaxKeys: 20, Now: c.now}),
	}
	if err := spaces[0].Set(ctx, "sum", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	var sweepers, callers sync.WaitGroup
	for range 2 {
		sweeper := storage.NewSweeper(s)
		sweeper.Now = c.now
		sweeper.Failed = func(err error) { t.Errorf("sweeper: %v", err) }
		sweepers.Go(func() {
			if err := sweeper.Run(running, time.Millisecond); !errors.Is(err, context.Canceled) {
				t.Errorf("the sweeper ended with %v", err)
			}
		})
	}
	const each, n = 300, 8
	added := make([]int, n)
	for caller := range n {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 7))
			sp := spaces[caller%2]
			for range each {
				if err := disturb(random, sp, &added[caller]); err != nil {
					t.Errorf("caller %d: %v", caller, err)
					return
				}
				c.advance(time.Duration(random.IntN(200)) * time.Millisecond)
			}
		})
	}
	callers.Wait()
	stop()
	sweepers.Wait()
	u, err := storage.CheckSpace(ctx, s, testOwner)
	if err != nil {
		t.Error(err)
	}
	if u.Keys > 20 {
		t.Errorf("%d keys, 20 allowed", u.Keys)
	}
	want := 0
	for _, n := range added {
		want += n
	}
	if got, err := spaces[0].Get(ctx, "sum"); err != nil || string(got) != strconv.Itoa(want) {
		t.Errorf("the sum is %q, error %v; want %d", got, err, want)
	}
}

// disturb does one random thing, and counts what it has added to the sum.
func disturb(random *rand.Rand, sp *storage.Space, added *int) error {
	key := fmt.Sprintf("k%d", random.IntN(30))
	value := []byte(strings.Repeat("v", random.IntN(50)))
	var err error
	switch random.IntN(6) {
	case 0, 1:
		err = sp.Set(ctx, key, value, time.Duration(random.IntN(5))*time.Second)
	case 2:
		err = sp.SetMany(ctx, []storage.Pair{{Key: storage.Key(key), Value: value}, {Key: "k1", Value: value}, {Key: "k2", Value: value}})
	case 3:
		err = sp.Delete(ctx, key)
	default:
		err = sp.Modify(ctx, "sum", func(old []byte) ([]byte, error) {
			n, _ := strconv.Atoi(string(old))
			return strconv.AppendInt(nil, int64(n+1), 10), nil
		})
		if err == nil {
			*added++
		}
	}
	var quota *storage.QuotaError
	if errors.As(err, &quota) || errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}
