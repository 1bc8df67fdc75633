package admission

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

var (
	errBusy     = &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonRate}
	errCanceled = &sandbox.Error{Code: sandbox.Canceled}
)

// alone is an owner whom nobody else disturbs.
var alone = Owner{"acme", "annex.notes"}

// hold takes n slots of o, and fails the test when one is not free.
func hold(t *testing.T, s *Slots, o Owner, n int) []Slot {
	t.Helper()
	var held []Slot
	for i := range n {
		before := time.Now()
		slot, err := s.Acquire(t.Context(), o)
		if err != nil || time.Since(before) != 0 {
			t.Fatalf("%s: slot %d of %d: %v after %v, want it at once", o, i+1, n, err, time.Since(before))
		}
		held = append(held, slot)
	}
	return held
}

// ask starts n callers of o that wait, and returns who is served, by name.
func ask(t *testing.T, s *Slots, served chan<- Owner, o Owner, n int) {
	for range n {
		go func() {
			if _, err := s.Acquire(t.Context(), o); err == nil {
				served <- o
			}
		}()
		synctest.Wait()
	}
}

func TestSlotsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 100, PerExtension: 3, Queue: 2, Wait: time.Second})
		held := hold(t, s, alone, 3)
		start := time.Now()
		_, err := s.Acquire(t.Context(), alone)
		if !errors.Is(err, errBusy) {
			t.Errorf("a fourth of three: got %v, want exhausted/rate", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("it waited %v, want the whole 1s", got)
		}
		if e := sandbox.AsError(err); e.RetryAfter != 1 {
			t.Errorf("retry after %d, want 1", e.RetryAfter)
		}
		held[0].Release()
		hold(t, s, alone, 1)
	})
}

func TestSlotsOneExtensionIsServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{PerExtension: 1, Wait: time.Minute})
		slot := hold(t, s, alone, 1)[0]
		order := make(chan int, 10)
		for i := range 10 {
			go func() {
				slot, err := s.Acquire(t.Context(), alone)
				if err != nil {
					t.Error(err)
					return
				}
				order <- i
				slot.Release()
			}()
			synctest.Wait()
		}
		slot.Release()
		synctest.Wait()
		for want := range 10 {
			if got := <-order; got != want {
				t.Fatalf("served caller %d, want caller %d, who came before", got, want)
			}
		}
	})
}

func TestSlotsQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 1, Queue: 20, Wait: time.Second})
		hold(t, s, alone, 1)
		for range 100 {
			go s.Acquire(t.Context(), alone)
		}
		synctest.Wait()
		_, waiting := s.InUse()
		if waiting < 10 || waiting >= 20 {
			t.Errorf("%d of one extension wait, want most of 20 places but not all", waiting)
		}
		start := time.Now()
		if _, err := s.Acquire(t.Context(), alone); !errors.Is(err, errBusy) || time.Since(start) != 0 {
			t.Errorf("a full queue: got %v after %v, want exhausted/rate at once", err, time.Since(start))
		}
		for i := range 100 {
			go s.Acquire(t.Context(), Owner{strconv.Itoa(i), "x.y"})
		}
		synctest.Wait()
		if _, waiting = s.InUse(); waiting != 20 {
			t.Errorf("%d of all wait, want 20", waiting)
		}
		time.Sleep(2 * time.Second)
		if held, waiting := s.InUse(); held != 1 || waiting != 0 {
			t.Errorf("after the wait: held %d, waiting %d; want 1 and 0", held, waiting)
		}
	})
}

func TestSlotsNoQueue(t *testing.T) {
	s := NewSlots(SlotsConfig{Capacity: 1, Queue: -1, Wait: time.Hour})
	hold := func() error { _, err := s.Acquire(t.Context(), alone); return err }
	if err := hold(); err != nil {
		t.Fatal(err)
	}
	if err := hold(); !errors.Is(err, errBusy) {
		t.Errorf("got %v, want exhausted/rate at once", err)
	}
}

func TestSlotsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 1, Wait: time.Minute})
		slot := hold(t, s, alone, 1)[0]
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Acquire(ctx, alone); first <- err }()
		synctest.Wait()
		go func() { _, err := s.Acquire(t.Context(), alone); second <- err }()
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-first; !errors.Is(err, errCanceled) || time.Since(start) != 0 {
			t.Errorf("canceled: got %v after %v, want canceled at once", err, time.Since(start))
		}
		if _, waiting := s.InUse(); waiting != 1 {
			t.Errorf("%d wait, want the other one only", waiting)
		}
		slot.Release()
		if err := <-second; err != nil || time.Since(start) != 0 {
			t.Errorf("the one behind it: got %v, want the slot at once", err)
		}
		if _, err := s.Acquire(ctx, alone); !errors.Is(err, errCanceled) {
			t.Errorf("canceled before: got %v, want canceled", err)
		}
	})
}

// Whatever happens, no more than the capacity is held, all of it comes back, and
// nobody is left waiting beside a slot that they may have.
func TestSlotsStress(t *testing.T) {
	const capacity = 5
	s := NewSlots(SlotsConfig{Capacity: capacity, Queue: 12, Wait: time.Millisecond, Weights: map[string]int{"1": 3}})
	var held, served atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			for range 500 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(3000))*time.Microsecond)
				slot, err := s.Acquire(ctx, Owner{strconv.Itoa(r.IntN(3)), strconv.Itoa(r.IntN(3))})
				if err == nil {
					if got := held.Add(1); got > capacity {
						t.Errorf("%d held, want at most %d", got, capacity)
					}
					served.Add(1)
					held.Add(-1)
					slot.Release()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if n, waiting := s.InUse(); n != 0 || waiting != 0 || len(s.hungry) != 0 {
		t.Errorf("at the end %d held and %d waiting of %d organizations, want none", n, waiting, len(s.hungry))
	}
	if served.Load() == 0 {
		t.Error("nobody was ever served")
	}
}

func TestSlotsReleasedTwice(t *testing.T) {
	s := NewSlots(SlotsConfig{})
	slot, err := s.Acquire(t.Context(), alone)
	if err != nil {
		t.Fatal(err)
	}
	slot.Release()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	slot.Release()
}

func TestSlotsMemoryIsBounded(t *testing.T) {
	s := NewSlots(SlotsConfig{})
	for i := range 50_000 {
		slot, err := s.Acquire(t.Context(), Owner{strconv.Itoa(i), "x.y"})
		if err != nil {
			t.Fatal(err)
		}
		if i != 7 {
			slot.Release()
		}
	}
	if len(s.owners) > maxIdle || len(s.orgs) > maxIdle {
		t.Errorf("%d extensions of %d organizations are remembered, want at most %d", len(s.owners), len(s.orgs), maxIdle)
	}
	if e := s.owners[Owner{"7", "x.y"}]; e == nil || e.held != 1 {
		t.Error("one that holds a slot was forgotten")
	}
}

// What does a slot cost when one is free?
func BenchmarkSlotsFree(b *testing.B) {
	s := NewSlots(SlotsConfig{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if slot, err := s.Acquire(context.Background(), alone); err == nil {
				slot.Release()
			}
		}
	})
}
