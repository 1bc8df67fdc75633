package sandboxtest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// leak remembers how many goroutines there were.
type leak struct{ count int }

func goroutines() leak { return leak{runtime.NumGoroutine()} }

// check fails if there are more goroutines than before and they do not end soon.
func (l leak) check(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > l.count {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), l.count, strings.TrimSpace(string(stacks)))
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
