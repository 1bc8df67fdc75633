package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

func newBackup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent backup of everything, while the host serves",
		Long: `Writes a new FILE with everything that the host keeps, as of one moment. Secrets in
it are sealed as they are stored, and the master key is not in it: keep that
apart from the backups. The file has its name when it is complete and was checked.`,
		Example: "  annex backup /backups/annex-$(date +%F).annex-backup",
		Args:    exactly(1, "FILE"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			var made backup.Summary
			err := backup.CreateFile(args[0], func(w io.Writer) error {
				stream, err := admin.Open(ctx, c, admin.Backup, struct{}{})
				if err != nil {
					return err
				}
				defer stream.Close()
				made, err = backup.Copy(ctx, w, stream)
				return err
			})
			if err != nil {
				return fileError(err)
			}
			return door.print(cmd, made, func(out io.Writer) { printSummary(out, "wrote "+args[0], made) })
		})
	}
	return cmd
}

// fileError gives errors about files and their content a code.
func fileError(err error) error {
	switch {
	case errors.Is(err, os.ErrExist):
		return &sandbox.Error{Code: sandbox.Conflict, Message: err.Error()}
	case errors.Is(err, backup.ErrDamaged), errors.Is(err, backup.ErrFormat):
		return &sandbox.Error{Code: sandbox.Invalid, Message: err.Error()}
	}
	return err
}

func printSummary(out io.Writer, what string, s backup.Summary) {
	fmt.Fprintf(out, "%s: %d records, %d bytes, as of %s, under master key %s\n", what, s.Pairs, s.Bytes, s.Written.Format(time.RFC3339), s.KeyID)
}

func newRestore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Restore a backup into a new data directory",
		Long: `Reads FILE, checks all of it, and makes the data directory of --data from it. The
directory must be empty but for the master key of the backup, which is needed
to check it: put it there as master.key, or name it by --master-key-file. A
restore that was interrupted is begun again by the same command.

What was done since the backup is undone: look at tokens that were revoked, grants that
were taken away and public addresses that were rotated before you serve it.`,
		Example: `  mkdir -m 700 new && cp /keys/master.key new/
  annex restore --data new /backups/annex-2026-11-22.annex-backup`,
		Args: exactly(1, "FILE"),
	}
	data := addDataFlag(cmd, "annex-data", "directory to make; it must not hold a store")
	keys := addKeyFlags(cmd)
	log := addLogFlag(cmd, "warn")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	addSettings(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		logger, err := newLogger(cmd, *log)
		if err != nil {
			return err
		}
		key, err := keys.masterKey()
		if err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		made, err := standard.Restore(cmd.Context(), f, *data, standard.Options{Logger: logger, MasterKey: key})
		if err != nil {
			return err
		}
		d := &doorFlags{asJSON: *asJSON}
		return d.print(cmd, made, func(out io.Writer) { printSummary(out, "restored "+*data, made) })
	}
	return cmd
}
