package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/internal/exttest"
)

func newTypes() *cobra.Command {
	var tests bool
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Print api.d.ts, the types of what a handler is given",
		Example: `  annex types > api.d.ts
  annex types --test > api.d.ts`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := bridge.Typings()
			if tests {
				text += exttest.Typings()
			}
			_, err := io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().BoolVar(&tests, "test", false, "also what the tests of annex test are given")
	return cmd
}
