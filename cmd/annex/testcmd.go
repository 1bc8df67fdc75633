package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/exttest"
	"github.com/annexhost/annex/internal/watch"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newTest() *cobra.Command {
	var watching, asJSON bool
	var match string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "test [flags] [DIR]",
		Short: "Run the tests that an extension brings",
		Long: `Runs *.test.ts and *.test.js in the sandbox, each test against a host of its own:
in memory, empty, with everything granted that the manifest asks for, a clock that
the test moves, and no network but the answers that the test declares. Handlers
run in this process: test what you trust.

The exit code is 1 when a test fails. annex types --test prints what a test is
given; the README of annex new shows it.`,
		Example: `  annex test
  annex test --watch notes
  annex test --run 'refuses' --json notes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("annex test takes one directory")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&watching, "watch", false, "run again whenever a file changes, until it is interrupted")
	f.StringVar(&match, "run", "", "only tests whose file or name has this text")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.DurationVar(&timeout, "timeout", 10*time.Second, "how long one test may take")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c := exttest.Config{Dir: ".", Timeout: timeout}
		if len(args) == 1 {
			c.Dir = args[0]
		}
		if timeout <= 0 {
			return usagef("--timeout %s: want a time such as 10s", timeout)
		}
		if match != "" {
			c.Match = func(file, name string) bool { return strings.Contains(file, match) || strings.Contains(name, match) }
		}
		if !watching {
			return runTests(cmd.Context(), cmd, c, asJSON)
		}
		return watchTests(cmd, c, asJSON)
	}
	return cmd
}

// runTests runs the tests once. Tests that fail are the exit code, printed already.
func runTests(ctx context.Context, cmd *cobra.Command, c exttest.Config, asJSON bool) error {
	if err := buildModules(cmd, c.Dir); err != nil {
		return err
	}
	report, err := exttest.Run(ctx, c)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Dir, err)
	}
	out := cmd.OutOrStdout()
	if asJSON {
		if err := json.NewEncoder(out).Encode(report); err != nil {
			return err
		}
	} else {
		printTests(out, c.Dir, report)
	}
	if len(report.Files) == 0 && c.Match == nil {
		return sandbox.Errorf(sandbox.NotFound, "%s has no tests: they are in files called *.test.ts or *.test.js", c.Dir)
	}
	if report.Failed > 0 {
		return &saidError{1}
	}
	return nil
}

// watchTests runs the tests after every change, until the command is interrupted.
func watchTests(cmd *cobra.Command, c exttest.Config, asJSON bool) error {
	ctx := cmd.Context()
	w, err := watch.New(c.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	for {
		if err := runTests(ctx, cmd, c, asJSON); err != nil && ctx.Err() == nil {
			if _, said := err.(*saidError); !said {
				fmt.Fprintf(cmd.ErrOrStderr(), "annex: %v\n", err)
			}
		}
		if !asJSON {
			fmt.Fprintf(cmd.ErrOrStderr(), "\nwatching %s; interrupt to stop\n", c.Dir)
		}
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-w.Changes():
			if !ok {
				return nil
			}
		}
	}
}

var marks = map[exttest.Outcome]string{exttest.Passed: "✓", exttest.Failed: "✗", exttest.Skipped: "-"}

// printTests prints a report for people.
func printTests(w io.Writer, dir string, r *exttest.Report) {
	for _, f := range r.Files {
		fmt.Fprintln(w, printable(f.File))
		if f.Error != "" {
			fmt.Fprintf(w, "  ✗ %s\n", strings.ReplaceAll(printable(f.Error), "\n", "\n    "))
		}
		for _, t := range f.Tests {
			if t.Outcome == exttest.Skipped {
				fmt.Fprintf(w, "  - %s (skipped)\n", printable(t.Name))
				continue
			}
			fmt.Fprintf(w, "  %s %s (%.0f ms)\n", marks[t.Outcome], printable(t.Name), t.DurationMs)
			if t.Failure != nil {
				printFailure(w, dir, t)
			}
		}
	}
	total := fmt.Sprintf("%d passed", r.Passed)
	if r.Failed > 0 {
		total += fmt.Sprintf(", %d failed", r.Failed)
	}
	if r.Skipped > 0 {
		total += fmt.Sprintf(", %d skipped", r.Skipped)
	}
	fmt.Fprintf(w, "\n%s (%.2f s)\n", total, r.Duration.Seconds())
	printCoverage(w, "routes", r.Coverage.Routes, r.Coverage.RoutesMissed, "not called")
	printCoverage(w, "permissions", r.Coverage.Permissions, r.Coverage.PermissionsMissed, "not used")
}

func printCoverage(w io.Writer, what string, used, missed []string, how string) {
	fmt.Fprintf(w, "%s: %d of %d", what, len(used), len(used)+len(missed))
	if len(missed) > 0 {
		fmt.Fprintf(w, " (%s: %s)", how, strings.Join(missed, ", "))
	}
	fmt.Fprintln(w)
}

func printFailure(w io.Writer, dir string, t exttest.TestReport) {
	const margin = "      "
	write := func(text string) {
		if text != "" {
			fmt.Fprintln(w, margin+strings.ReplaceAll(strings.TrimRight(printable(text), "\n"), "\n", "\n"+margin))
		}
	}
	f := t.Failure
	title := f.Message
	if f.Name != "" && f.Name != "AssertionError" {
		title = f.Name + ": " + title
	}
	write(title)
	write(f.Difference())
	if f.File != "" {
		write(fmt.Sprintf("at %s:%d:%d", f.File, f.Line, f.Column))
		write(codeFrame(inDir(dir, f.File), f.Line, f.Column))
	}
	for _, l := range t.Logs {
		write(fmt.Sprintf("[%s] %s %s", l.Level, l.Message, l.Fields))
	}
}
