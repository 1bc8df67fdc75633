package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newOrgExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export NAME FILE",
		Short: "Export an organization: packages, grants, configuration and stored values",
		Long: `Writes a new FILE of lines of JSON, which org import makes an organization of, here or
elsewhere. The values of secrets are not in it, only their names: they open on this
host alone. The audit has an export of its own: annex audit export.`,
		Example: "  annex org export acme acme.jsonl",
		Args:    exactly(2, "NAME and FILE"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			stream, err := admin.Open(ctx, c, admin.ExportOrg, admin.InOrg{Org: args[0]})
			if err != nil {
				return err
			}
			defer stream.Close()
			err = backup.CreateFile(args[1], func(w io.Writer) error {
				_, err := io.Copy(w, stream)
				return err
			})
			if err != nil {
				return fileError(err)
			}
			return door.print(cmd, map[string]string{"org": args[0], "file": args[1]}, func(out io.Writer) { fmt.Fprintf(out, "wrote %s\n", args[1]) })
		})
	}
	return cmd
}

func newOrgImport() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "import NAME FILE",
		Short:   "Make a new organization of an export; what broke off goes on when it is repeated",
		Example: "  annex org import acme acme.jsonl",
		Args:    exactly(2, "NAME and FILE"),
	}
	door := addDoorFlags(cmd)
	door.create = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := os.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			done, err := admin.Do(ctx, c, admin.ImportOrg, admin.ImportOrgIn{InOrg: admin.InOrg{Org: args[0]}, Lines: f})
			if err != nil {
				return err
			}
			return door.print(cmd, done, func(out io.Writer) {
				fmt.Fprintf(out, "imported %s: %d extensions, %d values (%d had expired)\n", done.Org, done.Extensions, done.Values, done.Expired)
				for _, s := range done.Secrets {
					fmt.Fprintf(out, "set again: annex secrets set --org %s %s\n", done.Org, s)
				}
			})
		})
	}
	return cmd
}

func newOrgErase() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "erase NAME --yes",
		Short: "Destroy everything of an organization, for good",
		Long: `Destroys an organization: the keys of its secrets first, then its data, tokens, logs
and audit; then it looks at every key of the store and fails when one is left. Backups
and exports from before are not touched.`,
		Example: "  annex org erase acme --yes",
		Args:    exactly(1, "NAME"),
	}
	sure := cmd.Flags().Bool("yes", false, "really: it cannot be undone")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*sure {
			return usagef("this destroys everything of %s and cannot be undone; say so with --yes", args[0])
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			done, err := admin.Do(ctx, c, admin.EraseOrg, admin.InOrg{Org: args[0]})
			if err != nil {
				return err
			}
			return door.print(cmd, done, func(out io.Writer) {
				fmt.Fprintf(out, "erased %s: none of the %d keys of the store is its\n", done.Org, done.Scanned)
			})
		})
	}
	return cmd
}
