//go:build unix

package js_test

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU adds the CPU time of the whole process to a benchmark: what runs in
// the background costs somebody too, and it varies less on a busy machine.
func reportCPU(b *testing.B) (done func()) {
	before := processCPU()
	return func() {
		b.ReportMetric(float64(processCPU()-before)/float64(b.N), "cpu-ns/op")
	}
}

func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
