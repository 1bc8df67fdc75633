package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
)

func newStorage() *cobra.Command {
	return group("storage", "Look at and change what extensions have stored",
		newStorageList(), newStorageGet(), newStorageSet(), newStorageDelete(), newStorageExport(), newStorageImport())
}

// listPage is how many keys are asked for at a time.
const listPage = 1000

func newStorageList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list EXTENSION",
		Short:   "List the keys of an extension",
		Example: "  annex storage list annex.notes --prefix note/",
		Args:    exactly(1, "EXTENSION"),
	}
	prefix := cmd.Flags().String("prefix", "", "only keys that start with it")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		keys := []string{}
		in := admin.ListKeysIn{OfExtension: e.door.of(args[0]), Page: admin.Page{Limit: listPage}, Prefix: *prefix}
		for {
			page, err := admin.Do(ctx, e.Client, admin.ListKeys, in)
			if err != nil {
				return err
			}
			keys = append(keys, page.Keys...)
			if in.After = page.Next; in.After == "" {
				break
			}
		}
		return e.print(keys, func(out io.Writer) {
			for _, key := range keys {
				fmt.Fprintln(out, key)
			}
		})
	})
}

func (d *doorFlags) key(args []string) admin.OfKey {
	return admin.OfKey{OfExtension: d.of(args[0]), Key: args[1]}
}

func newStorageGet() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "get EXTENSION KEY",
		Short:   "Print a stored value, as JSON",
		Example: "  annex storage get annex.notes count",
		Args:    exactly(2, "EXTENSION and KEY"),
	}, func(ctx context.Context, e errand, args []string) error {
		found, err := admin.Do(ctx, e.Client, admin.GetValue, e.door.key(args))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.cmd.OutOrStdout(), "%s\n", found.Value)
		return err
	})
}

func newStorageSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "set EXTENSION KEY VALUE",
		Short:   "Store a value, JSON, within the quota of the extension; - reads standard input",
		Example: "  annex storage set annex.notes count 0\n  annex storage set annex.notes draft - --expires-in 1h <draft.json",
		Args:    exactly(3, "EXTENSION, KEY and VALUE"),
	}
	expires := cmd.Flags().Duration("expires-in", 0, "how long the value is kept, such as 1h (default: for ever)")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		value := []byte(args[2])
		if args[2] == "-" {
			var err error
			if value, err = io.ReadAll(io.LimitReader(e.cmd.InOrStdin(), 1<<20)); err != nil {
				return err
			}
		}
		if !json.Valid(value) {
			return usagef("the value is not JSON; a text needs its quotes: '\"text\"'")
		}
		if *expires < 0 || *expires%time.Second != 0 {
			return usagef("--expires-in %v: want whole seconds", *expires)
		}
		in := admin.SetValueIn{OfKey: e.door.key(args), Value: value, ExpiresIn: int(*expires / time.Second)}
		_, err := admin.Do(ctx, e.Client, admin.SetValue, in)
		return err
	})
}

func newStorageDelete() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "delete EXTENSION KEY",
		Short:   "Delete a stored value",
		Example: "  annex storage delete annex.notes note/1",
		Args:    exactly(2, "EXTENSION and KEY"),
	}, func(ctx context.Context, e errand, args []string) error {
		_, err := admin.Do(ctx, e.Client, admin.DeleteValue, e.door.key(args))
		return err
	})
}

func newStorageExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export EXTENSION",
		Short:   "Write all that an extension has stored, as lines of JSON",
		Example: "  annex storage export annex.notes --output notes.jsonl",
		Args:    exactly(1, "EXTENSION"),
	}
	output := cmd.Flags().StringP("output", "o", "", "file to write, which must not exist (default: standard output)")
	return onDoor(cmd, func(ctx context.Context, e errand, args []string) error {
		lines, err := admin.Open(ctx, e.Client, admin.ExportStorage, e.door.of(args[0]))
		if err != nil {
			return err
		}
		defer lines.Close()
		return writeOutput(e.cmd, *output, lines)
	})
}

// writeOutput copies a stream to a new file, or to standard output. A file that
// could not be completed is removed.
func writeOutput(cmd *cobra.Command, name string, from io.Reader) error {
	if name == "" {
		_, err := io.Copy(cmd.OutOrStdout(), from)
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}

func newStorageImport() *cobra.Command {
	return onDoor(&cobra.Command{
		Use:     "import EXTENSION FILE",
		Short:   "Store the lines of an export, over what is there; - reads standard input",
		Example: "  annex storage import annex.notes notes.jsonl",
		Args:    exactly(2, "EXTENSION and FILE"),
	}, func(ctx context.Context, e errand, args []string) error {
		in := e.cmd.InOrStdin()
		if args[1] != "-" {
			f, err := os.Open(args[1])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		done, err := admin.Do(ctx, e.Client, admin.ImportStorage, admin.ImportStorageIn{OfExtension: e.door.of(args[0]), Lines: in})
		if err != nil {
			return err
		}
		return e.print(done, func(out io.Writer) {
			fmt.Fprintf(out, "stored %d keys; %d had expired\n", done.Keys, done.Expired)
		})
	})
}
