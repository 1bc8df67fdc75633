package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what is installed",
		Example: "  annex list --org acme --json",
		Args:    exactly(0, ""),
	}
	removed := cmd.Flags().Bool("removed", false, "also what was uninstalled and whose data is still kept")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			all := []admin.Extension{}
			in := admin.ListExtensionsIn{InOrg: door.in(), Removed: *removed}
			for {
				page, err := admin.Do(ctx, c, admin.ListExtensions, in)
				if err != nil {
					return err
				}
				all = append(all, page.Extensions...)
				if in.After = page.Next; in.After == "" {
					break
				}
			}
			return door.print(cmd, all, func(out io.Writer) {
				for _, e := range all {
					fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", e.ID, e.Version, stateOf(e), e.Name)
				}
			})
		})
	}
	return cmd
}

// stateOf says in a word whether an extension is called.
func stateOf(e admin.Extension) string {
	switch {
	case !e.PurgeAt.IsZero():
		return "uninstalled"
	case e.Enabled && e.Slowed:
		return "slowed"
	case e.Enabled:
		return "enabled"
	}
	return "disabled"
}

// print prints v as JSON with --json, and otherwise what text writes.
func (d *doorFlags) print(cmd *cobra.Command, v any, text func(io.Writer)) error {
	if d.asJSON {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	text(cmd.OutOrStdout())
	return nil
}
