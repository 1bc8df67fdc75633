package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestWays runs the scripts in testdata/ways by each way that a command has to
// the admin API. They do not say which one: what they expect is the same.
//
//	begin   make the data directory of the organization demo, and serve it when
//	        the way is one to a server
//	tamper  change an archive (see tamper)
//	end     end the server, which must have logged nothing
func TestWays(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"alone", "socket", "network"} {
		t.Run(way, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir: "testdata/ways",
				Setup: func(env *testscript.Env) error {
					env.Setenv("EXAMPLES", examples)
					env.Setenv("ANNEX_LOG", "error")
					leaveAtOnce(env)
					env.Setenv("ANNEX_DATA", "state")
					env.Setenv("ANNEX_KEYS", filepath.Join(env.WorkDir, "keys"))
					return nil
				},
				Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
					"expectcode": expectCode,
					"tamper":     tamper,
					"begin":      func(ts *testscript.TestScript, _ bool, _ []string) { begin(ts, way) },
					"end":        func(ts *testscript.TestScript, _ bool, _ []string) { end(ts, way) },
				},
				RequireExplicitExec: true,
			})
		})
	}
}

// servers are those that begin started, by the directory of their script.
var servers sync.Map

// begin makes a directory, and a server on it.
func begin(ts *testscript.TestScript, way string) {
	ts.Check(ts.Exec("annex", "org", "create", "demo"))
	if way == "alone" {
		return
	}
	home := ts.MkAbs(".")
	serve := exec.Command(os.Args[0], "serve", "--data", "state", "--listen", "127.0.0.1:0", "--json")
	serve.Dir = home
	serve.Env = append(os.Environ(), testCommand+"=1", "ANNEX_LOG=error", "ANNEX_KEYS="+ts.Getenv("ANNEX_KEYS"), "GORACE="+ts.Getenv("GORACE"))
	greeting, err := os.Create(ts.MkAbs("greeting"))
	ts.Check(err)
	defer greeting.Close()
	log, err := os.Create(ts.MkAbs("log"))
	ts.Check(err)
	defer log.Close()
	serve.Stdout, serve.Stderr = greeting, log
	ts.Check(serve.Start())
	servers.Store(home, serve)
	ts.Defer(func() {
		if _, left := servers.LoadAndDelete(home); left {
			_ = serve.Process.Kill() // the script has failed already
			_ = serve.Wait()
		}
	})
	serving(ts, false, []string{"greeting"})
	if way == "network" {
		ts.Setenv("ANNEX_HOST", "http://"+ts.Getenv("LISTEN"))
		ts.Setenv("ANNEX_TOKEN", ts.Getenv("TOKEN"))
	}
}

// end ends the server of the script.
func end(ts *testscript.TestScript, _ string) {
	found, ok := servers.LoadAndDelete(ts.MkAbs("."))
	if !ok {
		return
	}
	serve := found.(*exec.Cmd)
	ts.Check(serve.Process.Signal(os.Interrupt))
	ts.Check(serve.Wait())
	if log := ts.ReadFile("log"); log != "" {
		ts.Fatalf("the server logged:\n%s", log)
	}
}
