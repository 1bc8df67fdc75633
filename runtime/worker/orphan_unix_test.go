//go:build unix

package worker_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker"
)

// hostVariable makes the test program a host that prints the processes of its
// workers and waits to be killed.
const hostVariable = "ANNEX_TEST_HOST"

// actAsHost runs when the variable is set, instead of the tests.
func actAsHost() {
	e, err := worker.New(worker.Config{Engine: "javascript"})
	if err != nil {
		panic(err)
	}
	p, err := e.Compile(context.Background(), sandbox.Source{Name: "x.js", Code: []byte(`module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`)})
	if err != nil {
		panic(err)
	}
	go p.Run(context.Background(), sandbox.Invocation{}, nil)
	for len(e.Processes()) < 4 { // one that hangs, one that compiles, two spares
		time.Sleep(5 * time.Millisecond)
	}
	for _, pid := range e.Processes() {
		os.Stdout.WriteString(strconv.Itoa(pid) + " ")
	}
	os.Stdout.WriteString("\n")
	select {}
}

// TestNoOrphans kills a host so that it can do nothing about its workers, one
// of which hangs in a native function.
func TestNoOrphans(t *testing.T) {
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), hostVariable+"=1")
	host.Stderr = os.Stderr
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	pids := strings.Fields(line)
	if len(pids) < 4 {
		t.Fatalf("got workers %q, want at least 4", pids)
	}
	for _, text := range pids {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		if !endsSoon(pid) {
			t.Errorf("worker %d outlives its host", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// endsSoon waits for a process to end: it is gone, or nobody has waited for it.
func endsSoon(pid int) bool {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if syscall.Kill(pid, 0) == syscall.ESRCH || isZombie(pid) {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

func isZombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return strings.HasPrefix(state, "Z")
}

// TestNothingIsLeft is that an engine leaves no process, descriptor or goroutine,
// whatever its workers did.
func TestNothingIsLeft(t *testing.T) {
	files, goroutines := descriptors(t), runtime.NumGoroutine()
	e := newEngine(t, worker.Config{})
	code := map[string]string{
		"fine": `module.exports = () => 1`,
		"loop": `module.exports = () => Array.prototype.indexOf.call({length: 2**53 - 1}, 1)`,
		"dead": `module.exports = () => new ArrayBuffer(2**40)`,
	}
	var pids []int
	for name, text := range code {
		p, err := e.Compile(context.Background(), sandbox.Source{Name: name, Code: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_, _ = p.Run(context.Background(), sandbox.Invocation{Tenant: name, Limits: sandbox.Limits{Wall: 50 * time.Millisecond}}, nil)
			pids = append(pids, e.Processes()...)
		}
		p.Close()
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if syscall.Kill(pid, 0) != syscall.ESRCH {
			t.Errorf("process %d was not waited for", pid)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) && (descriptors(t) > files || runtime.NumGoroutine() > goroutines) {
		time.Sleep(10 * time.Millisecond)
	}
	if now := descriptors(t); now > files {
		t.Errorf("%d descriptors, %d before", now, files)
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
}

// descriptors counts the open files of this process; 0 where nobody can.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
