package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

func newAudit() *cobra.Command {
	return group("audit", "Read and verify the audit log", newAuditList(), orFile(newAuditVerify()), newAuditExport())
}

func newAuditList() *cobra.Command {
	var query audit.Query
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List audit entries, oldest first",
		Example: `  annex audit list --action denied
  annex audit list --extension annex.weather --json`,
		Args: exactly(0, ""),
	}
	f := cmd.Flags()
	f.StringVar(&query.Extension, "extension", "", "only entries of this extension")
	f.StringVar(&query.Action, "action", "", "only entries of this action, such as denied or secret.read")
	f.Uint64Var(&query.After, "after", 0, "only entries with a greater number")
	limit := f.Int("limit", 0, "at most this many (default all)")
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		query.Org = *s.org
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			return listAudit(ctx, cmd, state.Audit, query, *limit, s.asJSON)
		})
	}
	return cmd
}

// listAudit prints entries page by page: a line for each, of JSON or of text.
func listAudit(ctx context.Context, cmd *cobra.Command, log *audit.Log, q audit.Query, limit int, asJSON bool) error {
	const page = 1000
	for left := limit; ; {
		q.Limit = page
		if limit > 0 {
			q.Limit = min(page, left)
		}
		found, err := log.List(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range found.Entries {
			if err := printEntry(cmd, e, asJSON); err != nil {
				return err
			}
		}
		left -= len(found.Entries)
		if found.Next == 0 || (limit > 0 && left <= 0) {
			return nil
		}
		q.After = found.Next
	}
}

func printEntry(cmd *cobra.Command, e audit.Entry, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(e)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), e.Text())
	return err
}

func newAuditVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Check that no audit entry was changed, removed or moved",
		Example: "  annex audit verify --org acme",
		Args:    exactly(0, ""),
	}
	s := addStateFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.with(cmd, func(ctx context.Context, state *standard.State) error {
			report, err := state.Audit.Verify(ctx, *s.org)
			if err != nil {
				return err
			}
			return printReport(cmd, *s.org, report, s.asJSON)
		})
	}
	return cmd
}

func printReport(cmd *cobra.Command, org string, r audit.Report, asJSON bool) error {
	if asJSON {
		answer := map[string]any{"org": org, "entries": r.Entries, "valid": r.FirstBad == nil}
		if r.FirstBad != nil {
			answer["firstBad"] = map[string]any{"seq": r.FirstBad.Seq, "reason": r.FirstBad.Reason}
		}
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(answer); err != nil {
			return err
		}
	} else if r.FirstBad == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d entries, all as they were written\n", org, r.Entries)
	}
	if r.FirstBad != nil {
		return sandbox.Errorf(sandbox.Conflict, "audit of %s: entry %d is wrong: %s; %d before it are right", org, r.FirstBad.Seq, r.FirstBad.Reason, r.Entries)
	}
	return nil
}
