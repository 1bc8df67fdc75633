package worker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// processors counts the threads of a process by the processors that they may use.
func processors(t *testing.T, pid int) map[string]int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		_, rest, _ := strings.Cut(string(text), "Cpus_allowed_list:")
		list, _, _ := strings.Cut(rest, "\n")
		seen[strings.TrimSpace(list)]++
	}
	return seen
}

// TestPlaces is that each invocation has a processor of its own as long as there
// are enough of them.
func TestPlaces(t *testing.T) {
	var p worker.Places
	var all unix.CPUSet
	for _, cpu := range []int{1, 3, 900} {
		all.Set(cpu)
	}
	if got := []int{p.Enter(&all, 3), p.Enter(&all, 3), p.Enter(&all, 3)}; !slices.Equal(got, []int{3, 900, 1}) {
		t.Errorf("three invocations on three processors are at %d", got)
	}
	if got := p.Enter(&all, 3); got != worker.Elsewhere {
		t.Errorf("the fourth has processor %d", got)
	}
	p.Leave(900)
	if got := p.Enter(&all, 1); got != worker.Elsewhere {
		t.Errorf("the fourth of four has processor %d", got)
	}
	p.Leave(worker.Elsewhere)
	p.Leave(worker.Elsewhere)
	if got := p.Enter(&all, 1); got != 900 {
		t.Errorf("the third of three has processor %d; the one that is free is 900", got)
	}
}

// TestNear is that an invocation which takes its time is bound to no processor,
// nor is a thread of the host after one.
func TestNear(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("with one processor nothing is far")
	}
	before := processors(t, os.Getpid())
	if len(before) != 1 {
		t.Fatalf("threads may use different processors: %v", before)
	}
	e := newEngine(t, worker.Config{})
	defer e.Close()
	p := compile(t, e, `module.exports = ({request, test}) => { test.sync(1); const end = Date.now() + request.body; while (Date.now() < end); }`)
	run := func(ctx context.Context, tenant string, milliseconds int, began func()) error {
		input := sandbox.Payload{JSON: fmt.Appendf(nil, `{"request":{"body":%d}}`, milliseconds)}
		_, err := p.Run(ctx, sandbox.Invocation{Tenant: tenant, Input: input}, func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
			began()
			return sandbox.Payload{JSON: []byte("1")}, nil
		})
		return err
	}
	if err := run(t.Context(), "t", 0, func() {}); err != nil {
		t.Fatal(err)
	}
	pid := e.WorkersOf("t")[0]
	if got := processors(t, pid); len(got) < 2 {
		t.Errorf("the thread that runs invocations is bound to no processor: %v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	began, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- run(ctx, "t", 20_000, func() { close(began) }) }()
	select {
	case <-began:
	case err := <-ended:
		t.Fatalf("it ended before it began: %v", err)
	}
	if err := run(t.Context(), "u", 0, func() {}); err != nil {
		t.Error(err)
	}
	eventually(t, "a long invocation is bound to no processor", func() bool { return len(processors(t, pid)) == 1 })
	if len(ended) > 0 {
		t.Fatalf("the long invocation has ended by itself: %v", <-ended)
	}
	stop()
	<-ended
	if got := processors(t, os.Getpid()); len(got) != 1 {
		t.Errorf("a thread of the host is still bound: %v", got)
	}
}
