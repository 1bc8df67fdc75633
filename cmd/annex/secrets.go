package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"charm.land/huh/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

func newSecrets() *cobra.Command {
	return group("secrets", "Set the secrets of extensions; values are never shown again",
		newSecretsSet(), newSecretsList(), newSecretsDelete())
}

func newSecretsSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set EXTENSION NAME",
		Short: "Set a secret; the value is asked for, or read from standard input",
		Example: `  annex secrets set annex.weather api_key
  printf %s "$KEY" | annex secrets set annex.weather api_key`,
		Args: exactly(2, "EXTENSION and NAME"),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		value, err := readSecret(cmd, args[1])
		if err != nil {
			return err
		}
		return s.onSecret(cmd, args[0], args[1], "secret.write", func(ctx context.Context, k *secrets.Keeper, o secrets.Owner) error {
			_, err := k.Set(ctx, o, args[1], value)
			return err
		})
	}
	return cmd
}

func newSecretsDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete EXTENSION NAME",
		Short:   "Delete a secret",
		Example: "  annex secrets delete annex.weather api_key",
		Args:    exactly(2, "EXTENSION and NAME"),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.onSecret(cmd, args[0], args[1], "secret.delete", func(ctx context.Context, k *secrets.Keeper, o secrets.Owner) error {
			if _, err := k.Get(ctx, o, args[1]); errors.Is(err, secrets.ErrNotFound) {
				return sandbox.Errorf(sandbox.NotFound, "%s has no secret %s", o.Extension, args[1])
			}
			return k.Delete(ctx, o, args[1])
		})
	}
	return cmd
}

// onSecret writes the audit record and then does what it says.
func (s *stateFlags) onSecret(cmd *cobra.Command, extension, name, action string, do func(context.Context, *secrets.Keeper, secrets.Owner) error) error {
	return s.with(cmd, func(ctx context.Context, state *standard.State) error {
		id, err := s.extension(ctx, state, extension)
		if err != nil {
			return err
		}
		record := audit.Record{Org: *s.org, Extension: id, Actor: actor, Action: action, Target: name, Outcome: "ok"}
		if err := state.Audit.Append(ctx, record); err != nil {
			return err
		}
		return do(ctx, state.Keeper, secrets.Owner{Org: *s.org, Extension: id})
	})
}

// readSecret asks in a terminal without showing what is typed, and otherwise
// reads standard input, of which it drops one line end.
func readSecret(cmd *cobra.Command, name string) (secrets.Value, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		var text string
		input := huh.NewInput().Title("Value of " + name).EchoMode(huh.EchoModePassword).Value(&text)
		form := huh.NewForm(huh.NewGroup(input)).WithInput(f).WithOutput(cmd.ErrOrStderr())
		if err := form.RunWithContext(cmd.Context()); err != nil {
			return secrets.Value{}, usagef("asking was interrupted; nothing was set")
		}
		return secrets.NewValue(text), nil
	}
	text, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return secrets.Value{}, err
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if value == "" {
		return secrets.Value{}, usagef("no value: type it in a terminal, or pass it on standard input")
	}
	return secrets.NewValue(value), nil
}

func newSecretsList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list EXTENSION",
		Short:   "List the names of an extension's secrets",
		Example: "  annex secrets list annex.weather --json",
		Args:    exactly(1, "EXTENSION"),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			id, err := s.extension(ctx, state, args[0])
			if err != nil {
				return err
			}
			infos, err := state.Keeper.List(ctx, secrets.Owner{Org: *s.org, Extension: id})
			if err != nil {
				return err
			}
			if s.asJSON {
				if infos == nil {
					infos = []secrets.Info{}
				}
				return json.NewEncoder(cmd.OutOrStdout()).Encode(infos)
			}
			for _, i := range infos {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\tversion %d\t%s\n", i.Name, i.Version, i.UpdatedAt.Format(time.RFC3339))
			}
			return nil
		})
	}
	return cmd
}
