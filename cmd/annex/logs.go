package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/sandbox"
)

func newLogs() *cobra.Command {
	in := admin.ReadLogsIn{}
	cmd := &cobra.Command{
		Use:   "logs [EXTENSION]",
		Short: "Show what handlers logged, and follow it with -f",
		Example: `  annex logs -f
  annex logs annex.notes --level warn --limit 1000 --json`,
		Args: atMost(1, "EXTENSION"),
	}
	f := cmd.Flags()
	f.BoolVarP(&in.Follow, "follow", "f", false, "go on with new lines until interrupted")
	f.StringVar(&in.Level, "level", "", "this level and worse: debug, info, warn or error")
	f.StringVar(&in.Invocation, "invocation", "", "only this invocation")
	f.IntVarP(&in.Limit, "limit", "n", 100, "the newest so many, at most 10,000")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			in.Extension = args[0]
		}
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			in.InOrg = door.in()
			stream, err := admin.Open(ctx, c, admin.ReadLogs, in)
			if err != nil {
				return err
			}
			defer stream.Close()
			err = printLogs(cmd.OutOrStdout(), stream, door.asJSON)
			if ctx.Err() != nil || errors.Is(err, context.Canceled) {
				return nil // interrupted
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return sandbox.Errorf(sandbox.Unavailable, "the log broke off: the host ended, or the token is not good any more")
			}
			return err
		})
	}
	return cmd
}

// printLogs prints lines as they come.
func printLogs(out io.Writer, stream io.Reader, asJSON bool) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if asJSON {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		var l logs.Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("a line of the log is not what was expected: %w", err)
		}
		fmt.Fprintf(out, "%s %-5s %s %s", l.Time.Format(time.RFC3339), l.Level, l.Extension, onOneLine(l.Message))
		if len(l.Fields) > 0 {
			fmt.Fprintf(out, " %s", onOneLine(string(l.Fields)))
		}
		fmt.Fprintln(out)
	}
	return lines.Err()
}

func newStats() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stats EXTENSION",
		Short:   "Show what an extension has used since the host started, and what it keeps",
		Example: "  annex stats annex.notes --json",
		Args:    exactly(1, "EXTENSION"),
	}
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
			s, err := admin.Do(ctx, c, admin.ExtensionStats, door.of(args[0]))
			if err != nil {
				return err
			}
			return door.print(cmd, s, func(out io.Writer) {
				fmt.Fprintf(out, "since\t%s\ninvocations\t%d (%d running)\n", s.Since.Format(time.RFC3339), s.Invocations, s.Running)
				for _, outcome := range sortedKeys(s.Outcomes) {
					fmt.Fprintf(out, "  %s\t%d\n", outcome, s.Outcomes[outcome])
				}
				if s.Invocations > 0 {
					fmt.Fprintf(out, "mean time\t%v (longest %v, CPU %v)\n", s.Wall/time.Duration(s.Invocations), s.Longest, s.CPU/time.Duration(s.Invocations))
				}
				fmt.Fprintf(out, "denied\t%d\nrequests\t%d\nlog lines\t%d\nbytes\t%d in, %d out\n", s.Denied, s.Fetches, s.LogLines, s.BytesIn, s.BytesOut)
				fmt.Fprintf(out, "storage\t%d keys, %d bytes\nsecrets\t%d\n", s.StorageKeys, s.StorageBytes, s.Secrets)
			})
		})
	}
	return cmd
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
