package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/permissions"
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

// consent returns what is granted, nil for what was approved before, and how
// that was decided.
func (a *approval) consent(ctx context.Context, cmd *cobra.Command, plan admin.Plan) (*permissions.Set, string, error) {
	errOut := cmd.ErrOrStderr()
	switch {
	case len(a.grant) > 0:
		granted, err := chooseGrants(a.grant, plan.ID, plan.Asks)
		return &granted, "--grant", err
	case plan.Added.IsEmpty():
		return nil, "nothing new is asked for", nil
	case a.all:
		fmt.Fprintf(errOut, "%s: approved by --approve-all:\n", plan.ID)
		printConsent(errOut, plan.Consent)
		return &plan.Asks, "--approve-all", nil
	}
	in, can := terminal(cmd)
	if !can {
		fmt.Fprintf(errOut, "%s asks for:\n", plan.ID)
		printConsent(errOut, plan.Consent)
		return nil, "", deniedf("%s needs consent and there is no terminal to ask in; --approve-all approves what is listed above", plan.ID)
	}
	question := fmt.Sprintf("Install %s %s by %s?", plan.Name, plan.Version, plan.Publisher)
	if plan.Installed != "" {
		question = fmt.Sprintf("%s wants additional permissions. Approve?", plan.Name)
	}
	ok, err := a.asking(in).consent(ctx, errOut, question, plan.ID, plan.Consent)
	if err != nil {
		return nil, "", err
	}
	if !ok {
		return nil, "", deniedf("%s was not approved; nothing was installed", plan.ID)
	}
	return &plan.Asks, "asked in a terminal", nil
}

// consent shows what an extension will be able to do, and asks.
func (p *prompt) consent(ctx context.Context, out io.Writer, question, id string, list []admin.Statement) (bool, error) {
	fmt.Fprintf(out, "%s will be able to:\n", id)
	printConsent(out, list)
	ok, err := p.confirm(ctx, out, question)
	if err != nil {
		return false, deniedf("%v; nothing was changed", err)
	}
	return ok, nil
}

// printConsent prints consent texts, the highest risk first.
func printConsent(w io.Writer, list []admin.Statement) {
	if len(list) == 0 {
		fmt.Fprintln(w, "  - nothing")
	}
	for _, s := range list {
		name := s.Permission
		if name == "" {
			name = "public routes"
		}
		fmt.Fprintf(w, "  - %s (%s, %s risk)\n", s.Text, name, s.Risk)
	}
}
