package doctor

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// System looks at the program and the operating system.
func System(version string) Check {
	return Check{Name: "system", Run: func(context.Context) []Finding {
		found := []Finding{{
			Name: "version", Status: OK,
			Detail: fmt.Sprintf("annex %s, %s, %s/%s, %d processors%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), kernel()),
		}}
		found = append(found, cgo(builtWithCgo, runtime.GOOS))
		found = append(found, clock(time.Now()))
		return append(found, resources()...)
	}}
}

// cgo says whether the program was built with it, which matters on Linux alone.
func cgo(built bool, system string) Finding {
	f := Finding{Name: "build", Status: OK, Detail: "without cgo"}
	if !built {
		return f
	}
	f.Detail = "with cgo"
	if system == "linux" {
		f.Status = Warning
		f.Detail = "with cgo: workers go without landlock, and names are looked up by the C library"
		f.Remedy = "build with CGO_ENABLED=0"
	}
	return f
}

// released is when this version was made: no clock can be right that is earlier.
var released = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock looks at the time, on which tokens, expiry and the audit depend.
func clock(now time.Time) Finding {
	f := Finding{Name: "clock", Status: OK, Detail: now.UTC().Format(time.RFC3339)}
	if now.Before(released) {
		f.Status, f.Detail = Failed, f.Detail+" is earlier than this version of Annex"
		f.Remedy = "set the clock: tokens, expiry and the audit depend on it"
		return f
	}
	synchronized, known := clockSynchronized()
	switch {
	case !known:
	case synchronized:
		f.Detail += ", synchronized"
	default:
		f.Status, f.Detail = Warning, f.Detail+", not synchronized as far as the kernel knows"
		f.Remedy = "run a time service such as chrony or systemd-timesyncd (in a virtual machine the host may do it)"
	}
	return f
}

// atLeast compares an amount with what a busy host needs. Negative: unlimited.
func atLeast(name string, have, need int64, show func(int64) string, remedy string) Finding {
	f := Finding{Name: name, Status: OK, Detail: "unlimited"}
	if have < 0 {
		return f
	}
	f.Detail = show(have)
	if have < need {
		f.Status, f.Remedy = Warning, remedy
		f.Detail += ", a busy host needs " + show(need)
	}
	return f
}

func count(n int64) string { return fmt.Sprint(n) }

// Bytes writes an amount of memory or disk for people.
func Bytes(n int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.bytes), u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
