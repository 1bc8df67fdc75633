package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/secrets"
)

func newSecrets() *cobra.Command {
	return group("secrets", "Set the secrets of extensions; values are never shown again",
		newSecretsSet(), newSecretsList(), newSecretsDelete(), newSecretsRotate())
}

func newSecretsSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set EXTENSION NAME",
		Short: "Set a secret; the value is asked for, or read from standard input",
		Long: `Sets a secret, which is never shown again. With --host NAME (repeatable) an extension
that has the permission secrets:use can send it to that host without seeing it.
A --host that is a URL names the Annex to speak to, as with every command.`,
		Example: `  annex secrets set annex.weather api_key
  printf %s "$KEY" | annex secrets set --host api.weather.example annex.weather api_key`,
		Args: exactly(2, "EXTENSION and NAME"),
	}
	var hosts twoHosts
	made := onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		value, err := readSecret(e.cmd, args[1])
		if err != nil {
			return err
		}
		in := admin.SetSecretIn{OfSecret: e.door.secret(args), Value: string(value.Reveal())}
		if hosts.names != nil {
			in.Hosts = &hosts.names
		}
		_, err = admin.Do(ctx, e.Client, admin.SetSecret, in)
		return err
	})
	hosts.server = made.Flags().Lookup("host").Value
	made.Flags().Lookup("host").Value = &hosts
	made.Flags().Lookup("host").Usage = "host that the secret may be sent to (repeatable), or the URL of the Annex to speak to"
	return made
}

// twoHosts tells the two meanings of --host apart: a URL is where the admin API
// is, as with every command; a name is where the secret may be sent.
type twoHosts struct {
	server pflag.Value
	names  []string
}

func (h *twoHosts) Set(value string) error {
	if strings.Contains(value, "://") {
		return h.server.Set(value)
	}
	// The flag is set now, so that nobody looks into the environment any more.
	if origin := os.Getenv(hostVariable); origin != "" && h.server.String() == "" {
		if err := h.server.Set(origin); err != nil {
			return err
		}
	}
	h.names = append(h.names, value)
	return nil
}

func (h *twoHosts) String() string {
	if h.server == nil {
		return ""
	}
	return h.server.String()
}

func (h *twoHosts) Type() string { return "string" }

func (d *doorFlags) secret(args []string) admin.OfSecret {
	return admin.OfSecret{OfExtension: d.of(args[0]), Name: args[1]}
}

func newSecretsDelete() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "delete EXTENSION NAME",
		Short:   "Delete a secret",
		Example: "  annex secrets delete annex.weather api_key",
		Args:    exactly(2, "EXTENSION and NAME"),
	}, func(ctx context.Context, e errand, args []string) error {
		_, err := admin.Do(ctx, e.Client, admin.DeleteSecret, e.door.secret(args))
		return err
	})
}

// readSecret asks in a terminal without showing what is typed, and otherwise
// reads standard input, of which it drops one line end.
func readSecret(cmd *cobra.Command, name string) (secrets.Value, error) {
	if in, can := terminal(cmd); can {
		text, err := askHidden(in, cmd.ErrOrStderr(), "Value of "+name)
		if err != nil || text == "" {
			return secrets.Value{}, usagef("nothing was typed; nothing was set")
		}
		return secrets.NewValue(text), nil
	}
	in := cmd.InOrStdin()
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
	return onDoor(&cobra.Command{
		Use:     "list EXTENSION",
		Short:   "List the names of an extension's secrets",
		Example: "  annex secrets list annex.weather --json",
		Args:    exactly(1, "EXTENSION"),
	}, func(ctx context.Context, e errand, args []string) error {
		list, err := admin.Do(ctx, e.Client, admin.ListSecrets, e.door.of(args[0]))
		if err != nil {
			return err
		}
		return e.print(list.Secrets, func(out io.Writer) {
			for _, i := range list.Secrets {
				fmt.Fprintf(out, "%s\tversion %d\t%s\t%s\n", i.Name, i.Version, i.UpdatedAt.Format(time.RFC3339), strings.Join(i.Hosts, " "))
			}
		})
	})
}

func newSecretsRotate() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:   "rotate",
		Short: "Make a new master key and forget the old one",
		Long: `Makes a new master key and wraps the data key of every extension under it, also
while the directory is being served. What was interrupted is finished by running
it again. Back the new key up: older backups need the old one.`,
		Example: "  annex secrets rotate",
		Args:    exactly(0, ""),
	}, func(ctx context.Context, e errand, _ []string) error {
		done, err := admin.Do(ctx, e.Client, admin.RotateMasterKey, struct{}{})
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) { fmt.Fprintf(out, "wrapped %d keys under a new master key\n", done.Wrapped) })
	})
}
