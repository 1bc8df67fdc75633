package worker_test

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/runtime/worker"
)

// setClass gives every thread of this process a scheduling class, so that
// whichever starts another one, it has that class too.
func setClass(class *unix.SchedAttr) error {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, entry := range list {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetAttr(id, class, 0); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// TestPriority is that a worker is an ordinary process of a lower priority,
// although the host is a real-time process, which a guest could starve.
func TestPriority(t *testing.T) {
	before, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Skip("no scheduling classes: ", err)
	}
	restore := func() {
		if err := setClass(before); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	if err := setClass(&unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}); err != nil {
		t.Skip("no real-time class can be had: ", err)
	}
	e := newEngine(t, worker.Config{})
	defer e.Close()
	restore()
	for _, pid := range e.Processes() {
		class, err := unix.SchedGetAttr(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		if class.Policy != unix.SCHED_NORMAL || class.Nice < 5 {
			t.Errorf("process %d has class %d, nice %d, want an ordinary one, 5 or more", pid, class.Policy, class.Nice)
		}
	}
}
