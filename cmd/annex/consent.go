package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi/admin"
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
	granted, how, err := a.consent(ctx, cmd, admin.PlanOf(plan))
	c := runtime.Consent{Granted: plan.Keep(), By: "command line: " + how}
	if granted != nil {
		c.Granted = *granted
	}
	return c, err
}

// consent returns what is granted, nil for what was approved before, and how
// that was decided.
func (a *approval) consent(ctx context.Context, cmd *cobra.Command, plan admin.Plan) (*permissions.Set, string, error) {
	switch {
	case len(a.grant) > 0:
		granted, err := chooseGrants(a.grant, plan.ID, plan.Asks)
		return &granted, "--grant", err
	case plan.Added.IsEmpty():
		return nil, "nothing new is asked for", nil
	}
	q := question{
		id: plan.ID, list: plan.Consent, text: fmt.Sprintf("Install %s %s by %s?", plan.Name, plan.Version, plan.Publisher),
		unasked: plan.ID + " needs consent and there is no terminal to ask in", refused: plan.ID + " was not approved; nothing was installed",
	}
	if plan.Installed != "" {
		q.text = plan.Name + " wants additional permissions. Approve?"
	}
	how, err := a.approve(ctx, cmd, q)
	return &plan.Asks, how, err
}

// question is what a person is asked to approve.
type question struct {
	id   string            // of the extension
	list []admin.Statement // what it will be able to do
	text string

	unasked string // says that nobody could be asked
	refused string // says that it was not approved
}

// approve shows what is asked for, and has it approved by the flag or by a person
// in a terminal. It returns by which.
func (a *approval) approve(ctx context.Context, cmd *cobra.Command, q question) (how string, err error) {
	out := cmd.ErrOrStderr()
	in, can := terminal(cmd)
	switch {
	case a.all:
		fmt.Fprintf(out, "%s: approved by --approve-all:\n", q.id)
	case can:
		fmt.Fprintf(out, "%s will be able to:\n", q.id)
	default:
		fmt.Fprintf(out, "%s asks for:\n", q.id)
	}
	printConsent(out, q.list)
	switch {
	case a.all:
		return "--approve-all", nil
	case !can:
		return "", deniedf("%s; --approve-all approves what is listed above", q.unasked)
	}
	ok, err := a.asking(in).confirm(ctx, out, q.text)
	switch {
	case err != nil:
		return "", deniedf("%v; nothing was changed", err)
	case !ok:
		return "", deniedf("%s", q.refused)
	}
	return "asked in a terminal", nil
}

// asking asks in a terminal: the same one, however often.
func (a *approval) asking(in io.Reader) *prompt {
	if a.prompt == nil {
		a.prompt = &prompt{in: in}
	}
	return a.prompt
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
