package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/gobuild"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newBuild() *cobra.Command {
	return &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build the WebAssembly modules of an extension that is written in Go",
		Long: `Builds every handler NAME.wasm of the manifest whose Go package is in the directory
NAME beside it: server/hello.wasm from server/hello. It needs a go.mod in DIR and a
Go toolchain, 1.24 or later. The same sources give the same bytes.

annex dev, test, check, run and pack do the same first. Modules of other languages
are built by their own tools.`,
		Example: `  annex build
  annex build notes`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("annex build takes one directory")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			modules := gobuild.Find(dir)
			if len(modules) == 0 {
				return sandbox.Errorf(sandbox.NotFound, "%s has nothing to build: a handler such as server/hello.wasm is built from Go in server/hello, beside a go.mod in %[1]s", dir)
			}
			if err := buildModules(cmd, dir); err != nil {
				return err
			}
			for _, m := range modules {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n", m.File)
			}
			return nil
		},
	}
}

// buildModules builds what has changed of an author's directory, and says so.
// For want of a toolchain what is there has to do.
func buildModules(cmd *cobra.Command, dir string) error {
	built, err := gobuild.Build(cmd.Context(), dir)
	for _, b := range built {
		fmt.Fprintln(cmd.ErrOrStderr(), b)
	}
	if problems := problemsOf(err); len(problems) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s does not build:\n%s\n", dir, framed(dir, problems))
		return &saidError{exitInvalid}
	}
	if errors.Is(err, gobuild.ErrNoGo) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: its modules were not built: %v\n", dir, err)
		return nil
	}
	return err
}
