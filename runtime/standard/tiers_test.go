//go:build unix

package standard_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/standard"
)

func TestIsolationsThatAreRefused(t *testing.T) {
	tests := []struct {
		options standard.Options
		want    string // in the error; empty: none
	}{
		{standard.Options{Isolation: "thread"}, `not "thread"`},
		{standard.Options{IsolationOf: map[string]standard.Isolation{"javascript": "jail"}}, `isolation of javascript is`},
		{standard.Options{IsolationOf: map[string]standard.Isolation{"python": standard.Process}}, `isolation of "python": want`},
		{standard.Options{IsolationOf: map[string]standard.Isolation{"acme/notes": standard.Process}}, `isolation of "acme/notes": want`},
		{standard.Options{IsolationOf: map[string]standard.Isolation{"/annex.notes": standard.Process}}, `want`},
		{standard.Options{RequireJail: true}, "a jail is required"},
		{standard.Options{RequireJail: true, Isolation: standard.Process, IsolationOf: map[string]standard.Isolation{"webassembly": standard.InProcess}}, "a jail is required"},
		{standard.Options{RequireJail: true, Isolation: standard.Process, IsolationOf: map[string]standard.Isolation{"acme/annex.notes": standard.InProcess}}, "a jail is required"},
		{standard.Options{RequireJail: true, Isolation: standard.Process}, ""},
		{standard.Options{IsolationOf: map[string]standard.Isolation{"webassembly": standard.Process, "acme/annex.notes": standard.InProcess}}, ""},
	}
	for _, tt := range tests {
		err := tt.options.CheckIsolation()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %q", tt.options, err, tt.want)
		}
	}
}

// TestWhereHandlersRun is that the most special word counts: an installation's,
// else the engine's, else the host's; and that a package has none.
func TestWhereHandlersRun(t *testing.T) {
	type tiers = map[string]standard.Isolation
	tests := []struct {
		rule string
		all  standard.Isolation
		of   tiers
		want tiers // by organization
	}{
		{"embedders get what they trust in process", "", nil, tiers{"acme": standard.InProcess, "globex": standard.InProcess}},
		{"the host's word", standard.Process, nil, tiers{"acme": standard.Process, "globex": standard.Process}},
		{"the engine's word", "", tiers{"javascript": standard.Process}, tiers{"acme": standard.Process, "globex": standard.Process}},
		{"another engine's word", "", tiers{"webassembly": standard.Process}, tiers{"acme": standard.InProcess}},
		{"an installation out of the workers", standard.Process, tiers{"acme/annex.where": standard.InProcess}, tiers{"acme": standard.InProcess, "globex": standard.Process}},
		{"an installation into the workers", "", tiers{"acme/annex.where": standard.Process}, tiers{"acme": standard.Process, "globex": standard.InProcess}},
		{"an installation against its engine", "", tiers{"javascript": standard.Process, "globex/annex.where": standard.InProcess}, tiers{"acme": standard.Process, "globex": standard.InProcess}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			h, err := standard.OpenMemory(t.Context(), standard.Options{Isolation: tt.all, IsolationOf: tt.of})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close(context.WithoutCancel(t.Context()))
			for _, org := range []string{"acme", "globex"} {
				if tt.want[org] == "" {
					continue
				}
				installWhere(t, h, org)
				before := busyWorkers(h)
				reply, err := h.Invoke(t.Context(), runtime.Call{ID: "1", Org: org, Extension: "annex.where", Method: "GET", Path: "a"})
				if err != nil || string(reply.Body) != "here" {
					t.Fatalf("%s: %s, %v", org, reply.Body, err)
				}
				got := standard.InProcess
				if busyWorkers(h) > before {
					got = standard.Process
				}
				if got != tt.want[org] {
					t.Errorf("%s: ran %s, want %s", org, got, tt.want[org])
				}
				if said := h.IsolationOf(standard.JavaScript, org, "annex.where"); said != tt.want[org] {
					t.Errorf("%s: IsolationOf says %s, want %s", org, said, tt.want[org])
				}
			}
		})
	}
}

// busyWorkers is how many workers belong to an installation, once as many
// spares wait as there should be.
func busyWorkers(h *standard.Host) int {
	for range 500 {
		if s := h.Workers(); s.Workers == 0 || s.Spares == 2 {
			return s.Workers - s.Spares
		}
		time.Sleep(10 * time.Millisecond)
	}
	return -1
}

// installWhere installs an extension whose manifest would like to run in process.
func installWhere(t *testing.T, h *standard.Host, org string) {
	t.Helper()
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": []byte(`{
			"id": "annex.where", "name": "W", "version": "1.0.0", "publisher": "annex", "license": "MIT", "engines": {"blueplm": "^3.0.0"},
			"serverMain": "h.js", "activationEvents": ["onStartup"], "isolation": "inprocess", "permissions": {},
			"contributes": {"apiRoutes": [{"method": "GET", "path": "a", "handler": "h.js", "isolation": "inprocess"}]}}`),
		"h.js": []byte(`export default () => 'here'`), "LICENSE": []byte("MIT"),
	}, pack.Options{Manifest: h.ManifestOptions()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Install(t.Context(), org, p, runtime.Consent{By: "test"}); err != nil {
		t.Fatal(err)
	}
}
