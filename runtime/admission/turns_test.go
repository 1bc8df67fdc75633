package admission

import (
	"runtime"
	"sync"
	"testing"
)

// bystander counts how often somebody gets the processor who only asks for it,
// while callers make their calls on one processor, each holding a slot while
// another goroutine does something for it.
func bystander(t *testing.T, s *Slots, callers, calls int) (turns int) {
	t.Helper()
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	s.processors = 1
	// As one that was interrupted: from here on more run than there are processors.
	if _, err := s.Acquire(t.Context(), Owner{"acme", "x"}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range callers {
		work := make(chan struct{})
		go func() {
			for range work {
				work <- struct{}{}
			}
		}()
		all.Go(func() {
			defer close(work)
			for range calls {
				slot, err := s.Acquire(t.Context(), Owner{"acme", "x"})
				if err != nil {
					t.Error(err)
					return
				}
				work <- struct{}{}
				<-work
				slot.Release()
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return turns
		default:
			turns++
			runtime.Gosched()
		}
	}
}

// TestWhoBeginsLetsOthersRun is about a processor that callers hand on to
// each other within their time slices, which somebody else waits for.
func TestWhoBeginsLetsOthersRun(t *testing.T) {
	for _, tt := range []struct {
		rule   string
		config SlotsConfig
		least  int // without their yielding it is 1 or 2; where only who finds a slot yields, 649
	}{
		{"everyone has a slot", SlotsConfig{}, 300},
		{"most wait for a slot", SlotsConfig{PerExtension: 3}, 2000},
	} {
		const callers, calls = 16, 1000
		if turns := bystander(t, NewSlots(tt.config), callers, calls); turns < tt.least {
			t.Errorf("%s: somebody else ran %d times during %d calls, want %d", tt.rule, turns, callers*calls, tt.least)
		}
	}
}
