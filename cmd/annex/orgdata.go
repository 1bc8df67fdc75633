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
		Short: "Export an organization: extensions, what they have stored, tokens",
		Long: `Writes a new FILE of lines of JSON, which org import makes an organization of, here or
elsewhere: extensions with all versions that they can return to, their grants,
configuration, public addresses and stored values; the keys that publishers have signed
with; and tokens, as the hashes that let the same values in. Whoever has the file has all
that is stored in it.

The values of secrets are not in it, only their names and hosts: they open on this host
alone. The audit has an export of its own, annex audit export, whose end the file names.
Logs and recordings are not moved, nor what was uninstalled.`,
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
		Use:   "import NAME FILE",
		Short: "Make a new organization of an export; what broke off goes on when it is repeated",
		Long: `Makes a new organization of an export. The tokens in it let the same values in here:
who made FILE chose them, so leave them out with --no-tokens unless you trust whoever
that was. Tokens that an import made before it broke off stay; annex token list shows them.`,
		Example: "  annex org import acme acme.jsonl\n  annex org import --no-tokens acme acme.jsonl",
		Args:    exactly(2, "NAME and FILE"),
	}
	noTokens := cmd.Flags().Bool("no-tokens", false, "leave tokens out")
	door := addDoorFlags(cmd)
	door.create = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := os.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			done, err := admin.Do(ctx, c, admin.ImportOrg, admin.ImportOrgIn{InOrg: admin.InOrg{Org: args[0]}, NoTokens: *noTokens, Lines: f})
			if err != nil {
				return err
			}
			return door.print(cmd, done, func(out io.Writer) {
				fmt.Fprintf(out, "imported %s: %d extensions, %d earlier versions, %d values (%d had expired), %d tokens (%d left out)\n",
					done.Org, done.Extensions, done.Versions, done.Values, done.Expired, done.Tokens, done.Unused)
				for _, left := range done.Left {
					fmt.Fprintf(out, "left out: %s\n", left)
				}
				for _, s := range done.Secrets {
					fmt.Fprintf(out, "set again: annex secrets set --org %s", done.Org)
					for _, host := range s.Hosts {
						fmt.Fprintf(out, " --host %s", host)
					}
					fmt.Fprintf(out, " %s %s\n", s.Extension, s.Name)
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
