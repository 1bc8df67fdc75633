package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newAudit() *cobra.Command {
	return group("audit", "Read and verify the audit log", newAuditList(), orFile(newAuditVerify()), newAuditExport())
}

func newAuditList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List audit entries, oldest first",
		Long: `Lists the audit of an organization, or, with --of-host, that of the host itself: backups,
rotations of the master key, organizations that were erased.`,
		Example: `  annex audit list --action denied
  annex audit list --extension annex.weather --json`,
		Args: exactly(0, ""),
	}
	var in admin.ListAuditIn
	ofHost := addOfHost(cmd)
	f := cmd.Flags()
	f.StringVar(&in.Extension, "extension", "", "only entries of this extension, by its full id")
	f.StringVar(&in.Action, "action", "", "only entries of this action, such as denied or secret.read")
	f.StringVar(&in.Credential, "credential", "", "only what was done with this credential: the id of a token (annex token list), or an issuer")
	f.Uint64Var(&in.After, "after", 0, "only entries with a greater number")
	limit := f.Int("limit", 0, "at most this many (default all)")
	return onDoor(cmd, func(ctx context.Context, e errand, _ []string) error {
		in.InOrg = e.door.orHost(*ofHost)
		return listAudit(ctx, e, in, *limit)
	})
}

// addOfHost adds the flag that asks for the host's own audit.
func addOfHost(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("of-host", false, "the host's own audit in place of an organization's")
}

// orHost names the organization, or the host.
func (d *doorFlags) orHost(ofHost bool) admin.InOrg {
	if ofHost {
		return admin.InOrg{Org: audit.HostOrg}
	}
	return d.in()
}

// listAudit prints entries page by page: a line for each, of JSON or of text.
func listAudit(ctx context.Context, e errand, in admin.ListAuditIn, limit int) error {
	for left := limit; ; {
		in.Limit = listPage
		if limit > 0 {
			in.Limit = min(listPage, left)
		}
		found, err := admin.Do(ctx, e.Client, admin.ListAudit, in)
		if err != nil {
			return err
		}
		for _, entry := range found.Entries {
			if err := printEntry(e.cmd.OutOrStdout(), entry, e.door.asJSON); err != nil {
				return err
			}
		}
		left -= len(found.Entries)
		if found.Next == 0 || (limit > 0 && left <= 0) {
			return nil
		}
		in.After = found.Next
	}
}

func printEntry(out io.Writer, entry admin.AuditEntry, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(entry)
	}
	text, err := entry.Text()
	if err == nil {
		_, err = fmt.Fprintln(out, text)
	}
	return err
}

func newAuditVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Check that no audit entry was changed, removed or moved",
		Example: "  annex audit verify --org acme",
		Args:    exactly(0, ""),
	}
	ofHost := addOfHost(cmd)
	return onDoor(cmd, func(ctx context.Context, e errand, _ []string) error {
		r, err := admin.Do(ctx, e.Client, admin.VerifyAudit, e.door.orHost(*ofHost))
		if err != nil {
			return err
		}
		err = e.print(r, func(out io.Writer) {
			if r.Valid {
				fmt.Fprintf(out, "%s: %d entries, all as they were written\n", r.Org, r.Entries)
			}
		})
		if err == nil && !r.Valid {
			err = sandbox.Errorf(sandbox.Conflict, "audit of %s: entry %d is wrong: %s; %d before it are right", r.Org, r.FirstBad.Seq, r.FirstBad.Reason, r.Entries)
		}
		return err
	})
}
