package bridgetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/sandbox"
)

// Case is one rule about one method. A method that has none fails [Run].
type Case struct {
	Method string
	Rule   string // in words
	Args   string // JSON

	Config  Config
	Prepare func(f *Fixture)

	Want string       // the JSON of the result, empty for undefined
	Code sandbox.Code // what the call fails with; empty when it succeeds
	Text string       // part of the error's message

	After func(f *Fixture) error // what must hold after the call
}

// Call carries one call of a guest. The suite calls a session directly by
// (*Fixture).Call; an engine passes its own way to the same session.
type Call func(f *Fixture, method, args string) (result string, err error)

// Cases are all cases, by method.
func Cases() []Case {
	return slices.Concat(storageCases(), storageBatchCases(), secretsCases(), httpCases(), httpSecretCases(), eventsCases(), logCases())
}

// Run proves that call reaches the table and keeps its rules.
func Run(t *testing.T, call Call) {
	covered := make(map[string]bool)
	for _, c := range Cases() {
		covered[c.Method] = covered[c.Method] || c.Code == ""
		t.Run(c.Method+"/"+c.Rule, func(t *testing.T) { c.run(t, call) })
	}
	for _, m := range bridge.Methods() {
		if !covered[m.Name] {
			t.Errorf("%s has no conformance case in which it succeeds", m.Name)
		}
		t.Run(m.Name+"/every method", func(t *testing.T) { runEvery(t, call, m) })
	}
	t.Run("a name that is not in the table is denied", func(t *testing.T) {
		for _, name := range []string{"", "storage", "storage.", "storage.Get", "storage.get ", "storage.clear", "toString", "__proto__"} {
			_, err := call(New(Config{}), name, "{}")
			if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Denied || e.Name != "PermissionDeniedError" {
				t.Errorf("%q: got %v, want a PermissionDeniedError", name, err)
			}
		}
	})
}

func (c Case) run(t *testing.T, call Call) {
	f := New(c.Config)
	if c.Prepare != nil {
		c.Prepare(f)
	}
	got, err := call(f, c.Method, c.Args)
	if c.Code == "" && err != nil {
		t.Fatalf("%s\n%s(%s) failed: %v", c.Rule, c.Method, c.Args, err)
	}
	if c.Code != "" {
		checkError(t, c, err)
	}
	if got != c.Want {
		t.Errorf("%s\n%s(%s)\n got %s\nwant %s", c.Rule, c.Method, c.Args, got, c.Want)
	}
	if c.After != nil {
		if err := c.After(f); err != nil {
			t.Errorf("%s\nafter %s(%s): %v", c.Rule, c.Method, c.Args, err)
		}
	}
}

func checkError(t *testing.T, c Case, err error) {
	t.Helper()
	e := sandbox.AsError(err)
	if e == nil || e.Code != c.Code || !strings.Contains(e.Message, c.Text) {
		t.Errorf("%s\n%s(%s)\n got error %+v\nwant code %s and a text with %q", c.Rule, c.Method, c.Args, e, c.Code, c.Text)
	}
}

// runEvery proves what holds for all methods alike.
func runEvery(t *testing.T, call Call, m bridge.Method) {
	valid := ""
	for _, c := range Cases() {
		if c.Method == m.Name && c.Code == "" {
			valid = c.Args
			break
		}
	}
	if m.Permission != permissions.None {
		f := New(Config{Granted: []permissions.Permission{}})
		_, err := call(f, m.Name, valid)
		if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Denied || e.Permission == "" {
			t.Errorf("without its permission: got %v, want denied with the permission", err)
		}
		if n := f.touched(); n > 0 {
			t.Errorf("without its permission it reached %d fakes", n)
		}
	}
	for _, args := range []string{
		`{"__proto__":1}`, `{"unknown":1}`, `[]`, `"x"`, `null`, `{`, `{"a"}`, valid + `x`, "{\"\xff\":1}", strings.Repeat(`{"a":`, 200),
	} {
		_, err := call(New(Config{}), m.Name, args)
		if e := sandbox.AsError(err); e == nil || e.Code != sandbox.Invalid || !strings.Contains(e.Message, m.Name) {
			t.Errorf("malformed arguments %.40q: got %v, want invalid with the method's name", args, err)
		}
	}
}

// touched counts what reached the fakes that keep what they were asked.
func (f *Fixture) touched() int {
	return len(f.Fetcher.Requests()) + len(f.Events.All()) + len(f.Audit.All()) + len(f.Secrets.Names())
}

// must fails the test's set-up loudly.
func must(_ any, err error) {
	if err != nil {
		panic(fmt.Sprintf("bridgetest: %v", err))
	}
}
