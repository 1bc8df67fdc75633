package runtime_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/logs"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// TestHourly is what the host does every hour: it signs the audit of each
// organization, tells its log so, and drops what is older than it is kept.
func TestHourly(t *testing.T) {
	var log strings.Builder
	now := time.Unix(1e9, 0)
	h := openHost(t, standard.Options{
		Logger: hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Info}), Now: func() time.Time { return now },
		AuditRetention: 48 * time.Hour, LogAge: 48 * time.Hour,
	})
	act := func(action string) {
		t.Helper()
		for _, org := range []string{"acme", "other"} {
			if err := h.State.Audit.Append(t.Context(), audit.Record{Org: org, Action: action}); err != nil {
				t.Fatal(err)
			}
			h.State.Logs.Add(logs.Line{Org: org, Extension: "acme.x", Level: "info", Message: action})
		}
		if err := h.State.Logs.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	hour := func() {
		t.Helper()
		log.Reset()
		if err := h.Hourly(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	act("first")
	hour()
	for _, org := range []string{"acme", "other"} {
		if !strings.Contains(log.String(), "audit checkpoint: org="+org+" seq=1 mac=") {
			t.Errorf("the checkpoint of %s is not in the log:\n%s", org, log.String())
		}
	}
	act("second")
	if last, err := h.State.Audit.Checkpoint(t.Context(), "acme"); err != nil || last.From != 2 || last.Seq != 2 {
		t.Errorf("the entries since the hour: %+v, %v; want those from 2 on", last, err)
	}
	now = now.Add(72 * time.Hour)
	act("third")
	hour()
	page, err := h.State.Audit.List(t.Context(), audit.Query{Org: "acme", Limit: 10})
	if err != nil || len(page.Entries) != 2 || page.Entries[0].Action != "third" || page.Entries[1].Action != "audit.prune" || page.Entries[1].Actor != "retention" {
		t.Errorf("after three days: %+v, %v", page.Entries, err)
	}
	if report, err := h.State.Audit.Verify(t.Context(), "acme"); err != nil || report.FirstBad != nil || report.Dropped != 2 {
		t.Errorf("verified: %+v, %v", report, err)
	}
	lines, err := h.State.Logs.Read(t.Context(), logs.Query{Org: "acme", Limit: 10})
	if err != nil || len(lines) != 1 || lines[0].Message != "third" {
		t.Errorf("lines that are kept: %+v, %v", lines, err)
	}
}

// TestTheAuditIsSignedInTime is that a host which is started again more often than
// every hour signs too, and that one which runs does so each hour.
func TestTheAuditIsSignedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := standard.OpenMemory(t.Context(), standard.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close(t.Context())
		checkpoints := func() uint64 {
			t.Helper()
			var export strings.Builder
			if _, err := h.State.Audit.ExportSigned(t.Context(), &export, "acme"); err != nil {
				t.Fatal(err)
			}
			report, err := audit.VerifyExport(strings.NewReader(export.String()), h.State.Audit.PublicKey(), nil)
			if err != nil || report.FirstBad != nil {
				t.Fatal(report.FirstBad, err)
			}
			return uint64(len(report.Checkpoints)) // one of them made by the export, unless there was nothing new
		}
		act := func() {
			t.Helper()
			if err := h.State.Audit.Append(t.Context(), audit.Record{Org: "acme", Action: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		act()
		time.Sleep(61 * time.Second)
		act()
		time.Sleep(58 * time.Minute)
		if n := checkpoints(); n != 2 {
			t.Errorf("%d checkpoints, want one of the first minute and one of the export", n)
		}
		act()
		time.Sleep(2 * time.Minute)
		act()
		if n := checkpoints(); n != 4 {
			t.Errorf("%d checkpoints, want one of the hour more and one of this export", n)
		}
	})
}

// TestConfiguringRaisesAnEvent once it is done, and not when the manifest refuses it.
func TestConfiguringRaisesAnEvent(t *testing.T) {
	var events []runtime.Event
	h := openHost(t, standard.Options{OnEvent: func(e runtime.Event) { events = append(events, e) }})
	configured := `, "configuration": {"title": "X", "properties": {"size": {"type": "number", "default": 1, "description": "d"}}}`
	manifest := strings.Replace(manifestOf("x", "1.0.0", "", ""), `}]}`, `}]`+configured+`}`, 1)
	installAll(t, h, "acme", extension(t, manifest, counting))
	set := func(value string) error {
		_, err := h.Reconfigure(t.Context(), "acme", "x", "test", map[string]json.RawMessage{"size": json.RawMessage(value)}, nil)
		return err
	}
	if err := set(`"large"`); runtime.CodeOf(err) != sandbox.Invalid || len(events) > 0 {
		t.Errorf("a value that is refused: %v, events %+v", err, events)
	}
	if err := set(`2`); err != nil || len(events) != 1 || events[0].Name != "config:changed" || events[0].Org != "acme" || events[0].Extension != "acme.x" {
		t.Errorf("a value that is taken: %v, events %+v", err, events)
	}
}
