package gate

import (
	"sync"
	"testing"
	"testing/synctest"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		for range 2 {
			if !g.Enter() {
				t.Fatal("an open gate refused")
			}
		}
		closed := make(chan bool)
		go func() { closed <- g.Close() }()
		synctest.Wait()
		if g.Enter() {
			t.Error("a closing gate let a call in")
		}
		g.Leave()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("Close returned with a call inside")
		default:
		}
		g.Leave()
		if !<-closed {
			t.Error("first Close reported false")
		}
		if g.Close() {
			t.Error("second Close reported true")
		}
	})
}

func TestGateUnderLoad(t *testing.T) {
	var g Gate
	var inside, after int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for g.Enter() {
				mu.Lock()
				inside++
				mu.Unlock()
				g.Leave()
			}
			mu.Lock()
			after++
			mu.Unlock()
		})
	}
	g.Close()
	mu.Lock()
	got := inside
	mu.Unlock()
	wg.Wait()
	if got != inside {
		t.Errorf("%d calls went on after Close returned", inside-got)
	}
	if after != 8 {
		t.Errorf("%d of 8 callers ended", after)
	}
}
