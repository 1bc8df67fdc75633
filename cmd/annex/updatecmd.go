package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newUpdate() *cobra.Command {
	var approveOnly, withdraw, later bool
	cmd := &cobra.Command{
		Use:   "update PACKAGE | --approve EXTENSION | --withdraw EXTENSION",
		Short: "Update an extension; the old version runs until added permissions are approved",
		Long: `Shows the difference between what PACKAGE (a directory or a .bpx file) asks for and
what was approved. When nothing is added, it takes the place of the current version
at once: invocations that run finish on the old one. Otherwise it waits for
approval, and the old version runs on: here in the terminal, by --approve-all, or
later by --approve. A pinned extension is not updated.`,
		Example: `  annex update notes-1.1.0.bpx
  annex update --later notes-2.0.0.bpx
  annex update --approve acme.notes`,
		Args: exactly(1, "PACKAGE"),
	}
	approve := addApprovalFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&later, "later", false, "do not ask: leave what asks for more pending")
	f.BoolVar(&approveOnly, "approve", false, "show and approve the update of EXTENSION that waits")
	f.BoolVar(&withdraw, "withdraw", false, "drop the update of EXTENSION that waits")
	door := addDoorFlags(cmd)
	door.policy = addPolicyFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (approveOnly && withdraw) || later && (approveOnly || withdraw || approve.all) {
			return usagef("--approve, --withdraw and --later contradict each other")
		}
		switch {
		case withdraw:
			return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
				done, err := admin.Do(ctx, c, admin.WithdrawUpdate, door.of(args[0]))
				return door.tell(cmd, done, err, "the update of %s was dropped; version %s runs on")
			})
		case approveOnly:
			return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
				return door.approvePending(ctx, cmd, c, args[0], approve)
			})
		}
		archive, err := readPackage(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			return door.update(ctx, cmd, c, args[0], archive, approve, later)
		})
	}
	return cmd
}

// tell prints an extension as JSON, or the text with its id and version.
func (d *doorFlags) tell(cmd *cobra.Command, e admin.Extension, err error, format string) error {
	if err != nil {
		return err
	}
	return d.print(cmd, e, func(out io.Writer) { fmt.Fprintf(out, format+"%s\n", e.ID, e.Version, staysOff(e)) })
}

// update sends a package, and asks for what it adds unless that is for later.
func (d *doorFlags) update(ctx context.Context, cmd *cobra.Command, c *admin.Client, name string, archive []byte, approve *approval, later bool) error {
	plan, err := admin.Do(ctx, c, admin.PlanInstall, admin.PlanIn{InOrg: d.in(), Package: archive})
	if err != nil {
		return err
	}
	key, err := approve.key(ctx, cmd, plan.ID, plan.Signature)
	if err != nil {
		return err
	}
	in := admin.UpdateIn{InOrg: d.in(), Package: archive, Digest: plan.Digest, How: "annex update", AcceptKey: key}
	done, err := admin.Do(ctx, c, admin.Update, in)
	if err != nil {
		return err
	}
	for _, w := range done.Plan.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", name, w)
	}
	printDifference(cmd.ErrOrStderr(), done.Plan.Added, done.Plan.Removed)
	switch {
	case done.State == "same":
		return d.tell(cmd, done.Extension, nil, "%s %s is this very package already")
	case done.State == "updated":
		return d.tell(cmd, done.Extension, nil, "updated %s to %s")
	case later:
		return d.tell(cmd, done.Extension, nil, "the update of %s waits for approval; version %s runs on")
	}
	return d.approvePending(ctx, cmd, c, done.Extension.ID, approve)
}

// approvePending shows the update that waits and has it approved.
func (d *doorFlags) approvePending(ctx context.Context, cmd *cobra.Command, c *admin.Client, extension string, approve *approval) error {
	pending, err := admin.Do(ctx, c, admin.ShowUpdate, d.of(extension))
	if err != nil {
		return err
	}
	how, err := approve.approve(ctx, cmd, question{
		id: extension, list: pending.Consent, text: fmt.Sprintf("%s %s wants additional permissions. Approve?", extension, pending.Version),
		unasked: fmt.Sprintf("the update of %s waits for approval, and the old version runs on: annex update --approve %[1]s", extension),
		refused: fmt.Sprintf("the update of %s was not approved: it waits, and the old version runs on; annex update --withdraw %[1]s drops it", extension),
	})
	if err != nil {
		return err
	}
	done, err := admin.Do(ctx, c, admin.ApproveUpdate, admin.ApproveIn{OfExtension: d.of(extension), Digest: pending.Digest, How: how})
	return d.tell(cmd, done, err, "updated %s to %s")
}

// printDifference prints what is asked for more and less.
func printDifference(w io.Writer, added, removed permissions.Set) {
	for _, p := range lines(added.String()) {
		fmt.Fprintf(w, "  + %s\n", p)
	}
	for _, p := range lines(removed.String()) {
		fmt.Fprintf(w, "  - %s\n", p)
	}
}

func newVersions() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "versions EXTENSION",
		Short:   "List the versions that ran, which annex rollback returns to",
		Example: "  annex versions acme.notes --json",
		Args:    exactly(1, "EXTENSION"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			list, err := admin.Do(ctx, c, admin.ListVersions, door.of(args[0]))
			if err != nil {
				return err
			}
			return door.print(cmd, list.Versions, func(out io.Writer) {
				for _, v := range list.Versions {
					state := "left " + v.Left.Format(time.RFC3339)
					if v.Current {
						state = "current"
					}
					fmt.Fprintf(out, "%s\t%s\t%.12s\t%s\n", v.Version, state, v.Digest, v.Granted)
				}
			})
		})
	}
	return cmd
}

func newRollback() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollback EXTENSION [VERSION]",
		Short: "Return to an earlier version, with the grants that it had",
		Long: `Makes an earlier version the current one again, at once, with what was approved for
it when it last ran; without VERSION the one before. Data, secrets and
configuration stay as they are. annex versions lists what there is.`,
		Example: `  annex rollback acme.notes
  annex rollback acme.notes 1.0.3`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return exactly(1, "EXTENSION, and VERSION where it is not the one before,")(cmd, args)
		},
	}
	door := addDoorFlags(cmd)
	door.policy = addPolicyFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in := admin.RollbackIn{}
		if len(args) == 2 {
			in.Version = args[1]
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			in.OfExtension = door.of(args[0])
			done, err := admin.Do(ctx, c, admin.Rollback, in)
			return door.tell(cmd, done, err, "%s is at version %s again")
		})
	}
	return cmd
}

func newPin() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "pin EXTENSION",
		Short:   "Keep an extension at its version",
		Example: `  annex pin acme.notes --reason "audit week"`,
		Args:    exactly(1, "EXTENSION"),
	}
	reason := cmd.Flags().String("reason", "", "why, for whoever wants to update it")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			done, err := admin.Do(ctx, c, admin.SetPin, admin.PinIn{OfExtension: door.of(args[0]), Reason: *reason})
			return door.tell(cmd, done, err, "%s stays at version %s")
		})
	}
	return cmd
}

func newUnpin() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "unpin EXTENSION",
		Short:   "Let an extension be updated again",
		Example: "  annex unpin acme.notes",
		Args:    exactly(1, "EXTENSION"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			done, err := admin.Do(ctx, c, admin.RemovePin, door.of(args[0]))
			return door.tell(cmd, done, err, "%s may be updated again; it has version %s")
		})
	}
	return cmd
}
