package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newPublic() *cobra.Command {
	return group("public", "Show, rotate and revoke the addresses at which anyone may call an extension",
		newPublicShow(), newPublicRotate(), newPublicRevoke())
}

func newPublicShow() *cobra.Command {
	return publicCommand("show EXTENSION", "Show the public address of an extension and what is there", "annex public show annex.webhook",
		func(ctx context.Context, cmd *cobra.Command, door *doorFlags, c *admin.Client, of admin.OfExtension) error {
			p, err := admin.Do(ctx, c, admin.ShowPublic, of)
			if err != nil {
				return err
			}
			return door.print(cmd, p, func(out io.Writer) { printPublic(out, p) })
		})
}

func newPublicRotate() *cobra.Command {
	return publicCommand("rotate EXTENSION", "Give the public routes a new address; nothing stays at the old one", "annex public rotate annex.webhook",
		func(ctx context.Context, cmd *cobra.Command, door *doorFlags, c *admin.Client, of admin.OfExtension) error {
			p, err := admin.Do(ctx, c, admin.RotatePublic, of)
			if err != nil {
				return err
			}
			return door.print(cmd, p, func(out io.Writer) { printPublic(out, p) })
		})
}

func newPublicRevoke() *cobra.Command {
	return publicCommand("revoke EXTENSION", "Take back the approval: anonymous callers are answered no more", "annex public revoke annex.webhook",
		func(ctx context.Context, cmd *cobra.Command, door *doorFlags, c *admin.Client, of admin.OfExtension) error {
			if _, err := admin.Do(ctx, c, admin.RevokePublic, of); err != nil {
				return err
			}
			return door.print(cmd, map[string]string{"revoked": of.Extension}, func(out io.Writer) {
				fmt.Fprintf(out, "%s answers nobody without signing in any more\n", of.Extension)
			})
		})
}

// publicCommand is a command on the public address of one extension.
func publicCommand(use, short, example string, do func(context.Context, *cobra.Command, *doorFlags, *admin.Client, admin.OfExtension) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Example: "  " + example, Args: exactly(1, "EXTENSION")}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			return do(ctx, cmd, door, c, door.of(args[0]))
		})
	}
	return cmd
}

// printPublic writes one line for each public route.
func printPublic(out io.Writer, p admin.PublicAddress) {
	switch {
	case len(p.Routes) == 0:
		fmt.Fprintf(out, "%s has no public routes\n", p.Extension)
	case !p.Approved:
		fmt.Fprintf(out, "%s has public routes, which are not approved:\n", p.Extension)
	}
	for _, r := range p.Routes {
		fmt.Fprintf(out, "%s\t%s%s\n", r.Method, p.Base, r.Path)
	}
}
