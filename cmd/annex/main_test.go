package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/standard"
)

// testCommand in the environment makes the test's binary the command itself,
// for tests that need another way to start it than scripts have.
const testCommand = "ANNEX_TEST_COMMAND"

func TestMain(m *testing.M) {
	standard.WorkerMain()
	if os.Getenv(testCommand) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"annex": main})
}

// TestScript runs the scripts in testdata/script: commands, what they are
// given and what they print, in one file each. Beside testscript's own
// commands there are
//
//	serving FILE             wait until serve --json has printed its line into FILE;
//	                         sets LISTEN and TOKEN
//	shown                    wait until serve has printed its addresses into the file
//	                         shown; sets LISTEN, and PUBLIC to the path of the public address
//	http STATUS METHOD PATH [JSON]
//	                         send a request with the token, expect the status; the
//	                         body is printed to standard output, the header to
//	                         standard error. HOSTNAME is its Host, FIELDS ("A: b;C: d")
//	                         are added to its header, TLS makes it https
//	sent METHOD PATH         send a request with the token, and do not wait for its answer
//	waitfor FILE TEXT        wait until the file has the text
//	token FILE               take the token that token new --json has written to FILE;
//	                         sets TOKEN and TOKENID
//	address FILE             take the address that public show --json has written to
//	                         FILE; sets PUBLIC
//	issuer FILE              start an issuer of JWTs; appends its settings to FILE
//	jwt CLAIMS               take a JWT of the issuer with these claims; sets TOKEN
//	certificate CERT KEY     write a certificate and its key
//	modules DIR              write WebAssembly modules (see writeModules)
//	expectcode N COMMAND…    run annex and expect its exit code
func TestScript(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("ANNEX_LOG", "error")
			leaveAtOnce(env)
			toolchain(env)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serving":     serving,
			"shown":       shown,
			"http":        request,
			"sent":        sent,
			"waitfor":     waitFor,
			"expectcode":  expectCode,
			"token":       takeToken,
			"issuer":      startIssuer,
			"jwt":         takeJWT,
			"certificate": writeCertificate,
			"modules":     writeModules,
			"address":     takeAddress,
		},
		Condition: func(name string) (bool, error) {
			// The race detector's own memory is beyond every limit.
			return name == "race" && raceDetector, nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// leaveAtOnce spares every command the second that a process with the race
// detector waits at its end.
func leaveAtOnce(env *testscript.Env) {
	env.Setenv("GORACE", "atexit_sleep_ms=10 "+os.Getenv("GORACE"))
}

// toolchain lets scripts build with the Go toolchain that runs the tests, and
// with what it has built before.
func toolchain(env *testscript.Env) {
	for _, name := range []string{"GOCACHE", "GOROOT"} {
		value, err := exec.Command("go", "env", name).Output()
		if err == nil {
			env.Setenv(name, strings.TrimSpace(string(value)))
		}
	}
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOTOOLCHAIN", "local")
}

// patience is how long a test waits for what should come at once, on a machine
// that is busy with other tests.
const patience = 3 * time.Minute

// serving waits for the greeting of serve.
func serving(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	deadline := time.Now().Add(patience)
	for {
		var g greeting
		if data, err := os.ReadFile(name); err == nil && json.Unmarshal(data, &g) == nil && g.Listen != "" {
			ts.Setenv("LISTEN", g.Listen)
			ts.Setenv("TOKEN", g.Token)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("serve printed no greeting into %s", args[0])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// takeToken reads what token new --json has written.
func takeToken(ts *testscript.TestScript, _ bool, args []string) {
	var made admin.NewTokenOut
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &made))
	ts.Setenv("TOKEN", made.Value)
	ts.Setenv("TOKENID", made.ID)
}

// takeAddress reads what public show --json has written.
func takeAddress(ts *testscript.TestScript, _ bool, args []string) {
	var p admin.PublicAddress
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &p))
	ts.Setenv("PUBLIC", "/public/"+p.Token)
}

var publicAddress = regexp.MustCompile(`http://([^/]+)(/public/[^/]+)/`)

// shown waits for the addresses that serve prints for people.
func shown(ts *testscript.TestScript, _ bool, _ []string) {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		text, err := os.ReadFile(ts.MkAbs("shown"))
		if found := publicAddress.FindSubmatch(text); err == nil && found != nil && bytes.Contains(text, []byte("Interrupt to stop")) {
			ts.Setenv("LISTEN", string(found[1]))
			ts.Setenv("PUBLIC", string(found[2]))
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("serve showed no public address")
}

// request sends one request.
func request(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: http STATUS METHOD PATH [JSON]")
	}
	var body io.Reader
	if len(args) > 3 {
		body = strings.NewReader(args[3])
	}
	origin, client := "http://"+ts.Getenv("LISTEN"), http.DefaultClient
	if ts.Getenv("TLS") != "" {
		origin, client = "https://"+ts.Getenv("LISTEN"), trusting
	}
	r, err := http.NewRequest(args[1], origin+args[2], body)
	ts.Check(err)
	if host := ts.Getenv("HOSTNAME"); host != "" {
		r.Host = host
	}
	for _, field := range strings.Split(ts.Getenv("FIELDS"), ";") {
		if name, value, ok := strings.Cut(field, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", bytes.TrimRight(text, "\n"))
	ts.Check(resp.Header.Write(ts.Stderr()))
	if fmt.Sprint(resp.StatusCode) != args[0] {
		ts.Fatalf("status %d, want %s; body %s", resp.StatusCode, args[0], text)
	}
}

// expectCode runs annex and compares its exit code.
func expectCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("annex", args[1:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
