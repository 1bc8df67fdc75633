package exttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// Config says what to run.
type Config struct {
	// Dir is the directory of the extension.
	Dir string

	// Match, when not nil, chooses tests by file and name.
	Match func(file, name string) bool

	// Timeout is how long one test may take (10 s).
	Timeout time.Duration
}

// Outcome is how a test ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Report is what came of a run.
type Report struct {
	Files    []FileReport  `json:"files"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Skipped  int           `json:"skipped"`
	Coverage Coverage      `json:"coverage"`
	Duration time.Duration `json:"-"`
}

// FileReport is one test file.
type FileReport struct {
	File  string       `json:"file"`
	Tests []TestReport `json:"tests"`
	Error string       `json:"error,omitempty"` // why it could not be run
}

// TestReport is one test.
type TestReport struct {
	Name       string   `json:"name"`
	Outcome    Outcome  `json:"outcome"`
	DurationMs float64  `json:"durationMs"`
	Failure    *Failure `json:"failure,omitempty"`
	Logs       []Log    `json:"logs,omitempty"` // of a test that failed
}

// Failure says why a test failed.
type Failure struct {
	Name     string `json:"name"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"` // may have several lines
	Received string `json:"received,omitempty"`
	Stack    string `json:"stack,omitempty"` // in the author's files
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

// runner is one run.
type runner struct {
	c     Config
	pkg   *pack.Package
	host  *standard.Host
	world *world // what the host is given: clock, chance, network
	cover *cover
	count int // of tests, which names their organizations
}

// Run runs every test of the extension in a directory. The error says why
// nothing could be run: the extension cannot be installed, say. Tests that fail
// are in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	began := time.Now()
	r := &runner{c: c, world: newWorld()}
	var err error
	if r.host, err = r.world.open(ctx); err != nil {
		return nil, err
	}
	defer r.host.Close(context.WithoutCancel(ctx))
	if r.pkg, err = pack.Open(c.Dir, pack.Options{Manifest: r.host.ManifestOptions()}); err != nil {
		return nil, err
	}
	if _, err := r.host.Install(ctx, "check", r.pkg, r.consent()); err != nil {
		return nil, err
	}
	r.cover = newCover(r.pkg.Manifest)
	report := &Report{Files: []FileReport{}}
	for _, f := range r.pkg.Files {
		if !pack.IsTest(f.Path) {
			continue
		}
		file, err := r.file(ctx, f.Path)
		if err != nil {
			return nil, err
		}
		if len(file.Tests) > 0 || file.Error != "" {
			report.Files = append(report.Files, file)
		}
	}
	report.count()
	report.Coverage = r.cover.report()
	report.Duration = time.Since(began)
	return report, nil
}

func (r *Report) count() {
	for _, f := range r.Files {
		if f.Error != "" {
			r.Failed++
		}
		for _, t := range f.Tests {
			switch t.Outcome {
			case Passed:
				r.Passed++
			case Failed:
				r.Failed++
			case Skipped:
				r.Skipped++
			}
		}
	}
}

func (r *runner) consent() runtime.Consent {
	return runtime.Consent{Granted: r.pkg.Manifest.Permissions, By: "annex test"}
}

// listed is a test as its file declares it.
type listed struct {
	Name string `json:"name"`
	Mode string `json:"mode"` // run, skip, only
}

// file runs the tests of one file, each in a sandbox and against an
// organization of its own. The error is ctx's.
func (r *runner) file(ctx context.Context, name string) (FileReport, error) {
	report := FileReport{File: name, Tests: []TestReport{}}
	script, err := r.compile(ctx, name)
	if err != nil {
		report.Error = err.Error()
		return report, ctx.Err()
	}
	defer script.close()
	tests, err := script.list(ctx, r)
	if err != nil {
		report.Error = withStack(err)
		return report, ctx.Err()
	}
	only := slices.ContainsFunc(tests, func(t listed) bool { return t.Mode == "only" })
	for i, t := range tests {
		if r.c.Match != nil && !r.c.Match(name, t.Name) {
			continue
		}
		if t.Mode == "skip" || only && t.Mode != "only" {
			report.Tests = append(report.Tests, TestReport{Name: t.Name, Outcome: Skipped})
			continue
		}
		done, err := r.test(ctx, script, i, t.Name)
		if err != nil {
			return report, err
		}
		report.Tests = append(report.Tests, done)
	}
	return report, nil
}

// test runs one test. The error is ctx's.
func (r *runner) test(ctx context.Context, script *script, index int, name string) (TestReport, error) {
	report := TestReport{Name: name, Outcome: Passed}
	r.count++
	s := r.world.begin(r, fmt.Sprintf("test-%d", r.count))
	began := time.Now()
	if _, err := r.host.Install(ctx, s.org, r.pkg, r.consent()); err != nil {
		return report, err
	}
	failed, err := script.test(ctx, s, index, name)
	s.end()
	report.DurationMs = float64(time.Since(began).Microseconds()) / 1000
	if ctx.Err() != nil {
		return report, ctx.Err()
	}
	report.Failure = failed
	if err != nil {
		e := sandbox.AsError(err)
		report.Failure = &Failure{Name: e.Name, Message: e.Message, Stack: e.Stack}
	}
	if unexpected := s.unexpectedRequests(); unexpected != "" {
		if report.Failure == nil {
			report.Failure = &Failure{}
		}
		*report.Failure = Failure{Name: "UnexpectedRequest", Message: unexpected, Stack: report.Failure.Stack}
	}
	if report.Failure != nil {
		report.Outcome, report.Logs = Failed, s.logs()
		report.Failure.locate()
	}
	return report, nil
}

// withStack is an error's text with the author's stack.
func withStack(err error) string {
	e := sandbox.AsError(err)
	if e.Stack != "" {
		return e.Stack
	}
	if e.Code == sandbox.Internal {
		return err.Error()
	}
	return e.Message
}

// decode reads one JSON value; nothing leaves into as it is.
func decode(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return errors.Join(errors.New("exttest: malformed value"), err)
	}
	return nil
}
