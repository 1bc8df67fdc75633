package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// build compiles a command of the module in dir.
func build(t *testing.T, dir, pkg string) (program string, err error) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %v\n%s", filepath.Join(dir, pkg), err, out)
	}
	return program, nil
}

// start runs a server until the end of the test, its log in a file.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	must(t, err)
	cmd.Stderr = log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it was interrupted, which some call an error
		log.Close()
	})
}

// serveAnnex starts `annex serve` with testdata/hello.
func serveAnnex(t *testing.T, program string, flags ...string) *load {
	t.Helper()
	cmd := exec.Command(program, append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--json",
		"--approve-all", "--limit-rate", "off"}, append(flags, "testdata/hello")...)...)
	out, err := cmd.StdoutPipe()
	must(t, err)
	start(t, cmd)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	must(t, err)
	var greeting struct{ Listen, Token string }
	must(t, json.Unmarshal(line, &greeting))
	return newLoad(t, greeting.Listen, "/extensions/bench.hello/hello/world", "Authorization: Bearer "+greeting.Token+"\r\n")
}

// servePocketBase starts PocketBase with pocketbase/hooks.
func servePocketBase(t *testing.T, program string, flags ...string) *load {
	t.Helper()
	address := freeAddress(t)
	hooks, err := filepath.Abs("pocketbase/hooks")
	must(t, err)
	cmd := exec.Command(program, append([]string{"serve", "--http", address, "--dir", t.TempDir(), "--hooks", hooks}, flags...)...)
	start(t, cmd)
	for range 300 { // it makes its databases first
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return newLoad(t, address, "/hello/world", "")
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("PocketBase does not listen")
	return nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// How many requests a second does a hello handler answer over 16 connections,
// on both cores? Three processes: Annex, PocketBase, and this one, which asks.
func TestHTTPBesidePocketBase(t *testing.T) {
	pocketbase, err := build(t, "pocketbase", ".")
	if err != nil {
		t.Skip("PocketBase is not measured:", err)
	}
	annex, err := build(t, "..", "./cmd/annex")
	must(t, err)
	for _, logs := range []struct{ name, annex, pocketbase string }{
		{"every request logged, as both do by default", "info", "--quiet=false"},
		{"nothing logged", "error", "--quiet=true"},
	} {
		seen := compare(21,
			side{3_000, servePocketBase(t, pocketbase, logs.pocketbase).flood(t)},
			side{3_000, serveAnnex(t, annex, "--log", logs.annex, "--isolation", "inprocess").flood(t)},
			side{3_000, serveAnnex(t, annex, "--log", logs.annex, "--isolation", "process").flood(t)},
		)
		for i, isolation := range []string{"in the server's process, as PocketBase's", "in jailed workers, the default"} {
			ratio := seen.ratio(0, i+1)
			bar("a hello handler over HTTP, 16 connections, against PocketBase; handlers "+isolation+"; "+logs.name, "ahead",
				fmt.Sprintf("%s: %.2f times", seen.against(i+1, 0, perSecond), ratio), ratio > 1)
		}
	}
}
