package admission

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSharesWithoutEnd is what each holds when everybody asks for more than
// there is and nothing ends: the numbers in the documentation of Slots.
func TestSharesWithoutEnd(t *testing.T) {
	tests := []struct {
		rule     string
		capacity int
		per      int
		ask      []Owner // in turns, until none gets more
		want     map[Owner]int
	}{
		{"one organization leaves a quarter", 100, -1,
			[]Owner{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"a", "4"}, {"a", "5"}, {"a", "6"}, {"a", "7"}, {"a", "8"}},
			map[Owner]int{{"a", "1"}: 10, {"a", "8"}: 9}},
		{"two organizations get the same, however many extensions one has", 70, -1,
			[]Owner{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"a", "4"}, {"b", "1"}, {"b", "1"}, {"b", "2"}, {"b", "2"}},
			map[Owner]int{{"a", "1"}: 8, {"a", "2"}: 8, {"a", "3"}: 8, {"a", "4"}: 7, {"b", "1"}: 14, {"b", "2"}: 14}},
		{"an extension has a limit of its own", 256, 32, []Owner{{"a", "1"}}, map[Owner]int{{"a", "1"}: 32}},
		{"one slot is one slot", 1, 32, []Owner{{"a", "1"}, {"b", "1"}}, map[Owner]int{{"a", "1"}: 1}},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := NewSlots(SlotsConfig{Capacity: tt.capacity, PerExtension: tt.per, Queue: -1})
			got := map[Owner]int{}
			for more := true; more; {
				more = false
				for _, o := range tt.ask {
					if _, err := s.Acquire(t.Context(), o); err == nil {
						got[o]++
						more = true
					}
				}
			}
			for o, want := range tt.want {
				if got[o] != want {
					t.Errorf("%s: %v holds %d, want %d (all: %v)", tt.rule, o, got[o], want, got)
				}
			}
		})
	}
}

// load calls at full load, from callers that do nothing else, and counts what
// was answered and how long it waited at most.
type load struct {
	owner   Owner
	callers int
	takes   time.Duration // of a call

	answered int
	refused  int
	waited   time.Duration
}

// TestNeighbourKeepsItsShare is one organization at full load beside others:
// how much of the host each gets within ten seconds.
func TestNeighbourKeepsItsShare(t *testing.T) {
	tests := []struct {
		rule   string
		config SlotsConfig
		loads  []load
		least  []int         // answers
		wait   time.Duration // of the last, at most
	}{
		{"a flood takes from nobody who calls now and then", SlotsConfig{Capacity: 16},
			[]load{{owner: Owner{"flood", "x"}, callers: 1000, takes: time.Second}, {owner: Owner{"calm", "x"}, callers: 2, takes: 10 * time.Millisecond}},
			[]int{70, 1900}, 0},
		{"two floods get the same, whatever their number of callers", SlotsConfig{Capacity: 16, Queue: 2000},
			[]load{{owner: Owner{"big", "x"}, callers: 1000, takes: 100 * time.Millisecond}, {owner: Owner{"small", "x"}, callers: 20, takes: 100 * time.Millisecond}},
			[]int{600, 600}, time.Second},
		{"twice the weight is twice the share", SlotsConfig{Capacity: 32, Weights: map[string]int{"a": 2}},
			[]load{{owner: Owner{"a", "x"}, callers: 100, takes: 100 * time.Millisecond}, {owner: Owner{"b", "x"}, callers: 100, takes: 100 * time.Millisecond}},
			[]int{1500, 750}, 2 * time.Second},
		{"who calls longer does not get more", SlotsConfig{Capacity: 16},
			[]load{{owner: Owner{"long", "x"}, callers: 100, takes: time.Second}, {owner: Owner{"short", "x"}, callers: 100, takes: 10 * time.Millisecond}},
			[]int{50, 5000}, 2 * time.Second},
		{"a flood of one extension leaves its organization's others their share", SlotsConfig{Capacity: 16},
			[]load{{owner: Owner{"one", "flood"}, callers: 1000, takes: time.Second}, {owner: Owner{"one", "calm"}, callers: 1, takes: 10 * time.Millisecond}},
			[]int{50, 950}, 0},
		{"ten floods and one who calls", SlotsConfig{Capacity: 32},
			append(floods(10), load{owner: Owner{"calm", "x"}, callers: 1, takes: 10 * time.Millisecond}),
			append(make([]int, 10), 800), 500 * time.Millisecond},
		{"with one slot, calls alternate", SlotsConfig{Capacity: 1},
			[]load{{owner: Owner{"a", "x"}, callers: 50, takes: 10 * time.Millisecond}, {owner: Owner{"b", "x"}, callers: 3, takes: 10 * time.Millisecond}},
			[]int{490, 490}, 100 * time.Millisecond},
		{"with one slot, weights count by turns", SlotsConfig{Capacity: 1, Weights: map[string]int{"a": 3}},
			[]load{{owner: Owner{"a", "x"}, callers: 50, takes: 10 * time.Millisecond}, {owner: Owner{"b", "x"}, callers: 3, takes: 10 * time.Millisecond}},
			[]int{740, 240}, 150 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runLoads(t, NewSlots(tt.config), tt.loads) })
			for i, l := range tt.loads {
				if l.answered < tt.least[i] {
					t.Errorf("%v: %d answers in 10 s, want at least %d", l.owner, l.answered, tt.least[i])
				}
			}
			if last := tt.loads[len(tt.loads)-1]; last.waited > tt.wait || last.refused > 0 {
				t.Errorf("%v waited %v and was refused %d times, want %v at most and never", last.owner, last.waited, last.refused, tt.wait)
			}
		})
	}
}

func floods(n int) []load {
	var loads []load
	for i := range n {
		loads = append(loads, load{owner: Owner{"flood " + strconv.Itoa(i), "x"}, callers: 100, takes: 500 * time.Millisecond})
	}
	return loads
}

// runLoads lets all call for ten seconds, each load a moment after the one before.
func runLoads(t *testing.T, s *Slots, loads []load) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for i := range loads {
		l := &loads[i]
		lock := make(chan struct{}, 1)
		for range l.callers {
			go func() {
				for ctx.Err() == nil {
					began := time.Now()
					slot, err := s.Acquire(ctx, l.owner)
					waited := time.Since(began)
					lock <- struct{}{}
					switch {
					case err == nil:
						l.answered++
						l.waited = max(l.waited, waited)
					case ctx.Err() == nil:
						l.refused++
					}
					<-lock
					if err != nil {
						time.Sleep(100 * time.Millisecond) // patience of who was refused
						continue
					}
					time.Sleep(l.takes)
					slot.Release()
				}
			}()
		}
		synctest.Wait()
	}
	<-ctx.Done()
	time.Sleep(3 * time.Second)
	if held, waiting := s.InUse(); held != 0 || waiting != 0 {
		t.Errorf("at the end %d held, %d waiting", held, waiting)
	}
}

// TestNextIsWhoHoldsLeast is the order in which those who wait are served as
// slots become free.
func TestNextIsWhoHoldsLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(SlotsConfig{Capacity: 40, Wait: time.Minute, Weights: map[string]int{"heavy": 2}})
		hold(t, s, Owner{"a", "x"}, 6)
		hold(t, s, Owner{"b", "x"}, 2)
		hold(t, s, Owner{"heavy", "x"}, 2)
		var others []Slot
		for i := range 30 {
			others = append(others, hold(t, s, Owner{strconv.Itoa(i), "x"}, 1)...)
		}
		served := make(chan Owner, 40)
		for _, o := range []Owner{{"a", "x"}, {"a", "y"}, {"b", "x"}, {"heavy", "x"}} {
			ask(t, s, served, o, 4)
		}
		for _, slot := range others {
			slot.Release()
			synctest.Wait()
		}
		var order []string
		for len(served) > 0 {
			o := <-served
			order = append(order, o.Org+o.Extension)
		}
		// What heavy holds counts half: it is served twice as often as b. Then a
		// comes, which holds more, and of a first the one that holds nothing; b's
		// last waits a little because all that b holds is held by one extension.
		want := "heavyx heavyx bx heavyx heavyx bx bx ay bx ay ay ay ax ax ax ax"
		if got := strings.Join(order, " "); got != want {
			t.Errorf("served %s, want %s", got, want)
		}
	})
}
