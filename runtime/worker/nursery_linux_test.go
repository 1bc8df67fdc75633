package worker_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// TestNurseryEnds is that workers end with the process that has started them, and
// that there is another one for the next.
func TestNurseryEnds(t *testing.T) {
	e := newEngine(t, worker.Config{})
	defer e.Close()
	first := e.Nursery()
	if first == 0 {
		t.Skip("workers have no namespaces here")
	}
	loop := compile(t, e, `module.exports = () => { for (;;); }`)
	ended := make(chan error)
	go func() {
		_, err := loop.Run(t.Context(), sandbox.Invocation{Tenant: "t"}, nil)
		ended <- err
	}()
	for len(e.WorkersOf("t")) == 0 {
		time.Sleep(time.Millisecond)
	}
	workers := e.Processes()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, &sandbox.Error{Code: sandbox.Unavailable}) && !errors.Is(err, &sandbox.Error{Code: sandbox.Internal}) {
		t.Errorf("the invocation that ran ended with %v", err)
	}
	for _, pid := range workers {
		if !endsSoon(pid) {
			t.Errorf("worker %d outlives who has started it", pid)
		}
	}
	one := compile(t, e, `module.exports = () => 1`)
	if out, err := one.Run(t.Context(), sandbox.Invocation{Tenant: "u"}, nil); err != nil || string(out.Result.JSON) != "1" {
		t.Errorf("the next invocation: %s, %v", out.Result.JSON, err)
	}
	if again := e.Nursery(); again == first {
		t.Error("the process that starts workers is still the one that has ended")
	}
	for _, pid := range e.WorkersOf("u") {
		ours, oursErr := os.Readlink("/proc/self/ns/net")
		theirs, theirsErr := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
		if oursErr == nil && theirsErr == nil && ours == theirs {
			t.Errorf("worker %d has the host's network", pid)
		}
	}
}
