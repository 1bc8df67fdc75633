package standard

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/runtime/worker/jail"
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

// TestMissingLayersAreWarnedOf is that an operator is told at start which layers
// of the jail the system does not give, why, and what to do about it.
func TestMissingLayersAreWarnedOf(t *testing.T) {
	var out bytes.Buffer
	o := Options{Logger: hclog.New(&hclog.LoggerOptions{Output: &out})}
	o.warnOfJail(jail.Report{{Name: jail.Limits, Detail: "all"}, {Name: jail.Landlock, Detail: "version 6"}})
	if out.Len() > 0 {
		t.Errorf("a complete jail: %s", out.String())
	}
	missing := jail.Layer{Name: jail.Namespaces, Refused: "the kernel refuses them"}
	o.warnOfJail(jail.Report{{Name: jail.Limits, Detail: "all"}, missing})
	for _, want := range []string{"[WARN]", string(jail.Namespaces), missing.Refused, "user.max_user_namespaces"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the warning does not say %q: %s", want, out.String())
		}
	}
	if strings.Count(out.String(), "[WARN]") != 1 {
		t.Errorf("want one warning: %s", out.String())
	}
}

// TestTheLogOfFetchesIsBounded is that an extension which asks for long addresses
// all day writes little to the host's log, and hides nothing that others fetch.
func TestTheLogOfFetchesIsBounded(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(1e9, 0)
	o := Options{Logger: hclog.New(&hclog.LoggerOptions{Output: &out}), Now: func() time.Time { return now }}
	log := o.observer()
	long := "https://a.example/" + strings.Repeat("ä", 8000)
	for range 10_000 {
		log.Observe(t.Context(), egress.Exchange{Owner: "acme/x", URL: long, Outcome: egress.Denied, Detail: long})
	}
	if most := 2 * fetchLogOfInstallation; out.Len() > most || out.Len() < fetchLogOfInstallation/2 {
		t.Errorf("10,000 exchanges wrote %d bytes, want about %d", out.Len(), fetchLogOfInstallation)
	}
	if n := strings.Count(out.String(), "fetches too much"); n != 1 {
		t.Errorf("the operator is told %d times that lines are left out, want once", n)
	}
	out.Reset()
	log.Observe(t.Context(), egress.Exchange{Owner: "other/x", URL: "https://b.example/", Outcome: egress.Denied})
	if !strings.Contains(out.String(), "https://b.example/") {
		t.Errorf("another organization's exchange: %q", out.String())
	}
	now = now.Add(time.Minute)
	log.Observe(t.Context(), egress.Exchange{Owner: "acme/x", URL: "https://c.example/"})
	if !strings.Contains(out.String(), "https://c.example/") {
		t.Errorf("a minute later: %q", out.String())
	}
}
