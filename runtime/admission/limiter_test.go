package admission

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)

func TestLimiter(t *testing.T) {
	type call struct {
		at        time.Duration // since the start
		limit     int
		allowed   bool
		remaining int
		retry     int
		reset     time.Duration
	}
	tests := []struct {
		rule  string
		calls []call
	}{
		{"the limit is allowed, one more is not", []call{
			{0, 2, true, 1, 0, 61 * time.Second},
			{0, 2, true, 0, 0, 61 * time.Second},
			{0, 2, false, 0, 61, 61 * time.Second},
		}},
		{"a call weighs for its 60 seconds, to the end of the second", []call{
			{500 * time.Millisecond, 1, true, 0, 0, 61 * time.Second},
			{60500 * time.Millisecond, 1, false, 0, 1, 61 * time.Second},
			{61 * time.Second, 1, true, 0, 0, 122 * time.Second},
		}},
		{"the window slides: what left it is available, not everything", []call{
			{0, 2, true, 1, 0, 61 * time.Second},
			{30 * time.Second, 2, true, 0, 0, 91 * time.Second},
			{45 * time.Second, 2, false, 0, 16, 91 * time.Second},
			{61 * time.Second, 2, true, 0, 0, 122 * time.Second},
			{62 * time.Second, 2, false, 0, 29, 122 * time.Second},
		}},
		{"a refused call weighs nothing", []call{
			{0, 1, true, 0, 0, 61 * time.Second},
			{40 * time.Second, 1, false, 0, 21, 61 * time.Second},
			{61 * time.Second, 1, true, 0, 0, 122 * time.Second},
		}},
		{"a lowered limit holds at once", []call{
			{0, 5, true, 4, 0, 61 * time.Second},
			{0, 5, true, 3, 0, 61 * time.Second},
			{1 * time.Second, 1, false, 0, 60, 61 * time.Second},
		}},
		{"the start of the clock is no border", []call{
			{-1500 * time.Millisecond, 2, true, 1, 0, 59 * time.Second},
			{-500 * time.Millisecond, 2, true, 0, 0, 60 * time.Second},
			{10 * time.Second, 2, false, 0, 49, 60 * time.Second},
			{59 * time.Second, 2, true, 0, 0, 120 * time.Second},
		}},
		{"a clock that steps back a little gives nothing away", []call{
			{30 * time.Second, 1, true, 0, 0, 91 * time.Second},
			{20 * time.Second, 1, false, 0, 71, 91 * time.Second},
		}},
		{"a clock that steps back by hours locks nobody out", []call{
			{5 * time.Hour, 1, true, 0, 0, 5*time.Hour + 61*time.Second},
			{0, 1, true, 0, 0, 61 * time.Second},
		}},
	}
	for _, tt := range tests {
		l := New(Config{Start: epoch})
		for i, c := range tt.calls {
			got := l.Allow("k", c.limit, epoch.Add(c.at))
			want := Decision{c.allowed, c.limit, c.remaining, epoch.Add(c.reset), c.retry}
			if got != want {
				t.Errorf("%s: call %d: got %+v, want %+v", tt.rule, i, got, want)
			}
		}
	}
}

func TestLimiterOff(t *testing.T) {
	l := New(Config{Start: epoch})
	for _, limit := range []int{Off, 0, -7} {
		if got, want := l.Allow("k", limit, epoch), (Decision{Allowed: true}); got != want {
			t.Errorf("limit %d: got %+v, want %+v", limit, got, want)
		}
	}
	if got := l.Keys(); got != 0 {
		t.Errorf("%d keys are held for calls without a limit, want 0", got)
	}
}

func TestLimiterKeysAreApart(t *testing.T) {
	l := New(Config{Start: epoch})
	for i := range 1000 {
		key := strconv.Itoa(i)
		if !l.Allow(key, 1, epoch).Allowed {
			t.Fatalf("key %s: the first call was refused", key)
		}
		if l.Allow(key, 1, epoch).Allowed {
			t.Fatalf("key %s: the second call was allowed", key)
		}
	}
}

// exact is the definition: the times of all calls that were allowed.
type exact []time.Duration

// within counts the calls that are younger than age.
func (e exact) within(now, age time.Duration) int {
	n := 0
	for _, at := range e {
		if now-at < age {
			n++
		}
	}
	return n
}

// TestLimiterAgainstExact holds the limiter against a naive sliding window:
// what it allows is never too much, and what it refuses would have been refused
// by a window that is a second longer.
func TestLimiterAgainstExact(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	allowed, refused := 0, 0
	for range 300 {
		l := New(Config{Start: epoch})
		limit := 1 + r.IntN(20)
		pace := time.Duration(1 + r.Int64N(int64(12*time.Second)))
		var calls exact
		now := time.Duration(r.Int64N(int64(5 * time.Second)))
		for range 300 {
			d := l.Allow("k", limit, epoch.Add(now))
			if d.Allowed {
				if n := calls.within(now, time.Minute); n >= limit {
					t.Fatalf("seed %d: allowed although %d of %d calls were made in 60 s", seed, n, limit)
				}
				calls = append(calls, now)
				allowed++
			} else {
				if n := calls.within(now, 61*time.Second); n < limit {
					t.Fatalf("seed %d: refused although only %d of %d calls were made in 61 s", seed, n, limit)
				}
				if n := calls.within(now+time.Duration(d.RetryAfter)*time.Second, time.Minute); n >= limit {
					t.Fatalf("seed %d: told to retry after %d s, when %d of %d calls weigh", seed, d.RetryAfter, n, limit)
				}
				refused++
			}
			if most := limit - calls.within(now, time.Minute); d.Remaining < 0 || d.Remaining > most {
				t.Fatalf("seed %d: remaining %d, want 0 to %d", seed, d.Remaining, most)
			}
			if n := calls.within(d.Reset.Sub(epoch), time.Minute); n != 0 {
				t.Fatalf("seed %d: %d calls weigh at the reset, want none", seed, n)
			}
			now += time.Duration(r.Int64N(int64(pace)))
			if r.IntN(50) == 0 {
				now += time.Duration(r.Int64N(int64(3 * time.Minute)))
			}
		}
	}
	if allowed < 1000 || refused < 1000 {
		t.Fatalf("seed %d: %d allowed and %d refused calls are too few to prove anything", seed, allowed, refused)
	}
}

func TestLimiterRetryAfterIsTrue(t *testing.T) {
	l := New(Config{Start: epoch})
	r := rand.New(rand.NewPCG(7, 7))
	now := epoch
	for i := range 2000 {
		d := l.Allow("k", 3, now)
		if !d.Allowed {
			now = now.Add(time.Duration(d.RetryAfter) * time.Second)
			if d = l.Allow("k", 3, now); !d.Allowed {
				t.Fatalf("call %d: refused again after waiting as told", i)
			}
		}
		now = now.Add(time.Duration(r.Int64N(int64(20 * time.Second))))
	}
}

func TestLimiterMemoryIsBounded(t *testing.T) {
	l := New(Config{Start: epoch, MaxKeys: 640})
	for i := range 100_000 {
		l.Allow(strconv.Itoa(i), 5, epoch.Add(time.Duration(i)*time.Millisecond))
	}
	if got := l.Keys(); got > 640 {
		t.Errorf("%d keys are held, want at most 640", got)
	}
}

func TestLimiterIdleKeysAreGivenUp(t *testing.T) {
	l := New(Config{Start: epoch, MaxKeys: 6400})
	for i := range 5000 {
		l.Allow(strconv.Itoa(i), 5, epoch)
	}
	later := epoch.Add(2 * time.Minute)
	for i := range 100_000 {
		l.Allow(strconv.Itoa(i%1000), 500, later)
	}
	if got := l.Keys(); got != 1000 {
		t.Errorf("%d keys are held after a minute without a call, want the 1000 in use", got)
	}
}

// A shard that is full of idle keys has room for new ones, wherever the idle
// ones are among those in use.
func TestLimiterFullOfIdleKeysHasRoom(t *testing.T) {
	l := New(Config{Start: epoch, MaxKeys: 64 * 16})
	for i := range 20_000 {
		l.Allow(strconv.Itoa(i), 5, epoch)
	}
	for i := range l.shards {
		for j, e := range l.shards[i].entries {
			if j%4 != 0 {
				l.Allow(e.key, 5, epoch.Add(40*time.Second))
			}
		}
	}
	crowded := 0
	for i := range 128 {
		key := fmt.Sprint("new-", i)
		l.Allow(key, 5, epoch.Add(80*time.Second))
		s := &l.shards[maphash.String(l.seed, key)%shardCount]
		if _, ok := s.index[key]; !ok {
			crowded++
		}
	}
	if crowded > 16 {
		t.Errorf("%d of 128 new keys found no room, want nearly none", crowded)
	}
}

// The surplus window is never given up, so it must get over a clock that steps back.
func TestWindowSurvivesClockSteps(t *testing.T) {
	var w window
	w.take(1_000_000, 1)
	if !w.take(5, 1) {
		t.Error("after a step back by days: refused, want an empty window")
	}
	if w.take(3, 1) {
		t.Error("after a step back by two seconds: allowed, want the call before it to weigh")
	}
	if w.take(65, 1) {
		t.Error("60 slots later: allowed, want the call to weigh")
	}
	if !w.take(66, 1) {
		t.Error("61 slots later: refused, want an empty window")
	}
}

// A caller who is refused must not get a fresh window by making up other keys.
func TestLimiterFullKeepsKeysInUse(t *testing.T) {
	l := New(Config{Start: epoch, MaxKeys: 64})
	l.Allow("victim", 1, epoch)
	for i := range 10_000 {
		l.Allow(fmt.Sprint("made-up-", i), 1000, epoch)
	}
	if l.Allow("victim", 1, epoch).Allowed {
		t.Error("a key in use was given up for made-up ones")
	}
	refused := 0
	for i := range 200_000 {
		if !l.Allow(fmt.Sprint("surplus-", i), 1000, epoch).Allowed {
			refused++
		}
	}
	if refused < 100_000 {
		t.Errorf("%d of 200,000 calls with surplus keys were refused, want most: they share windows", refused)
	}
}

func TestLimiterConcurrent(t *testing.T) {
	l := New(Config{Start: epoch})
	var wg sync.WaitGroup
	var mu sync.Mutex
	allowed := 0
	for range 8 {
		wg.Go(func() {
			mine := 0
			for i := range 2000 {
				l.Allow(strconv.Itoa(i), 10, epoch)
				if l.Allow("shared", 1000, epoch).Allowed {
					mine++
				}
			}
			mu.Lock()
			allowed += mine
			mu.Unlock()
		})
	}
	wg.Wait()
	if allowed != 1000 {
		t.Errorf("%d calls were allowed, want exactly 1000", allowed)
	}
}

func TestLimiterAllocatesNothing(t *testing.T) {
	l := New(Config{Start: epoch})
	now := epoch
	got := testing.AllocsPerRun(1000, func() {
		l.Allow("org/acme.notes", 100, now)
		now = now.Add(100 * time.Millisecond)
	})
	if got != 0 {
		t.Errorf("%v allocations a call, want 0", got)
	}
}

// What does one decision cost, for one key and spread over 10,000?
func BenchmarkAllow(b *testing.B) {
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = "org/publisher.extension-" + strconv.Itoa(i)
	}
	for _, n := range []int{1, len(keys)} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			l := New(Config{Start: epoch})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				now, i := epoch, 0
				for pb.Next() {
					l.Allow(keys[i%n], maxRate, now)
					now = now.Add(10 * time.Microsecond)
					i++
				}
			})
		})
	}
	b.Run("refused", func(b *testing.B) {
		l := New(Config{Start: epoch})
		b.ReportAllocs()
		l.Allow("k", 1, epoch)
		for b.Loop() {
			l.Allow("k", 1, epoch)
		}
	})
}
