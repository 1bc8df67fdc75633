package main

import (
	"github.com/spf13/cobra"

	"github.com/annexhost/annex/bridge"
)

func newTypes() *cobra.Command {
	return &cobra.Command{
		Use:   "types",
		Short: "Print api.d.ts, the types of what a handler is given",
		Example: `  annex types > api.d.ts
  annex types | less`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write([]byte(bridge.Typings()))
			return err
		},
	}
}
