package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/httpapi/admin"
	"github.com/annexhost/annex/runtime/manifest"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/recording"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// recordFlags say what is recorded.
type recordFlags struct {
	of   []string
	keep int
}

// everything stands for all extensions.
const everything = "all"

func addRecordFlags(cmd *cobra.Command) *recordFlags {
	r := &recordFlags{}
	f := cmd.Flags()
	f.StringSliceVar(&r.of, "record", nil, "keep what invocations are given, without secrets, for annex replay; --record=EXTENSION only that extension's (repeatable)")
	f.Lookup("record").NoOptDefVal = everything
	f.IntVar(&r.keep, "record-keep", recording.Keep, "how many recordings are kept for each installation")
	return r
}

// config returns what the flags say.
func (r *recordFlags) config() (runtime.RecordConfig, error) {
	if r.keep < 1 || r.keep > 10_000 {
		return runtime.RecordConfig{}, usagef("--record-keep %d: want 1 to 10000", r.keep)
	}
	c := runtime.RecordConfig{Keep: r.keep}
	if len(r.of) == 0 {
		return c, nil
	}
	wanted := map[string]bool{}
	for _, name := range r.of {
		if name != everything && !manifest.IsID(name) {
			return c, usagef("--record=%s: want the full id of an extension, such as acme.notes", name)
		}
		wanted[name] = true
	}
	c.Wanted = func(_, extension string) bool { return wanted[everything] || wanted[extension] }
	return c, nil
}

func newReplay() *cobra.Command {
	var dir, extension string
	var list, show bool
	cmd := &cobra.Command{
		Use:   "replay ID [--dir DIR]",
		Short: "Run a recorded invocation again, and show what differs",
		Long: `Runs an invocation that serve --record has kept: with the same input, clock and
randomness, and with the recorded answers to its calls. It runs here, and touches
no state. On the code that ran nothing differs; with --dir it runs on the code in
that directory, and every call, error or result that is not the same is shown.
Where a secret was, both have [REDACTED].

ID is the id of the request (X-Request-Id of its answer). The exit code is 6 when
something differs.`,
		Example: `  annex replay --list
  annex replay 4f1c6f0e-6f0b-4a59-9df5-7a3a4b1f3c11 --dir ./my-extension
  annex replay --show 4f1c6f0e-6f0b-4a59-9df5-7a3a4b1f3c11 --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if list {
				return exactly(0, "")(cmd, args)
			}
			return exactly(1, "the ID of a recorded invocation, or --list,")(cmd, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&list, "list", false, "list what was recorded")
	f.StringVar(&extension, "extension", "", "with --list: only this extension's")
	f.BoolVar(&show, "show", false, "print the recording instead of running it")
	f.StringVar(&dir, "dir", "", "run the code of this package instead of the code that ran")
	door := addDoorFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if list {
			return listRecordings(cmd, door, extension)
		}
		var got admin.RecordingOut
		err := door.with(cmd, func(ctx context.Context, c *admin.Client) (err error) {
			in := admin.RecordingIn{InOrg: door.in(), ID: args[0], Code: dir == "" && !show}
			got, err = admin.Do(ctx, c, admin.GetRecording, in)
			return err
		})
		if err != nil {
			return err
		}
		if show {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(got.Recording)
		}
		return replayHere(cmd, door, &got, dir)
	}
	return cmd
}

func listRecordings(cmd *cobra.Command, door *doorFlags, extension string) error {
	return door.with(cmd, func(ctx context.Context, c *admin.Client) error {
		found, err := admin.Do(ctx, c, admin.ListRecordings, admin.RecordingsIn{InOrg: door.in(), Extension: extension})
		if err != nil {
			return err
		}
		return door.print(cmd, found.Recordings, func(out io.Writer) {
			for _, r := range found.Recordings {
				fmt.Fprintf(out, "%s\t%s\t%s %s\t%s\t%s\t%d calls\n",
					r.ID, r.At.Format(time.RFC3339), r.Extension, r.Version, r.Route, r.Outcome, r.Calls)
			}
		})
	})
}

// replayHere runs a recording in a host of its own, which has no state.
func replayHere(cmd *cobra.Command, door *doorFlags, got *admin.RecordingOut, dir string) error {
	logger, err := newLogger(cmd, *door.log)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	host, err := standard.OpenMemory(ctx, standard.Options{Logger: logger, Isolation: defaultIsolation()})
	if err != nil {
		return err
	}
	defer host.Close(context.WithoutCancel(ctx))
	rec := &got.Recording
	code := registry.Bundled{Path: rec.Handler, Code: got.Code, SourceMap: got.SourceMap}
	on := "the code that ran"
	if dir != "" {
		if err := buildModules(cmd, dir); err != nil {
			return err
		}
		p, err := pack.Open(dir, pack.Options{Manifest: host.ManifestOptions()})
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if code, err = host.ChangedCode(ctx, rec, p); err != nil {
			return err
		}
		on = dir
	}
	done, err := host.Replay(ctx, rec, code)
	if err != nil {
		return err
	}
	if err := door.print(cmd, done, func(out io.Writer) { printReplay(out, rec, done, on) }); err != nil {
		return err
	}
	if len(done.Differences) > 0 {
		return &saidError{httpapi.Outcome(&sandbox.Error{Code: sandbox.Conflict}).Exit}
	}
	return nil
}

func printReplay(out io.Writer, rec *recording.Recording, done runtime.Replayed, on string) {
	fmt.Fprintf(out, "%s of %s %s, recorded %s: %s, %d calls\n", rec.Route, rec.Extension, rec.Version, rec.At.Format(time.RFC3339), rec.Outcome(), len(rec.Calls))
	if len(done.Differences) == 0 {
		fmt.Fprintf(out, "replayed on %s: nothing differs\n", on)
		return
	}
	fmt.Fprintf(out, "replayed on %s: %d differences\n", on, len(done.Differences))
	for _, d := range done.Differences {
		fmt.Fprintf(out, "\n%s\n", printable(d.What))
		for _, side := range []struct{ sign, text string }{{"-", d.Was}, {"+", d.Is}} {
			if side.text != "" {
				fmt.Fprintf(out, "  %s %s\n", side.sign, strings.ReplaceAll(printable(side.text), "\n", "\n    "))
			}
		}
	}
	if done.Failure != nil && done.Failure.Stack != "" {
		fmt.Fprintf(out, "\n%s\n", printable(done.Failure.Stack))
	}
}
