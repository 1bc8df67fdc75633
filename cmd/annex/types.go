package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/internal/atomicfile"
	"github.com/annexhost/annex/internal/exttest"
)

func newTypes() *cobra.Command {
	var tests bool
	var guest string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Print the types of what a handler is given: api.d.ts, or a Go package",
		Example: `  annex types > api.d.ts
  annex types --test > api.d.ts
  annex types --go guest`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if guest != "" {
				return writeGuest(guest)
			}
			text := bridge.Typings()
			if tests {
				text += exttest.Typings()
			}
			_, err := io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().BoolVar(&tests, "test", false, "also what the tests of annex test are given")
	cmd.Flags().StringVar(&guest, "go", "", "write the API for Go, a package, into this directory and print nothing")
	return cmd
}

// writeGuest writes the package guest over what a directory has of it.
func writeGuest(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, data := range bridge.GuestSource() {
		if err := atomicfile.Write(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
