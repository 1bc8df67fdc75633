package standard

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

const panicStack = `goroutine 7 [running]:
runtime/debug.Stack()
	/go/stack.go:26 +0x5e
example.com/js.guard.func1()
	/js/errors.go:49 +0x1a
panic({0x1?, 0x2?})
	/go/panic.go:860 +0x13a
example.com/goja.(*vm).handleThrow(0xc0)
	/goja/vm.go:800 +0x10
panic({0x1?, 0x2?})
	/go/panic.go:860 +0x13a
runtime.goPanicIndex(0x1, 0x2)
	/go/panic.go:115 +0x13a
example.com/goja.(*Runtime).arrayproto_findLast(0xc0, {{0x1, 0x2}, {0x3, 0x4, 0x5}})
	/goja/builtin_array.go:1 +0x1
`

// TestReportsAreBounded is that a stranger who makes the engine panic, or workers
// die, without end has the host write little: of each kind a report a minute.
func TestReportsAreBounded(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(1e9, 0)
	r := newReports(Options{Logger: hclog.New(&hclog.LoggerOptions{Output: &out}), Now: func() time.Time { return now }})
	crash := sandbox.Crash{Tenant: "acme/x", Invocation: "i", Value: "index out of range", Stack: []byte(panicStack)}
	for range 1000 {
		r.crashed(crash)
		r.ended(worker.Ending{Tenant: "acme/x", Cause: "crash", Detail: strings.Repeat("x", 8<<10)})
	}
	wantCount(t, &out, "an engine panicked: ", 1)
	wantCount(t, &out, "in=\"example.com/goja.(*Runtime).arrayproto_findLast\"", 1)
	wantCount(t, &out, "a worker ended: ", 1)
	wantCount(t, &out, "more of this is counted", 2)

	crash.Tenant = "acme/y" // another's faults are not hidden by these
	r.crashed(crash)
	wantCount(t, &out, "an engine panicked: ", 2)

	now = now.Add(time.Minute)
	crash.Tenant = "acme/x"
	r.crashed(crash)
	wantCount(t, &out, "sameBefore=999", 1)

	out.Reset()
	for i := range 1000 { // a worker that was taken over makes up places
		crash.Stack = fmt.Appendf(nil, "goroutine 1 [running]:\nmade.up%d()\n%s", i, strings.Repeat("x", 8<<10))
		r.crashed(crash)
	}
	if n := strings.Count(out.String(), "an engine panicked: "); n < 2 || n > reportsOfAMinute {
		t.Errorf("%d reports of kinds that were made up, want some, at most %d", n, reportsOfAMinute)
	}
	if out.Len() > 200<<10 {
		t.Errorf("%d bytes", out.Len())
	}
}

func wantCount(t *testing.T, out *bytes.Buffer, what string, want int) {
	t.Helper()
	if n := strings.Count(out.String(), what); n != want {
		t.Errorf("%q is in the log %d times, want %d; it begins\n%.2000s", what, n, want, out)
	}
}
