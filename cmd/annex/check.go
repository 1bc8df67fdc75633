package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/internal/check"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/manifest"
)

func newCheck() *cobra.Command {
	var asJSON, strict, noTypes bool
	var engine string
	cmd := &cobra.Command{
		Use:   "check [flags] [PACKAGE]",
		Short: "Say what is wrong with an extension before anybody installs it",
		Long: `Checks the manifest, the handlers, sizes and engines of PACKAGE (a directory or a
.bpx file), and follows from the code which permissions it uses but does not
declare, and which it declares but does not use. Of a WebAssembly module that is
read from the methods that it names. What the code does not tell is said. Nothing
of the extension is run; modules whose Go sources are there are built first.

Types are checked by a TypeScript compiler in node_modules or on the PATH, where
there is one. A compiler in node_modules is a program of whoever made the
directory: use --no-types for directories of others.

The exit code is 5 when there are errors.`,
		Example: `  annex check
  annex check --strict --json notes
  annex check notes-1.0.0.bpx`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("annex check takes one directory or package")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.BoolVar(&strict, "strict", false, "warnings are errors too")
	f.BoolVar(&noTypes, "no-types", false, "run no TypeScript compiler")
	f.StringVar(&engine, "blueplm", "", "version that engines.blueplm is checked against (default 3.9.9)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := "."
		if len(args) == 1 {
			path = args[0]
		}
		if err := buildModules(cmd, path); err != nil {
			return err
		}
		report, err := check.Run(cmd.Context(), check.Config{
			Path: path, Compiler: !noTypes, Manifest: manifest.Options{AnnexVersion: runtime.Version, BluePLM: engine},
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if asJSON {
			if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
				return err
			}
		} else {
			printCheck(cmd.OutOrStdout(), path, report)
		}
		if report.Count(check.Error) > 0 || strict && report.Count(check.Warning) > 0 {
			return &saidError{exitInvalid}
		}
		return nil
	}
	return cmd
}

// exitInvalid is the exit code for what is malformed.
const exitInvalid = 5

// printCheck prints a report for people, with the lines that it is about.
func printCheck(w io.Writer, path string, r *check.Report) {
	for _, f := range r.Findings {
		where := ""
		switch {
		case f.Line > 0:
			where = fmt.Sprintf("%s:%d:%d: ", f.File, f.Line, f.Column)
		case f.File != "":
			where = f.File + ": "
		}
		fmt.Fprintf(w, "%s%s: %s\n", printable(where), f.Severity, printable(f.Message))
		if f.Line > 0 && f.Severity != check.Note && filepath.IsLocal(filepath.FromSlash(f.File)) {
			io.WriteString(w, codeFrame(inDir(path, f.File), f.Line, f.Column))
		}
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
	}
	if r.ID != "" {
		fmt.Fprintf(w, "%s %s, %d bytes packed\n", r.ID, r.Version, r.Packed)
	}
	for _, h := range r.Handlers {
		how := " bundled"
		if strings.HasSuffix(h.Handler, ".wasm") {
			how = "" // taken as it is
		}
		fmt.Fprintf(w, "%s: %d bytes%s\n", h.Handler, h.Bytes, how)
	}
	if r.ID != "" {
		p := r.Permissions
		fmt.Fprintf(w, "permissions: %d used, %d undeclared, %d unused, %d not known\n", len(p.Used), len(p.Undeclared), len(p.Unused), len(p.Unknown))
		fmt.Fprintf(w, "types: %s\n", r.Types)
	}
	var counts []string
	for _, s := range []check.Severity{check.Error, check.Warning, check.Note} {
		counts = append(counts, fmt.Sprintf("%d %ss", r.Count(s), s))
	}
	fmt.Fprintln(w, strings.Join(counts, ", "))
}
