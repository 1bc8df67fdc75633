package js

import (
	"runtime"
	"testing"
	"time"
)

// Calls that follow each other share a goroutine, calls at the same time do not
// wait for each other, and none is left when the engine is closed.
func TestCallersAreUsedAgain(t *testing.T) {
	before := runtime.NumGoroutine()
	c := newCallers()
	for range 100 {
		done := make(chan struct{})
		c.run(func() { close(done) })
		<-done
		for deadline := time.Now().Add(10 * time.Second); len(c.idle) == 0 && time.Now().Before(deadline); {
			runtime.Gosched()
		}
	}
	if got := runtime.NumGoroutine() - before; got > 2 { // one between being idle and taking work
		t.Errorf("100 calls in a row left %d goroutines, want one that was used again", got)
	}
	const together = maxIdleCallers + 10
	started, hold := make(chan struct{}), make(chan struct{})
	for range together {
		c.run(func() { started <- struct{}{}; <-hold })
	}
	for range together {
		<-started
	}
	close(hold)
	c.close()
	c.close()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left after close, want %d", runtime.NumGoroutine(), before)
		}
	}
}
