package egress

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails the suite when it leaves goroutines behind. Fuzzing keeps some of
// its own.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if code != 0 || flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code)
	}
	if left := leaked(before); left > 0 {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines were left behind:\n%s\n", left, buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}

// leaked waits a while for goroutines to end and returns how many did not.
func leaked(before int) int {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return 0
		}
		time.Sleep(50 * time.Millisecond)
	}
	return runtime.NumGoroutine() - before
}
