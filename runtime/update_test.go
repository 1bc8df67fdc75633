package runtime_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// versionOf is acme.x in a version that says its name and tries to read a secret.
func versionOf(t *testing.T, version, server string) *pack.Package {
	t.Helper()
	return extension(t, manifestOf("x", version, server, ""),
		`export default async ({secrets}) => { try { await secrets.get('a'); return '`+version+` may' } catch { return '`+version+` may not' } }`)
}

func update(t *testing.T, h *standard.Host, p *pack.Package) registry.Installation {
	t.Helper()
	_, inst, err := h.Update(t.Context(), "acme", p, runtime.Consent{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return inst
}

func code(err error) sandbox.Code {
	if err == nil {
		return ""
	}
	return runtime.CodeOf(err)
}

func TestAnUpdateThatAsksForMoreWaitsAndTheOldVersionRunsOn(t *testing.T) {
	h := openHost(t, standard.Options{})
	if _, _, err := h.Update(t.Context(), "acme", versionOf(t, "1.0.0", ""), runtime.Consent{By: "test"}); code(err) != sandbox.NotFound {
		t.Errorf("update of what is not installed: %v", err)
	}
	installAll(t, h, "acme", versionOf(t, "1.0.0", ""))
	wider := versionOf(t, "1.1.0", `"secrets:read"`)
	plan, inst, err := h.Update(t.Context(), "acme", wider, runtime.Consent{By: "test"})
	if err != nil || inst.Version != "1.0.0" || inst.Pending == nil || inst.Pending.Version != "1.1.0" || plan.Added.String() != "server secrets:read" {
		t.Fatalf("update: %+v, added %v, %v", inst, plan.Added, err)
	}
	if got := do(t, h, "acme"); got != "1.0.0 may not" {
		t.Errorf("before the approval: %s", got)
	}
	if _, err := h.Approve(t.Context(), "acme", "acme.x", "another", runtime.Consent{Granted: plan.Asks}); code(err) != sandbox.Conflict {
		t.Errorf("approving another digest than the one shown: %v", err)
	}
	if _, err := h.Approve(t.Context(), "other", "acme.x", plan.Digest, runtime.Consent{Granted: plan.Asks}); code(err) != sandbox.NotFound {
		t.Errorf("another organization: %v", err)
	}
	inst, err = h.Approve(t.Context(), "acme", "x", plan.Digest, runtime.Consent{Granted: plan.Asks, By: "admin"})
	if err != nil || inst.Version != "1.1.0" || inst.Pending != nil {
		t.Fatalf("approved: %+v, %v", inst, err)
	}
	if got := do(t, h, "acme"); got != "1.1.0 may" {
		t.Errorf("after the approval: %s", got)
	}
}

func TestWithdrawnUpdatesLeaveNothing(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", versionOf(t, "1.0.0", ""))
	wider := versionOf(t, "1.1.0", `"secrets:read"`)
	update(t, h, wider)
	inst, err := h.Withdraw(t.Context(), "acme", "acme.x", "admin")
	if err != nil || inst.Pending != nil {
		t.Fatalf("%+v, %v", inst, err)
	}
	if _, err := h.State.Registry.Package(t.Context(), wider.Digest); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the package of a withdrawn update: %v, want ErrNotFound", err)
	}
	if _, err := h.Withdraw(t.Context(), "acme", "acme.x", "admin"); code(err) != sandbox.NotFound {
		t.Errorf("withdrawing twice: %v", err)
	}
}

func TestRollbackReturnsToAnyVersionWithTheGrantsItHad(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", versionOf(t, "1.0.0", `"secrets:read"`))
	update(t, h, versionOf(t, "1.1.0", "")) // removed permissions are silent
	update(t, h, versionOf(t, "1.2.0", ""))
	if got := do(t, h, "acme"); got != "1.2.0 may not" {
		t.Fatalf("updated twice: %s", got)
	}
	for _, step := range []struct{ to, want string }{
		{"1.0.0", "1.0.0 may"}, {"1.2.0", "1.2.0 may not"}, {"1.1.0", "1.1.0 may not"}, {"", "1.2.0 may not"}, {"", "1.1.0 may not"},
	} {
		if _, err := h.Rollback(t.Context(), "acme", "acme.x", step.to, "admin"); err != nil {
			t.Fatalf("to %q: %v", step.to, err)
		}
		if got := do(t, h, "acme"); got != step.want {
			t.Errorf("back to %q: %s, want %s", step.to, got, step.want)
		}
	}
	if _, err := h.Rollback(t.Context(), "acme", "acme.x", "7.0.0", "admin"); code(err) != sandbox.NotFound {
		t.Errorf("to a version that never was: %v", err)
	}
	if _, err := h.Rollback(t.Context(), "acme", "acme.x", "1.1.0", "admin"); code(err) != sandbox.Conflict {
		t.Errorf("to the current version: %v", err)
	}
	all, err := h.Versions(t.Context(), "acme", "acme.x")
	if err != nil || len(all) != 3 || all[0].Version != "1.1.0" {
		t.Errorf("versions: %+v, %v", all, err)
	}
}

func TestTheSameVersionFromADirectoryReplacesInPlace(t *testing.T) {
	h := openHost(t, standard.Options{})
	first := extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => 'a'`)
	installAll(t, h, "acme", first)
	update(t, h, extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => 'b'`))
	if got := do(t, h, "acme"); got != "b" {
		t.Errorf("got %s", got)
	}
	if all, err := h.Versions(t.Context(), "acme", "acme.x"); err != nil || len(all) != 1 {
		t.Errorf("versions: %+v, %v", all, err)
	}
	if _, err := h.State.Registry.Package(t.Context(), first.Digest); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the package that was replaced: %v, want ErrNotFound", err)
	}
}

func TestAPinnedExtensionIsNotUpdated(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", versionOf(t, "1.0.0", ""))
	wider := versionOf(t, "1.1.0", `"secrets:read"`)
	update(t, h, wider)
	if _, err := h.Pin(t.Context(), "acme", "acme.x", "admin", "audit week"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"update":  second(h.Update(t.Context(), "acme", versionOf(t, "1.2.0", ""), runtime.Consent{By: "test"})),
		"install": last(h.Install(t.Context(), "acme", versionOf(t, "1.2.0", ""), runtime.Consent{})),
		"approve": last(h.Approve(t.Context(), "acme", "acme.x", wider.Digest, runtime.Consent{})),
	} {
		if code(err) != sandbox.Conflict || !strings.Contains(err.Error(), "pinned to version 1.0.0") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := do(t, h, "acme"); got != "1.0.0 may not" {
		t.Errorf("pinned: %s", got)
	}
	if _, err := h.Unpin(t.Context(), "acme", "acme.x", "admin"); err != nil {
		t.Fatal(err)
	}
	if inst := update(t, h, versionOf(t, "1.2.0", "")); inst.Version != "1.2.0" {
		t.Errorf("unpinned: %+v", inst)
	}
}

func second(_ runtime.Plan, _ registry.Installation, err error) error { return err }
func last(_ registry.Installation, err error) error                   { return err }

func TestEnginesAreCheckedAgainWhenAVersionReturns(t *testing.T) {
	store := t.TempDir()
	lenient, err := standard.Open(t.Context(), store, standard.Options{BluePLM: "3.9.9"})
	if err != nil {
		t.Fatal(err)
	}
	installAll(t, lenient, "acme", versionOf(t, "1.0.0", ""))
	update(t, lenient, extension(t, strings.Replace(manifestOf("x", "2.0.0", "", ""), "^3.0.0", ">=3.0.0", 1), `export default () => 'two'`))
	if err := lenient.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	strict, err := standard.Open(t.Context(), store, standard.Options{BluePLM: "4.0.0", StrictEngines: true})
	if err != nil {
		t.Fatal(err)
	}
	defer strict.Close(t.Context())
	if _, err := strict.Rollback(t.Context(), "acme", "acme.x", "", "admin"); code(err) != sandbox.Invalid {
		t.Errorf("rolled back to what the platform does not satisfy: %v", err)
	}
	if got := do(t, strict, "acme"); got != "two" {
		t.Errorf("got %s", got)
	}
}

func TestRunningInvocationsFinishOnTheVersionTheyBeganWith(t *testing.T) {
	began := make(chan struct{}, 2)
	h := openHost(t, standard.Options{OnLog: func(runtime.LogLine) { began <- struct{}{} }})
	handler := func(version, server, body string) *pack.Package {
		return extension(t, manifestOf("x", version, server, ""), `export default async ({storage, log}) => { `+body+` }`)
	}
	installAll(t, h, "acme", handler("1.0.0", `"storage:database", "secrets:read"`, `
		log.info('began')
		while (!await storage.get('go')) await new Promise(done => setTimeout(done, 5))
		return '1.0.0 ' + await storage.increment('n')`))
	ended := make(chan string, 1)
	go func() { ended <- do(t, h, "acme") }()
	select {
	case <-began:
	case got := <-ended:
		t.Fatalf("the old version did not wait: %s", got)
	}
	// Fewer permissions: silent, and no revocation.
	update(t, h, handler("2.0.0", `"storage:database"`, `
		const n = await storage.increment('n')
		await storage.set('go', true)
		return '2.0.0 ' + n`))
	if got := do(t, h, "acme"); got != "2.0.0 1" {
		t.Errorf("the new version: %s", got)
	}
	if got := <-ended; got != "1.0.0 2" {
		t.Errorf("what ran during the update: %s", got)
	}
}

// What an admin did while a package was being bundled is not undone by it.
func TestAnUpdateUndoesNothingThatWasDecidedMeanwhile(t *testing.T) {
	for name, decide := range map[string]func(h *standard.Host) error{
		"narrowed": func(h *standard.Host) error {
			_, err := h.Regrant(t.Context(), "acme", "acme.x", runtime.Consent{By: "admin"})
			return err
		},
		"pinned": func(h *standard.Host) error {
			_, err := h.Pin(t.Context(), "acme", "acme.x", "admin", "")
			return err
		},
		"uninstalled": func(h *standard.Host) error {
			return h.Uninstall(t.Context(), "acme", "acme.x", "admin", false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var h *standard.Host
			var armed atomic.Bool
			h = openHost(t, standard.Options{Now: func() time.Time {
				if armed.CompareAndSwap(true, false) { // the clock is first read once the package is bundled
					if err := decide(h); err != nil {
						t.Error(err)
					}
				}
				return time.Now()
			}})
			installAll(t, h, "acme", versionOf(t, "1.0.0", `"secrets:read"`))
			armed.Store(true)
			_, _, err := h.Update(t.Context(), "acme", versionOf(t, "1.1.0", `"secrets:read"`), runtime.Consent{By: "test"})
			if armed.Load() || code(err) != sandbox.Conflict {
				t.Errorf("update: %v, want a conflict", err)
			}
		})
	}
}

func TestWhatWasSwitchedOffStaysOffWhenItIsUpdated(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", versionOf(t, "1.0.0", ""))
	if _, err := h.SetEnabled(t.Context(), "acme", "acme.x", "admin", false); err != nil {
		t.Fatal(err)
	}
	if inst := update(t, h, versionOf(t, "1.1.0", "")); inst.Version != "1.1.0" || inst.Enabled {
		t.Errorf("updated: version %s, enabled %v", inst.Version, inst.Enabled)
	}
	if err := h.Uninstall(t.Context(), "acme", "acme.x", "admin", false); err != nil {
		t.Fatal(err)
	}
	installAll(t, h, "acme", versionOf(t, "1.1.0", ""))
	if got := do(t, h, "acme"); got != "1.1.0 may not" {
		t.Errorf("installed again: %s", got)
	}
}

func TestApprovingLessEndsWhatRunsWithMore(t *testing.T) {
	h := openHost(t, standard.Options{})
	waits := `export default async () => { for (;;) await new Promise((done) => setTimeout(done, 20)) }`
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"secrets:read"`, ""), waits))
	plan, _, err := h.Update(t.Context(), "acme", versionOf(t, "1.1.0", `"secrets:read", "secrets:write"`), runtime.Consent{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string)
	go func() { ended <- do(t, h, "acme") }()
	for running, _ := h.Slots(); running == 0; running, _ = h.Slots() {
		time.Sleep(time.Millisecond)
	}
	if _, err := h.Approve(t.Context(), "acme", "x", plan.Digest, runtime.Consent{Granted: permissions.Set{Server: []permissions.Permission{"secrets:write"}}}); err != nil {
		t.Fatal(err)
	}
	if got := <-ended; !strings.HasPrefix(got, "canceled") {
		t.Errorf("what ran: %s", got)
	}
}
