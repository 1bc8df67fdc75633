package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newOrg() *cobra.Command {
	return group("org", "Make, list, suspend, move and erase organizations",
		newOrgCreate(), newOrgList(),
		newOrgState("suspend", "Let nothing of an organization answer; everything is kept", "suspended"),
		newOrgState("resume", "Let a suspended organization go on", "active"),
		newOrgExport(), newOrgImport(), newOrgErase())
}

func newOrgCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Make an organization",
		Long:    "Makes an organization, and the data directory when there is none.",
		Example: "  annex org create acme",
		Args:    exactly(1, "NAME"),
	}
	door := addDoorFlags(cmd)
	door.create = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			made, err := admin.Do(ctx, c, admin.CreateOrg, admin.InOrg{Org: args[0]})
			if err != nil {
				return err
			}
			return door.print(cmd, made, func(out io.Writer) { fmt.Fprintf(out, "made organization %s\n", made.Name) })
		})
	}
	return cmd
}

func newOrgState(name, short, state string) *cobra.Command {
	return onDoor(&cobra.Command{
		Use: name + " NAME", Short: short,
		Example: "  annex org " + name + " acme",
		Args:    exactly(1, "NAME"),
	}, func(ctx context.Context, e errand, args []string) error {
		done, err := admin.Do(ctx, e.Client, admin.SetOrgState, admin.SetOrgStateIn{InOrg: admin.InOrg{Org: args[0]}, State: state})
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) { fmt.Fprintf(out, "%s is %s\n", done.Name, done.State) })
	})
}

func newOrgList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List organizations",
		Example: "  annex org list --json",
		Args:    exactly(0, ""),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			all := []admin.Org{}
			for in := (admin.Page{}); ; {
				page, err := admin.Do(ctx, c, admin.ListOrgs, in)
				if err != nil {
					return err
				}
				all = append(all, page.Orgs...)
				if in.After = page.Next; in.After == "" {
					break
				}
			}
			return door.print(cmd, all, func(out io.Writer) {
				for _, o := range all {
					fmt.Fprintf(out, "%s\t%s\tsince %s\n", o.Name, o.State, o.CreatedAt.Format(time.RFC3339))
				}
			})
		})
	}
	return cmd
}
