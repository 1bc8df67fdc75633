package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/standard"
)

const readAndWrite = `export default async ({ storage }) => {
  const n = (await storage.get('n')) ?? 0;
  await storage.set('n', n + 1);
  return { n };
}`

// node is a process of Node that measures isolated-vm; see isolatedvm/bench.js.
type node struct {
	in  io.Writer
	out *bufio.Reader
}

// startNode skips the test, saying why, where there is no Node or no isolated-vm.
func startNode(t *testing.T) *node {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		t.Skip("isolated-vm is not measured: there is no node:", err)
	}
	if _, err := os.Stat(filepath.Join("isolatedvm", "node_modules", "isolated-vm")); err != nil {
		t.Skip("isolated-vm is not measured: install it with `npm ci --prefix bench/isolatedvm`:", err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--no-node-snapshot", "bench.js")
	cmd.Dir, cmd.Stderr = "isolatedvm", os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // what it had to say is on standard error
	})
	return &node{in, bufio.NewReader(out)}
}

// measure has Node measure n calls by its own clock: "fresh" or "reused"
// isolates, whose storage is reached by a "reference" or a "callback".
func (n *node) measure(t *testing.T, isolate, way string) func(n int) time.Duration {
	return func(calls int) time.Duration {
		_, err := fmt.Fprintln(n.in, isolate, way, calls)
		must(t, err)
		line, err := n.out.ReadString('\n')
		must(t, err)
		took, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		must(t, err)
		return time.Duration(took)
	}
}

// How does an invocation that reads and writes compare with V8 isolates in
// Node, nothing synced on either side?
func TestReadAndWriteBesideIsolatedVM(t *testing.T) {
	node := startNode(t)
	h := openHost(t, t.TempDir(), standard.Options{NoSync: true})
	install(t, h, "bench", readAndWrite)
	seen := compare(31,
		side{100, timed(func() { invoke(t, h, "bench", "") })},
		side{4, node.measure(t, "fresh", "reference")},
		side{4, node.measure(t, "fresh", "callback")},
		side{100, node.measure(t, "reused", "reference")},
		side{100, node.measure(t, "reused", "callback")},
	)
	for i, peer := range []struct {
		name, want string
		times      float64
	}{
		{"a fresh isolate, asynchronous references", "at least 50 times faster", 50},
		{"a fresh isolate, synchronous callbacks", "at least 50 times faster", 50},
		{"a reused isolate, asynchronous references", "faster", 1},
		{"a reused isolate, synchronous callbacks", "faster", 1},
	} {
		times := seen.ratio(i+1, 0)
		bar("a read and a write, sync off, against isolated-vm with a Map: "+peer.name, peer.want,
			fmt.Sprintf("%s: %.3g times faster", seen.against(0, i+1, short), times), times >= peer.times)
	}
}
