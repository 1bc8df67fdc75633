package main

import (
	"context"
	"encoding/json"
	"fmt"
	goruntime "runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/doctor"
	"github.com/annexhost/annex/runtime/httpapi"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// doctorSubject is what the checks of annex doctor look at.
type doctorSubject struct {
	data        string
	config      string
	requireJail bool
	keys        *keyFlags
	ring        *string
}

// checks is the list. To add a check, write a function that returns a
// doctor.Check, in a file of its own, and name it here.
func (d *doctorSubject) checks() []doctor.Check {
	return []doctor.Check{
		doctor.System(runtime.Version),
		d.workersCheck(),
		d.dataCheck(),
		d.keyCheck(),
		d.settingsCheck(),
		d.authorCheck(),
	}
}

func newDoctor() *cobra.Command {
	d := &doctorSubject{}
	var asJSON, settings bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at this machine and say what Annex lacks on it",
		Long: `Looks at the system, the jail that it gives to workers, the data directory, the
master key and the settings, with the flags and the settings that serve would
have, and says what to do about what is not as it should be. It changes nothing;
the directory may be served at the moment.

Exit codes: 0 when nothing failed, warnings included; 8 when something did. With
--require-jail an incomplete jail is a failure.`,
		Example: "  annex doctor\n  annex doctor --data /var/lib/annex --require-jail --json",
		Args:    exactly(0, ""),
	}
	cmd.Flags().StringVar(&d.data, "data", "annex-data", "directory of the state")
	cmd.Flags().BoolVar(&d.requireJail, "require-jail", false, "fail unless the operating system gives workers a complete jail")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&settings, "settings", false, "only print every setting that serve would have, and where it came from")
	d.keys = addKeyFlags(cmd)
	d.ring = addRingFlag(cmd)
	addSettings(cmd)
	fill := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		// What is wrong with the settings is a finding, not the end of looking.
		d.config = cmd.Flag("config").Value.String()
		if len(d.settingsCheck().Run(cmd.Context())[0].Remedy) > 0 {
			return nil
		}
		return fill(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if settings {
			list, err := serveSettings(cmd)
			if err != nil {
				return err
			}
			return writeSettings(cmd, list, asJSON)
		}
		found := doctor.Run(cmd.Context(), d.checks())
		if err := writeFindings(cmd, found, asJSON); err != nil {
			return err
		}
		if doctor.Worst(found) == doctor.Failed {
			return &saidError{httpapi.Outcome(&sandbox.Error{Code: sandbox.Unavailable}).Exit}
		}
		return nil
	}
	return cmd
}

func writeFindings(cmd *cobra.Command, found []doctor.Finding, asJSON bool) error {
	if !asJSON {
		return doctor.Write(cmd.OutOrStdout(), found)
	}
	return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
		Status doctor.Status    `json:"status"`
		Checks []doctor.Finding `json:"checks"`
	}{doctor.Worst(found), found})
}

// workersCheck starts a worker and looks at its jail.
func (d *doctorSubject) workersCheck() doctor.Check {
	return doctor.Check{Name: "jail", Run: func(ctx context.Context) []doctor.Finding {
		if goruntime.GOOS == "windows" {
			return []doctor.Finding{{
				Name: "workers", Status: doctor.Warning, Detail: "this system has none: handlers run in the host's process",
				Remedy: "run strangers' code on Linux",
			}}
		}
		workers, err := standard.InspectWorkers(ctx)
		found := doctor.Jail(workers.Jail, d.requireJail)
		first := doctor.Finding{Name: "workers", Status: doctor.OK, Detail: fmt.Sprintf(
			"ready after %s, first invocation %s, second %s",
			workers.Ready.Round(100*time.Microsecond), workers.First.Round(10*time.Microsecond), workers.Second.Round(10*time.Microsecond))}
		if err != nil {
			first.Status, first.Detail = doctor.Failed, err.Error()
			first.Remedy = "without workers serve does not start; --isolation inprocess is for handlers that you trust"
		}
		return append([]doctor.Finding{first}, found...)
	}}
}
