package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// install opens a package and installs it for org after consent.
func install(cmd *cobra.Command, host *standard.Host, org, name string, approve *approval) (*manifest.Manifest, error) {
	ctx := cmd.Context()
	p, err := pack.Open(name, pack.Options{Manifest: host.ManifestOptions()})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	plan, err := host.Plan(ctx, org, p)
	if err != nil {
		return nil, err
	}
	for _, w := range plan.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", name, w)
	}
	if plan.Installed != nil && plan.Installed.Pin != nil && !plan.Same {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s is pinned to version %s and was not updated; annex unpin lets it\n", name, plan.Manifest.ID, plan.Installed.Version)
		return host.Manifest(ctx, org, string(plan.Manifest.ID))
	}
	key, err := approve.key(ctx, cmd, string(plan.Manifest.ID), admin.PlanOf(plan).Signature)
	if err != nil {
		return nil, err
	}
	consent, err := approve.decide(ctx, cmd, plan)
	if err != nil && plan.Installed != nil && approve.orPending {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", name, err)
		return pend(cmd, host, org, p, runtime.Consent{By: "command line: added permissions wait", AcceptKey: key})
	}
	if err != nil {
		return nil, err
	}
	consent.AcceptKey = key
	if plan.Same && !plan.Signature.First() && !plan.Signature.Changed() && plan.Added.IsEmpty() && len(approve.grant) == 0 {
		return plan.Manifest, nil
	}
	if _, err := host.Install(ctx, org, p, consent); err != nil {
		return nil, err
	}
	return plan.Manifest, nil
}

// pend keeps an update that was not approved, and returns the manifest of the
// version that runs on.
func pend(cmd *cobra.Command, host *standard.Host, org string, p *pack.Package, c runtime.Consent) (*manifest.Manifest, error) {
	_, inst, err := host.Update(cmd.Context(), org, p, c)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: version %s runs on, and %s waits: annex update --approve %[1]s\n", inst.Extension, inst.Version, p.Manifest.Version)
	return host.Manifest(cmd.Context(), org, inst.Extension)
}

// hostOptions puts the flags of a command together.
func hostOptions(cmd *cobra.Command, policy *policyFlags, keys *keyFlags, log string) (standard.Options, error) {
	logger, err := newLogger(cmd, log)
	if err != nil {
		return standard.Options{}, err
	}
	limits, err := policy.limits()
	if err != nil {
		return standard.Options{}, err
	}
	network, err := policy.egress()
	if err != nil {
		return standard.Options{}, err
	}
	key, err := keys.masterKey()
	if err != nil {
		return standard.Options{}, err
	}
	trust, err := policy.trust.trust()
	if err != nil {
		return standard.Options{}, err
	}
	return standard.Options{
		Trust: trust, Logger: logger, Limits: limits, Egress: network, MasterKey: key,
		Policy: policy.permissions(), StrictEngines: policy.strictEngines,
	}, nil
}

// deniedf is an error whose exit code says that something was not approved.
func deniedf(format string, args ...any) error {
	return sandbox.Errorf(sandbox.Denied, format, args...)
}
