package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newConfig() *cobra.Command {
	return group("config", "Configure extensions, as their manifests allow", newConfigGet(), newConfigSet())
}

func newConfigGet() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "get EXTENSION [NAME]",
		Short:   "Show the configuration of an extension, or one value as JSON",
		Example: "  annex config get annex.notes\n  annex config get annex.notes pageSize",
		Args:    cobra.MatchAll(atLeast(1, "EXTENSION"), atMost(2, "EXTENSION and NAME")),
	}, func(ctx context.Context, e errand, args []string) error {
		found, err := admin.Do(ctx, e.Client, admin.ShowConfig, e.door.of(args[0]))
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return e.print(found, func(out io.Writer) { printConfig(out, found) })
		}
		value, ok := found.Values[args[1]]
		if !ok {
			return sandbox.Errorf(sandbox.NotFound, "%s has no value for %s", args[0], args[1])
		}
		_, err = fmt.Fprintf(e.cmd.OutOrStdout(), "%s\n", value)
		return err
	})
}

func printConfig(out io.Writer, c admin.Configuration) {
	for _, p := range c.Properties {
		value, how := "", "not set"
		if v, ok := c.Values[p.Name]; ok {
			value, how = string(v), "default"
		}
		if _, ok := c.Set[p.Name]; ok {
			how = "set"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", oneLine(p.Name), p.Type, value, how, oneLine(p.Description))
	}
}

func newConfigSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set EXTENSION [NAME=VALUE…]",
		Short: "Set values, checked against the manifest, all or none",
		Long: `Sets values. A VALUE is JSON; for a property of type string it may be the text
itself. Handlers of the next call see them, and config:changed is raised.`,
		Example: `  annex config set annex.notes pageSize=50
  annex config set annex.notes 'tags=["a","b"]' title='My notes'
  annex config set annex.notes --unset pageSize
  annex config set annex.notes --file values.json`,
		Args: atLeast(1, "EXTENSION"),
	}
	unset := cmd.Flags().StringArray("unset", nil, "name whose default shall count again (repeatable)")
	file := cmd.Flags().String("file", "", "JSON object of values, - for standard input")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		of := e.door.of(args[0])
		in := admin.SetConfigIn{OfExtension: of, Set: map[string]json.RawMessage{}, Unset: *unset}
		if err := readValues(e.cmd, *file, in.Set); err != nil {
			return err
		}
		declared, err := admin.Do(ctx, e.Client, admin.ShowConfig, of)
		if err != nil {
			return err
		}
		for _, pair := range args[1:] {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				return usagef("%s: want NAME=VALUE", pair)
			}
			in.Set[name] = configValue(declared.TypeOf(name), value)
		}
		if len(in.Set)+len(in.Unset) == 0 {
			return usagef("there is nothing to set: NAME=VALUE, --unset or --file")
		}
		done, err := admin.Do(ctx, e.Client, admin.SetConfig, in)
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) { printConfig(out, done) })
	})
}

// configValue is JSON as it was typed; what is no JSON, and what is to be a
// string and is not typed as one, is text.
func configValue(kind string, text string) json.RawMessage {
	quoted := strings.HasPrefix(text, `"`)
	if json.Valid([]byte(text)) && (kind != "string" || quoted) {
		return json.RawMessage(text)
	}
	value, _ := json.Marshal(text) // a string
	return value
}

func readValues(cmd *cobra.Command, file string, into map[string]json.RawMessage) error {
	if file == "" {
		return nil
	}
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := json.NewDecoder(io.LimitReader(in, 1<<20)).Decode(&into); err != nil {
		return usagef("--file %s: want a JSON object: %v", file, err)
	}
	return nil
}
