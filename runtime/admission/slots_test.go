package admission

import (
	"context"
	"errors"
	"math/rand/v2"
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

func TestSlotsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 3, Queue: 1, Wait: time.Second})
		for range 3 {
			if err := s.Acquire(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		err := s.Acquire(t.Context(), 1)
		if !errors.Is(err, errBusy) {
			t.Errorf("a fourth of three: got %v, want exhausted/rate", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("it waited %v, want the whole 1s", got)
		}
		if e := sandbox.AsError(err); e.RetryAfter < 1 {
			t.Errorf("retry after %d, want at least 1", e.RetryAfter)
		}
		s.Release(1)
		if err := s.Acquire(t.Context(), 1); err != nil {
			t.Errorf("after a release: %v", err)
		}
	})
}

func TestSlotsServeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 4, Wait: time.Minute})
		if err := s.Acquire(t.Context(), 4); err != nil {
			t.Fatal(err)
		}
		served := make(chan int64, 3)
		ask := func(weight int64) {
			go func() {
				if s.Acquire(t.Context(), weight) == nil {
					served <- weight
				}
			}()
			synctest.Wait()
		}
		ask(4)
		ask(1)
		s.Release(2) // enough for the 1 and nothing for the 4 that came first
		ask(2)
		if n := len(served); n != 0 {
			t.Fatalf("served %d past a heavier one that came first", n)
		}
		s.Release(2)
		synctest.Wait()
		if n := len(served); n != 1 {
			t.Fatalf("served %d, want one", n)
		}
		if got := <-served; got != 4 {
			t.Errorf("served the %d, want the 4 that came first", got)
		}
		s.Release(4)
		synctest.Wait()
		if n := len(served); n != 2 {
			t.Errorf("served %d more, want the other two", n)
		}
		if held, waiting := s.InUse(); held != 3 || waiting != 0 {
			t.Errorf("held %d, waiting %d; want 3 and 0", held, waiting)
		}
	})
}

func TestSlotsQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 1, Queue: 2, Wait: time.Second})
		if err := s.Acquire(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			go s.Acquire(t.Context(), 1)
		}
		synctest.Wait()
		start := time.Now()
		if err := s.Acquire(t.Context(), 1); !errors.Is(err, errBusy) {
			t.Errorf("a full queue: got %v, want exhausted/rate", err)
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("a full queue refused after %v, want at once", got)
		}
		time.Sleep(2 * time.Second)
		if held, waiting := s.InUse(); held != 1 || waiting != 0 {
			t.Errorf("after the wait: held %d, waiting %d; want 1 and 0", held, waiting)
		}
	})
}

func TestSlotsNoQueue(t *testing.T) {
	s := NewSlots(SlotsConfig{Capacity: 1, Queue: -1, Wait: time.Hour})
	if err := s.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Acquire(t.Context(), 1); !errors.Is(err, errBusy) {
		t.Errorf("got %v, want exhausted/rate at once", err)
	}
}

func TestSlotsTooHeavy(t *testing.T) {
	s := NewSlots(SlotsConfig{Capacity: 2, Wait: time.Hour})
	if err := s.Acquire(t.Context(), 3); !errors.Is(err, errBusy) {
		t.Errorf("more than there is: got %v, want exhausted/rate at once", err)
	}
}

func TestSlotsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 2, Wait: time.Minute})
		if err := s.Acquire(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		heavy, light := make(chan error, 1), make(chan error, 1)
		go func() { heavy <- s.Acquire(ctx, 2) }()
		synctest.Wait()
		go func() { light <- s.Acquire(t.Context(), 1) }()
		synctest.Wait()
		cancel()
		if err := <-heavy; !errors.Is(err, errCanceled) {
			t.Errorf("canceled: got %v, want canceled", err)
		}
		if err := <-light; err != nil {
			t.Errorf("the one behind it: got %v, want its slot at once", err)
		}
		if err := s.Acquire(ctx, 1); !errors.Is(err, errCanceled) {
			t.Errorf("canceled before: got %v, want canceled", err)
		}
	})
}

// Whatever happens, no more than the capacity is held, and all of it comes back.
func TestSlotsStress(t *testing.T) {
	const capacity = 5
	s := NewSlots(SlotsConfig{Capacity: capacity, Queue: 8, Wait: time.Millisecond})
	var held, served atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			for range 500 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(3000))*time.Microsecond)
				weight := 1 + r.Int64N(capacity)
				if s.Acquire(ctx, weight) == nil {
					if got := held.Add(weight); got > capacity {
						t.Errorf("%d held, want at most %d", got, capacity)
					}
					served.Add(1)
					held.Add(-weight)
					s.Release(weight)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if n, waiting := s.InUse(); n != 0 || waiting != 0 {
		t.Errorf("at the end %d held and %d waiting, want none", n, waiting)
	}
	if served.Load() == 0 {
		t.Error("nobody was ever served")
	}
}

func TestSlotsMisuse(t *testing.T) {
	tests := []struct {
		rule string
		do   func(*Slots)
	}{
		{"releasing what is not held", func(s *Slots) { s.Release(1) }},
		{"a negative weight", func(s *Slots) { _ = s.Acquire(context.Background(), -1) }},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tt.do(NewSlots(SlotsConfig{}))
		})
	}
}

// What does a slot cost when one is free?
func BenchmarkSlotsFree(b *testing.B) {
	s := NewSlots(SlotsConfig{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if s.Acquire(context.Background(), 1) == nil {
				s.Release(1)
			}
		}
	})
}
