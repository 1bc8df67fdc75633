// Command annex runs and hosts extensions: handlers in JavaScript or TypeScript
// that somebody else wrote, sandboxed, with nothing but what was approved.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

func main() {
	standard.WorkerMain()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	out, errOut = harmless(out, errOut)
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var said *saidError
	if errors.As(err, &said) {
		return said.code
	}
	fmt.Fprintf(errOut, "annex: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitOf(err)
}

// exitOf is the exit code for an error of a package below.
func exitOf(err error) int {
	return httpapi.Outcome(&sandbox.Error{Code: runtime.CodeOf(err), Reason: sandbox.AsError(err).Reason}).Exit
}

// exitUsage is the exit code for a wrong command line.
const exitUsage = 2

// usageError is a wrong command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// saidError ends the command with a code whose reason is already printed.
type saidError struct{ code int }

func (e *saidError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "annex",
		Short: "Run other people's code inside your product",
		Long: `Annex hosts extensions: packages of handlers with a manifest that says what they
may do. It shows that to the person who installs one, runs the handlers in
sandboxes, and checks every call that leaves a sandbox.

A flag wins over the environment (ANNEX_DATA, ANNEX_LISTEN, ANNEX_LOG,
ANNEX_MASTER_KEY), and the environment over the file annex.yaml, whose keys are
the names of the flags.

Exit codes: 0 done, 1 the handler threw, 2 usage, 3 denied, 4 not found, 5 invalid
input, 6 conflict, 7 a limit, 8 unavailable, 70 a fault of Annex.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; annex --help lists them", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = false
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; %s --help shows what there is", err, cmd.CommandPath())
	})
	root.AddCommand(
		newRun(), newServe(), newDev(), newTypes(), newVersion(),
		newDoctor(),
		newInstall(), newList(), newShow(), newEnable(), newDisable(), newUninstall(), newInvoke(), newOrg(),
		newGrants(), newConfig(),
		newUpdate(), newVersions(), newRollback(), newPin(), newUnpin(), newReplay(),
		newStorage(), newSecrets(), newAudit(), newToken(), newPublic(),
		newBackup(), newRestore(), newLogs(), newStats(),
		newNew(), newSchema(), newBuild(), newPack(), newSign(), newVerify(), newKeys(), newTest(), newCheck(),
	)
	return root
}
