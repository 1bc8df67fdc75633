package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newInstall() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "install PACKAGE",
		Short: "Install a package (a directory or a .bpx file) after consent",
		Long: `Shows what the package asks for and asks whether to approve it. What was approved
before and is still asked for is not asked again.`,
		Example: `  annex install examples/notes
  annex install --approve-all notes-1.0.0.bpx
  annex install --grant storage:database --host https://annex.example.com ./my-extension`,
		Args: exactly(1, "PACKAGE"),
	}
	approve := addApprovalFlags(cmd)
	cmd.Flags().StringSliceVar(&approve.grant, "grant", nil, "approve exactly these permissions; none approves nothing, public the public routes")
	door := addDoorFlags(cmd)
	door.policy = addPolicyFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if approve.all && len(approve.grant) > 0 {
			return usagef("--approve-all and --grant contradict each other")
		}
		archive, err := readPackage(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			plan, err := admin.Do(ctx, c, admin.PlanInstall, admin.PlanIn{InOrg: door.in(), Package: archive})
			if err != nil {
				return err
			}
			for _, w := range plan.Warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", args[0], w)
			}
			key, err := approve.key(ctx, cmd, plan.ID, plan.Signature)
			if err != nil {
				return err
			}
			granted, how, err := approve.consent(ctx, cmd, plan)
			if err != nil {
				return err
			}
			in := admin.InstallIn{InOrg: door.in(), Package: archive, Digest: plan.Digest, Granted: granted, How: how, AcceptKey: key}
			done, err := admin.Do(ctx, c, admin.Install, in)
			if err != nil {
				return err
			}
			var public admin.PublicAddress
			if done.Granted.Public && !door.asJSON {
				if public, err = admin.Do(ctx, c, admin.ShowPublic, door.of(done.ID)); err != nil {
					return err
				}
			}
			return door.print(cmd, done, func(out io.Writer) {
				fmt.Fprintf(out, "installed %s %s%s%s\n", done.ID, done.Version, door.forOrg(), staysOff(done))
				if public.Token != "" {
					fmt.Fprintln(out, "anyone who has the address can call:")
					printPublic(out, public)
				}
			})
		})
	}
	return cmd
}

// staysOff says that what was installed is not called, because it was switched
// off before.
func staysOff(e admin.Extension) string {
	if e.Enabled {
		return ""
	}
	return "; it stays switched off: annex enable " + e.ID
}
