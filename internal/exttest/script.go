package exttest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/sandbox"
)

// The files that stand around a test file.
const (
	entryFile   = "annex-test-entry.js"
	preludeFile = "annex-test-prelude.js"
)

//go:embed prelude.js
var prelude []byte

// maxScript is how large a test file with what it imports may be, in bytes.
const maxScript = 4 << 20

// methods are what the prelude calls.
var methods = sandbox.API{
	{Name: "host.invoke", Params: []string{"route", "options"}, Sync: true},
	{Name: "host.wait", Params: []string{"ticket"}},
	{Name: "host.answer", Params: []string{"ask", "answer"}, Sync: true},
	{Name: "host.state", Params: []string{"op", "args"}},
	{Name: "host.stub", Params: []string{"id", "request", "answers"}, Sync: true},
	{Name: "host.requests", Params: []string{"id"}, Sync: true},
	{Name: "host.clock", Params: []string{"op", "value"}, Sync: true},
	{Name: "host.logs", Sync: true},
	{Name: "host.events", Sync: true},
}

// script is a test file that was compiled.
type script struct {
	engine  sandbox.Engine
	program sandbox.Program
}

// compile bundles a test file with the prelude before it.
func (r *runner) compile(ctx context.Context, name string) (*script, error) {
	entry := fmt.Sprintf("import { main } from './%s'\nimport %q\nexport default main\n", preludeFile, "./"+name)
	out, err := bundle.Build(ctx, bundle.Input{Entry: entryFile, MaxOutput: maxScript, Read: func(file string) ([]byte, bool) {
		switch file {
		case entryFile:
			return []byte(entry), true
		case preludeFile:
			return prelude, true
		}
		data, err := r.pkg.Read(file)
		return data, err == nil
	}})
	if err != nil {
		return nil, err
	}
	engine, err := js.New(js.Config{API: methods, Warm: -1, MaxSource: maxScript})
	if err != nil {
		return nil, err
	}
	program, err := engine.Compile(ctx, sandbox.Source{Name: name, Code: out.Code, SourceMap: out.SourceMap})
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return &script{engine, program}, nil
}

func (s *script) close() {
	_ = s.program.Close()
	_ = s.engine.Close()
}

// list returns the tests of the file.
func (s *script) list(ctx context.Context, r *runner) (tests []listed, err error) {
	outside := func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{}, sandbox.Errorf(sandbox.Unavailable, "annex is only there inside of a test")
	}
	err = s.run(ctx, r, sandbox.Invocation{ID: "list"}, "{}", &tests, outside)
	return tests, err
}

// test runs one test. It returns why it failed, nil if it has not; the error is
// that it could not be run to its end.
func (s *script) test(ctx context.Context, t *session, index int, name string) (*Failure, error) {
	var result struct {
		Failed *Failure `json:"failed"`
	}
	inv := sandbox.Invocation{ID: name, Wait: t.clock.sleepTest}
	err := s.run(ctx, t.r, inv, fmt.Sprintf(`{"run":%d}`, index), &result, t.call)
	return result.Failed, err
}

// run runs the file with a configuration, and reads the result. How long it may
// take is by the machine's clock.
func (s *script) run(ctx context.Context, r *runner, inv sandbox.Invocation, config string, result any, call sandbox.Caller) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.c.Timeout, errSlow)
	defer cancel()
	inv.Tenant, inv.Now, inv.Random = "test", r.world.now, r.world
	inv.Input = sandbox.Payload{JSON: fmt.Appendf(nil, `{"request":{},"user":null,"config":%s}`, config)}
	inv.Limits = sandbox.Limits{Wall: sandbox.Unlimited, CPU: r.c.Timeout}
	out, err := s.program.Run(ctx, inv, call)
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		return sandbox.Errorf(sandbox.Timeout, "it took longer than %s; --timeout allows more", r.c.Timeout)
	}
	if err != nil {
		return err
	}
	return decode(out.Result.JSON, result)
}

var errSlow = errors.New("exttest: it took too long")

// stackPlace is a place in a line of a stack: "at f (server/a.ts:3:7)", as
// people know it, or "at f (server/a.ts:3:7(12))", as the engine writes it.
var stackPlace = regexp.MustCompile(`([^\s()]+):(\d+):(\d+)(\(\d+\))?(\)?)$`)

// locate fills in the place of a failure and leaves our own frames out of its stack.
func (f *Failure) locate() {
	var kept []string
	for _, line := range strings.Split(f.Stack, "\n") {
		if strings.Contains(line, preludeFile) || strings.Contains(line, entryFile) {
			continue
		}
		found := stackPlace.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			if strings.HasPrefix(strings.TrimSpace(line), "at ") {
				continue // of the engine
			}
			kept = append(kept, line)
			continue
		}
		kept = append(kept, "    "+stackPlace.ReplaceAllString(strings.TrimSpace(line), "$1:$2:$3$5"))
		if f.File == "" {
			f.File = found[1]
			f.Line, _ = strconv.Atoi(found[2])
			f.Column, _ = strconv.Atoi(found[3])
		}
	}
	f.Stack = strings.TrimRight(strings.Join(kept, "\n"), "\n")
}
