package wasm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	module "github.com/annexhost/annex/runtime/wasm/binary"
)

// The ready-made guests of github.com/extism/go-sdk, and what its own tests
// expect of them (its extism_test.go). They are in a module of the module cache,
// which the benchmarks depend on as a peer: nothing of it is kept here.

const fixtureModule = "github.com/extism/go-sdk@v1.7.1"

// fixtureDir is where the guests are.
var fixtureDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "mod", "download", "-json", fixtureModule).Output()
	if err != nil {
		return "", err
	}
	var m struct{ Dir string }
	err = json.Unmarshal(out, &m)
	return filepath.Join(m.Dir, "wasm"), err
})

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := fixtureDir()
	if err != nil {
		t.Skipf("%s cannot be fetched: %v", fixtureModule, err)
	}
	code, err := os.ReadFile(filepath.Join(dir, name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// compiledOnce is shared by the tests, so that each module is compiled once.
var compiledOnce = NewCache()

// fixtureAPI is what the guests call.
var fixtureAPI = sandbox.API{
	{Name: "http.fetch"}, {Name: "log.debug"}, {Name: "log.info"}, {Name: "log.warn"}, {Name: "log.error"},
}

// callLog keeps the calls of a guest and answers http.fetch.
type callLog struct {
	calls []string
	fetch func(args string) (sandbox.Payload, error)
}

func (l *callLog) call(_ context.Context, method string, args sandbox.Payload) (sandbox.Payload, error) {
	l.calls = append(l.calls, method+string(args.JSON))
	if method == "http.fetch" {
		return l.fetch(string(args.JSON))
	}
	return sandbox.Payload{}, nil
}

// texts is a host function from a text to a text.
func texts(name string, f func(string) string) hostFunction {
	return hostFunction{name, sigMap, func(in *instance, _ memory, stack []uint64) {
		stack[0] = in.mustAlloc([]byte(f(string(in.take(stack[0], "text", -1)))))
	}}
}

func fixtureEngine(t testing.TB, c Config) *Engine {
	t.Helper()
	c.API, c.Cache, c.raw = fixtureAPI, compiledOnce, true
	c.host = map[string]map[string]hostFunction{
		userModule: {
			"mult": {"mult", sigMap2, func(_ *instance, _ memory, stack []uint64) {
				stack[0] = uint64(int32(stack[0]) * int32(stack[1]))
			}},
			"hostGreenMessage":  texts("hostGreenMessage", func(s string) string { return "🟢:" + s }),
			"hostPurpleMessage": texts("hostPurpleMessage", func(s string) string { return "🟣:" + s }),
		},
		"host": {"to_upper": texts("to_upper", strings.ToUpper)},
		"dylibso_observe": {
			"instrument_enter":       observed("enter"),
			"instrument_exit":        observed("exit"),
			"instrument_memory_grow": observed("memory_grow"),
		},
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

var takesI32 = module.FuncType{Params: []byte{module.I32}}

// observed makes a function that tells of what an instrumented guest does.
func observed(what string) hostFunction {
	return hostFunction{"instrument_" + what, takesI32, func(in *instance, _ memory, stack []uint64) {
		in.callOut("log.debug", sandbox.Payload{JSON: []byte(strconv.Quote(what))})
	}}
}

// fixtureCase is one expectation: its result is the output, or the error's text
// behind "error: ".
type fixtureCase struct {
	guest, export, input, want string
	config                     map[string]string
	vars                       map[string][]byte
	after                      byte // of the first byte of the variable a
	setup                      func(c *Config)
	fetch                      func(args string) (sandbox.Payload, error)
	calls                      []string // methods with their arguments
	linked                     string   // the guest that it is linked with, under its own name
}

const todo = `{"userId":1,"id":1,"title":"delectus aut autem","completed":false}`

func answered(args string) (sandbox.Payload, error) {
	if !strings.Contains(args, `"method":"GET"`) || !strings.Contains(args, `"url":"https://jsonplaceholder.typicode.com/todos/1"`) {
		return sandbox.Payload{}, sandbox.Errorf(sandbox.Invalid, "not the request: %s", args)
	}
	return sandbox.Payload{JSON: []byte(`{"ok":true,"status":200,"headers":[],"body":{"$blob":0}}`), Blobs: [][]byte{[]byte(todo)}}, nil
}

func denied(string) (sandbox.Payload, error) {
	return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Denied, Name: "PermissionDeniedError", Permission: "http:domain:x", Message: "no"}
}

// Of go-sdk's own cases these have nothing here that they could be repeated on:
// modules from a URL, by hash or in a JSON manifest (a package has its modules in
// it), mounted directories (TestFS, TestReadOnlyMount: there are no files, and the
// cases below say how their guests end), configuration of wazero
// (TestEnableExperimentalFeature), levels of the log (the host of the engine
// decides), and trace adapters (TestObserve below has the calls that they draw
// from). Timeouts and cancellation are in sleep_test.go.
var fixtureCases = []fixtureCase{
	{guest: "alloc"},
	{guest: "config", config: map[string]string{"thing": "hello"}, want: `{"config": "hello"}`},
	{guest: "config", want: `{"config": "<unset by host>"}`},
	{guest: "count_vowels", export: "count_vowels", input: "hello world", want: `{"count":3,"total":3,"vowels":"aeiouAEIOU"}`},
	{guest: "count_vowels", export: "count_vowels", input: "aaaaaa", want: `{"count":6,"total":6,"vowels":"aeiouAEIOU"}`},
	{guest: "count_vowels", export: "count_vowels", input: "", want: `{"count":0,"total":0,"vowels":"aeiouAEIOU"}`},
	{guest: "count_vowels_std", export: "_start", input: "hello world", want: `{"count": 3, "config": "<unset by host>", "a": "this is var a"}`},
	{guest: "exit", export: "_start", config: map[string]string{"code": "-1"}, want: "error: the handler ended with code -1"},
	{guest: "exit", export: "_start", config: map[string]string{"code": "500"}, want: "error: the handler ended with code 500"},
	{guest: "exit", export: "_start", config: map[string]string{"code": "abc"}, want: "error: the handler ended with code 1"},
	{guest: "exit", export: "_start", want: "error: the handler ended with code 2"},
	{guest: "fail", want: "error: Some error message"},
	{guest: "hello", want: "Hello, world!"},
	{guest: "hello_haskell", export: "testing", input: "John", config: map[string]string{"greeting": "Howdy"}, want: "Howdy, John"},
	{guest: "host", want: "42 x 2 = 84"},
	{guest: "host_memory", input: "Frodo", want: "HELLO FRODO!"},
	{guest: "host_multiple", export: "say_green", input: "John Doe", want: "🟢:🫱 Hey from say_green John Doe"},
	{guest: "host_multiple", export: "say_purple", input: "Jane Doe", want: "🟣:👋 Hello from say_purple Jane Doe"},
	{guest: "http", fetch: answered, want: todo},
	{guest: "http", fetch: denied, want: "error: HTTP request to 'https://jsonplaceholder.typicode.com/todos/1' is not allowed"},
	{guest: "http_headers", export: "http_get", input: `{"url":"https://extism.org"}`, want: `{"content-type":"text/html; charset=utf-8"}`,
		fetch: func(string) (sandbox.Payload, error) {
			return sandbox.Payload{JSON: []byte(`{"ok":true,"status":200,"headers":[["Content-Type","text/html; charset=utf-8"]],"body":{"$blob":0}}`), Blobs: [][]byte{[]byte("x")}}, nil
		}},
	{guest: "input_offset", export: "input_offset_length", input: "hello world", want: "\x0b\x00\x00\x00\x00\x00\x00\x00"},
	{guest: "log", calls: []string{
		`log.info{"message":"this is an info log"}`, `log.debug{"message":"this is a debug log"}`, `log.warn{"message":"this is a warning log"}`,
		`log.error{"message":"this is an error log"}`, `log.debug{"message":"this is a trace log"}`,
	}},
	{guest: "main", input: "benjamin", want: "Hello, BENJAMIN", linked: "lib"},
	{guest: "noop"},
	{guest: "println"},
	{guest: "replace", input: "a test b", want: "a wasm b"},
	{guest: "sleep", config: map[string]string{"duration": "0"}, want: "slept for 0 seconds"},
	{guest: "std_command", export: "_start", input: "ben", want: "hello ben"},
	{guest: "var", vars: map[string][]byte{"a": {10, 0, 0, 0}}, want: "a: 10", after: 20},
	{guest: "var", setup: func(c *Config) { c.Vars = -1 }, want: "error: Vars are disabled by this host"},
	// There are no files: the guests say so themselves.
	{guest: "fs", want: "error: the handler ended with code 1", calls: []string{`log.error{"message":"open /mnt/test.txt: errno 76"}`}},
	{guest: "fs_std", want: "error: the handler ended with code 1", calls: []string{`log.error{"message":"open /mnt/test.txt: Bad file number"}`}},
	{guest: "read_write", export: "try_read", config: map[string]string{"path": "/mnt/test.txt"},
		want: "error: Failed to read file: failed to find a pre-opened file descriptor through which \"/mnt/test.txt\" could be opened"},
	{guest: "read_write", export: "try_write", input: "hello hello!", config: map[string]string{"path": "/mnt/test.txt"},
		want: "error: Failed to read file: failed to find a pre-opened file descriptor through which \"/mnt/test.txt\" could be opened"},
	{guest: "lib", export: "capitalize", want: `error: lib.wasm: the handler "capitalize" has type (i64) -> i64: want () -> i32, or no result`},
}

// TestFixtures has one engine, in which each guest is compiled once, and others
// for the cases that need them.
func TestFixtures(t *testing.T) {
	usual, all := fixtureEngine(t, Config{}), t
	for _, c := range fixtureCases {
		t.Run(c.guest, func(t *testing.T) {
			e, open := usual, all
			if c.setup != nil {
				config := Config{}
				c.setup(&config)
				e, open = fixtureEngine(t, config), t
			}
			src := sandbox.Source{Name: c.guest + ".wasm", Code: fixture(t, c.guest), Export: c.export}
			if c.export == "" {
				src.Export = "run_test"
			}
			if c.linked != "" {
				src.Code = module.Link(src.Code, map[string][]byte{c.linked: fixture(t, c.linked)})
			}
			p, err := e.Compile(context.Background(), compiled(t, src))
			if err != nil {
				if got := "error: " + err.Error(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				return
			}
			open.Cleanup(func() {
				if err := p.Close(); err != nil {
					open.Error(err)
				}
			})
			for range 2 { // the second time in an instance that was reset
				l := &callLog{fetch: c.fetch}
				got := runFixture(p.(*program), c, l)
				if got != c.want {
					t.Errorf("got %q, want %q, calls %q", got, c.want, l.calls)
				}
				for _, want := range c.calls {
					if !slices.Contains(l.calls, want) {
						t.Errorf("got calls %q, want %q", l.calls, want)
					}
				}
			}
		})
	}
}

// TestEveryFixture is that none of go-sdk's guests is left out.
func TestEveryFixture(t *testing.T) {
	fixture(t, "noop") // skips where there are none
	dir, _ := fixtureDir()
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil || len(files) != 27 {
		t.Errorf("%d guests, %v, want 27", len(files), err)
	}
	tried := map[string]bool{observedGuest: true}
	for _, c := range fixtureCases {
		tried[c.guest] = true
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".wasm"); !tried[name] {
			t.Errorf("nothing runs %s", name)
		}
	}
}

// runFixture runs a guest with a text as its input, beside its configuration.
func runFixture(p *program, c fixtureCase, l *callLog) string {
	i := p.newInvocation(sandbox.Invocation{Input: sandbox.Payload{JSON: []byte(c.input)}}, l.call)
	i.config, i.vars = c.config, maps.Clone(c.vars)
	if i.config == nil {
		i.config = map[string]string{}
	}
	in, failed := p.acquire(context.Background(), i)
	if failed != nil {
		return "error: " + failed.Message
	}
	result, failed := in.run(context.Background(), i)
	p.giveBack(in, failed)
	if failed != nil {
		return "error: " + failed.Message
	}
	if c.after != 0 && i.vars["a"][0] != c.after {
		return fmt.Sprintf("error: the variable is %v", i.vars["a"])
	}
	return string(result.JSON)
}
