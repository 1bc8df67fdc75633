package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/scaffold"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newNew() *cobra.Command {
	var template, publisher, dir string
	cmd := &cobra.Command{
		Use:   "new [flags] NAME",
		Short: "Write a new extension that works",
		Long: `Makes a directory with an extension that answers one route: its manifest with a
schema for editors, its types, a test and a README. It is written in TypeScript,
in JavaScript, or in Go for WebAssembly, which a Go toolchain builds. NAME is an
id such as acme.notes, or its second part.`,
		Example: `  annex new acme.notes
  annex new --template javascript --publisher acme notes
  annex new --template go acme.notes`,
		Args: exactly(1, "NAME"),
	}
	f := cmd.Flags()
	f.StringVar(&template, "template", "typescript", "what to start from: "+strings.Join(scaffold.Templates(), ", "))
	f.StringVar(&publisher, "publisher", "me", "first part of the id, unless NAME has it")
	f.StringVar(&dir, "dir", "", "directory to make (default: the second part of the id)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id := args[0]
		if !strings.Contains(id, ".") {
			id = publisher + "." + id
		}
		if !manifest.IsID(id) {
			return usagef("%q is no id such as acme.notes: lowercase letters, numbers and hyphens, and one dot", id)
		}
		if dir == "" {
			dir = manifest.ID(id).ShortName()
		}
		names, err := scaffold.Write(dir, scaffold.Options{ID: manifest.ID(id), Template: template, Annex: runtime.Version})
		switch {
		case errors.Is(err, scaffold.ErrNotEmpty):
			return sandbox.Errorf(sandbox.Conflict, "%v; --dir names another", err)
		case err != nil:
			return usagef("%v", err)
		}
		out := cmd.OutOrStdout()
		for _, name := range names {
			fmt.Fprintln(out, filepath.Join(dir, name))
		}
		fmt.Fprintf(out, "\nTry it:\n  annex run --approve-all %[1]s\n  annex test %[1]s\n", dir)
		return nil
	}
	return cmd
}

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of extension.json",
		Long: `Prints the JSON Schema (draft 7) of extension.json, which is made from the rules of
the validator. An editor finds it beside the manifest when that says
"$schema": "./extension.schema.json".`,
		Example: `  annex schema > extension.schema.json`,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(manifest.Schema())
			return err
		},
	}
}
