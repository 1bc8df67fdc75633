package combine

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// held is a queue whose first call of Perform waits until it is released.
type held struct {
	Queue[string]
	release chan struct{}
	groups  [][]string
}

func newHeld(t *testing.T) *held {
	h := &held{release: make(chan struct{})}
	h.MaxItems, h.MaxCost = 100, 100
	h.Perform = func(_ context.Context, items []string) {
		h.groups = append(h.groups, items)
		if len(h.groups) == 1 {
			<-h.release
		}
	}
	go h.do(t, "first", 1)
	synctest.Wait()
	return h
}

func (h *held) do(t *testing.T, item string, cost int) {
	if err := h.Do(context.Background(), item, cost); err != nil {
		t.Errorf("%s: %v", item, err)
	}
}

// queue lets items wait, in this order.
func (h *held) queue(t *testing.T, cost int, items ...string) {
	for _, item := range items {
		go h.do(t, item, cost)
		synctest.Wait()
	}
}

func (h *held) want(t *testing.T, want ...[]string) {
	t.Helper()
	close(h.release)
	synctest.Wait()
	if !slices.EqualFunc(h.groups, want, slices.Equal) {
		t.Errorf("performed %q, want %q", h.groups, want)
	}
	if h.leading || len(h.waiting) > 0 {
		t.Error("the queue has not come to rest")
	}
}

func TestWhatWaitsIsPerformedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t)
		h.queue(t, 1, "a", "b", "c")
		h.want(t, []string{"first"}, []string{"a", "b", "c"})
	})
}

func TestTheCostIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t)
		h.queue(t, 40, "a", "b", "c")
		h.queue(t, 1000, "alone")
		h.queue(t, 1, "d", "e")
		h.want(t, []string{"first"}, []string{"a", "b"}, []string{"c"}, []string{"alone"}, []string{"d", "e"})
	})
}

func TestTheNumberIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t)
		h.MaxItems = 2
		h.queue(t, 1, "a", "b", "c")
		h.want(t, []string{"first"}, []string{"a", "b"}, []string{"c"})
	})
}

func TestWhoIsCanceledLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t)
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error, 1)
		go func() { left <- h.Do(ctx, "left", 1) }()
		synctest.Wait()
		h.queue(t, 1, "stays")
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
		if err := h.Do(ctx, "late", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("who comes with a context that is done: got error %v", err)
		}
		h.want(t, []string{"first"}, []string{"stays"})
	})
}

func TestTheContextOfPerformIsNeverDone(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	q := &Queue[int]{MaxItems: 1, MaxCost: 1}
	q.Perform = func(ctx context.Context, _ []int) {
		cancel()
		if ctx.Err() != nil {
			t.Error("the context is done with that of the leader")
		}
	}
	if err := q.Do(ctx, 1, 1); err != nil {
		t.Errorf("an item that was performed: %v", err)
	}
}

func TestALeaderThatEndsHoldsUpNobody(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("end") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHeld(t)
				perform := h.Perform
				h.Perform = func(ctx context.Context, items []string) {
					perform(ctx, items)
					if items[0] == "ends" {
						end()
					}
				}
				go func() {
					defer func() { _ = recover() }()
					_ = h.Do(context.Background(), "ends", 1)
				}()
				synctest.Wait()
				h.queue(t, 60, "with it")
				h.queue(t, 60, "behind it")
				h.want(t, []string{"first"}, []string{"ends", "with it"}, []string{"behind it"})
			})
		})
	}
}

// TestEveryItemIsPerformedOnce, and never two groups at once.
func TestEveryItemIsPerformedOnce(t *testing.T) {
	performed := make(map[int]int)
	busy, groups := false, 0
	q := &Queue[int]{MaxItems: 10, MaxCost: 1000, Perform: func(_ context.Context, items []int) {
		if busy {
			t.Error("two groups at once")
		}
		busy = true
		groups++
		for _, item := range items {
			performed[item]++
		}
		runtime.Gosched()
		busy = false
	}}
	const callers, each = 16, 200
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range each {
				if err := q.Do(context.Background(), caller*each+i, 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for item := range callers * each {
		if performed[item] != 1 {
			t.Errorf("item %d was performed %d times", item, performed[item])
		}
	}
	if groups >= callers*each {
		t.Errorf("%d items in %d groups: nobody shared", callers*each, groups)
	}
}
