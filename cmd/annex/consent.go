package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
)

// approval is how the command line decides about what a package asks for.
type approval struct {
	all    bool
	accept string   // the id of a key that takes the place of a publisher's earlier one
	grant  []string // run only: exactly these

	// orPending leaves an update that was not approved waiting, where what is
	// installed can run on.
	orPending bool

	prompt *prompt // made with the first question
}

func addApprovalFlags(cmd *cobra.Command) *approval {
	a := &approval{}
	cmd.Flags().BoolVar(&a.all, "approve-all", false, "approve everything that the packages declare, public routes too")
	cmd.Flags().StringVar(&a.accept, "accept-key", "", "accept that a publisher signs with this key now, where it had another; none where it has none any more")
	return a
}

// decide returns what is granted. What was approved before and is still asked
// for stays; what is new is asked for in a terminal, unless a flag decides.
func (a *approval) decide(ctx context.Context, cmd *cobra.Command, plan runtime.Plan) (runtime.Consent, error) {
	id := string(plan.Manifest.ID)
	errOut := cmd.ErrOrStderr()
	switch {
	case len(a.grant) > 0:
		granted, err := chooseGrants(a.grant, id, plan.Asks)
		return runtime.Consent{Granted: granted, By: "command line: --grant"}, err
	case plan.Added.IsEmpty():
		return runtime.Consent{Granted: plan.Keep(), By: "command line: nothing new is asked for"}, nil
	case a.all:
		fmt.Fprintf(errOut, "%s: approved by --approve-all:\n", id)
		printStatements(errOut, plan.Added)
		return runtime.Consent{Granted: plan.Asks, By: "command line: --approve-all"}, nil
	}
	in, can := terminal(cmd)
	if !can {
		fmt.Fprintf(errOut, "%s asks for:\n", id)
		printStatements(errOut, plan.Added)
		return runtime.Consent{}, deniedf("%s needs consent and there is no terminal to ask in; --approve-all approves what is listed above", id)
	}
	fmt.Fprintf(errOut, "%s will be able to:\n", id)
	printStatements(errOut, plan.Added)
	question := fmt.Sprintf("Install %s %s by %s?", plan.Manifest.Name, plan.Manifest.Version, plan.Manifest.Publisher)
	if plan.Installed != nil {
		question = fmt.Sprintf("%s wants additional permissions. Approve?", plan.Manifest.Name)
	}
	ok, err := a.asking(in).confirm(ctx, errOut, question)
	if err != nil {
		return runtime.Consent{}, deniedf("%v; nothing was installed", err)
	}
	if !ok {
		return runtime.Consent{}, deniedf("%s was not approved; nothing was installed", id)
	}
	return runtime.Consent{Granted: plan.Asks, By: "command line: asked in a terminal"}, nil
}

// asking asks in a terminal: the same one, however often.
func (a *approval) asking(in io.Reader) *prompt {
	if a.prompt == nil {
		a.prompt = &prompt{in: in}
	}
	return a.prompt
}

// printStatements prints consent texts, the highest risk first.
func printStatements(w io.Writer, set permissions.Set) {
	for _, s := range set.Statements() {
		name := string(s.Permission)
		if name == "" {
			name = "public routes"
		}
		fmt.Fprintf(w, "  - %s (%s, %s risk)\n", s.Text, name, s.Risk)
	}
}

// chooseGrants returns the permissions that --grant names, of those that an
// extension asks for. "none" stands for no permission, "public" for public routes.
func chooseGrants(names []string, id string, asks permissions.Set) (permissions.Set, error) {
	granted := permissions.Set{Subdomains: asks.Subdomains}
	for _, name := range names {
		if name == "none" {
			continue
		}
		if name == "public" && asks.Public {
			granted.Public = true
			continue
		}
		p := permissions.Permission(name)
		client, server := slices.Contains(asks.Client, p), slices.Contains(asks.Server, p)
		if client {
			granted.Client = append(granted.Client, p)
		}
		if server {
			granted.Server = append(granted.Server, p)
		}
		if !client && !server {
			return granted, usagef("--grant %s: %s does not ask for it", name, id)
		}
	}
	return granted, nil
}
