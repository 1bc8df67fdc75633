package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// stateFlags are those of the commands that look after a data directory which
// is not being served.
type stateFlags struct {
	data, org, log *string
	keys           *keyFlags
	asJSON         bool
}

func addStateFlags(cmd *cobra.Command) *stateFlags {
	s := &stateFlags{
		data: addDataFlag(cmd, "annex-data", "directory of the state; must not be served at the moment"),
		org:  cmd.Flags().String("org", "demo", "organization"),
		log:  addLogFlag(cmd, "warn"),
		keys: addKeyFlags(cmd),
	}
	cmd.Flags().BoolVar(&s.asJSON, "json", false, "print JSON")
	addSettings(cmd)
	return s
}

// with opens the state, runs f, and closes it.
func (s *stateFlags) with(cmd *cobra.Command, f func(ctx context.Context, state *standard.State) error) error {
	logger, err := newLogger(cmd, *s.log)
	if err != nil {
		return err
	}
	key, err := s.keys.masterKey()
	if err != nil {
		return err
	}
	if _, err := os.Stat(*s.data); errors.Is(err, fs.ErrNotExist) {
		return sandbox.Errorf(sandbox.NotFound, "there is no data directory %s; --data names another", *s.data)
	}
	if err := registry.CheckOrg(*s.org); err != nil {
		return usagef("--org %q: %v", *s.org, err)
	}
	ctx := cmd.Context()
	state, err := standard.OpenState(ctx, *s.data, standard.Options{Logger: logger, MasterKey: key})
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, state), state.Close(context.WithoutCancel(ctx)))
}

// extension returns the full id of what the command line names.
func (s *stateFlags) extension(ctx context.Context, state *standard.State, name string) (string, error) {
	inst, err := state.Registry.Get(ctx, *s.org, name)
	if errors.Is(err, registry.ErrNotFound) {
		var id string
		if id, err = state.Registry.FindShort(ctx, *s.org, name); err == nil {
			inst, err = state.Registry.Get(ctx, *s.org, id)
		}
	}
	if errors.Is(err, registry.ErrNotFound) {
		return "", sandbox.Errorf(sandbox.NotFound, "extension %s is not installed for organization %s", name, *s.org)
	}
	return inst.Extension, err
}

// actor says who acts through the command line, for the audit.
const actor = "command line"

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q for %q; %s --help lists them", args[0], cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}
