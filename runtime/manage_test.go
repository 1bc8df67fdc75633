package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

func TestSwitchedOffAtTheNextCall(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting))
	for i := range 3 {
		if got, want := do(t, h, "acme"), string(rune('1'+i)); got != want {
			t.Fatalf("enabled: %s, want %s", got, want)
		}
		if _, err := h.SetEnabled(t.Context(), "acme", "x", "test", false); err != nil {
			t.Fatal(err)
		}
		if got := do(t, h, "acme"); !strings.HasPrefix(got, "not_found: No handler found") {
			t.Fatalf("disabled: %s", got)
		}
		if _, err := h.SetEnabled(t.Context(), "acme", "acme.x", "test", true); err != nil {
			t.Fatal(err)
		}
	}
}

// What narrows grants, switches off or suspends ends what runs at that moment.
func TestRevocationsEndWhatRuns(t *testing.T) {
	revocations := map[string]func(ctx context.Context, h *standard.Host) error{
		"disable": func(ctx context.Context, h *standard.Host) error {
			_, err := h.SetEnabled(ctx, "acme", "acme.x", "test", false)
			return err
		},
		"narrow": func(ctx context.Context, h *standard.Host) error {
			_, err := h.Regrant(ctx, "acme", "acme.x", runtime.Consent{By: "test"})
			return err
		},
		"suspend": func(ctx context.Context, h *standard.Host) error {
			_, err := h.SetOrgState(ctx, "acme", registry.OrgSuspended, "test")
			return err
		},
	}
	for name, revoke := range revocations {
		t.Run(name, func(t *testing.T) {
			began := make(chan struct{}, 1)
			h := openHost(t, standard.Options{OnLog: func(runtime.LogLine) { began <- struct{}{} }})
			installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""),
				`export default async ({log}) => { log.info('began'); await new Promise(() => setTimeout(() => {}, 60000)) }`))
			ended := make(chan string, 1)
			go func() { ended <- do(t, h, "acme") }()
			<-began
			if err := revoke(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-ended:
				if !strings.HasPrefix(got, "canceled") {
					t.Errorf("ended with %s", got)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it ran on")
			}
		})
	}
}

func TestRegrantGivesNothingThatIsNotAskedFor(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting))
	for _, set := range []permissions.Set{
		{Server: []permissions.Permission{"secrets:read"}},
		{Server: []permissions.Permission{"storage:database"}, Public: true},
		{Client: []permissions.Permission{"ui:toast"}},
	} {
		if _, err := h.Regrant(t.Context(), "acme", "x", runtime.Consent{Granted: set, By: "test"}); err == nil || !strings.Contains(err.Error(), "does not ask for") {
			t.Errorf("%v: %v", set, err)
		}
	}
	if _, err := h.Regrant(t.Context(), "acme", "x", runtime.Consent{By: "test"}); err != nil {
		t.Fatal(err)
	}
	if got := do(t, h, "acme"); !strings.Contains(got, "storage:database not granted") {
		t.Errorf("narrowed: %s", got)
	}
}

// A suspended organization answers as one that has nothing; the others go on.
func TestSuspendedOrganization(t *testing.T) {
	h := openHost(t, standard.Options{})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting)
	installAll(t, h, "acme", p)
	installAll(t, h, "globex", p)
	_ = do(t, h, "acme")
	if _, err := h.SetOrgState(t.Context(), "acme", registry.OrgSuspended, "test"); err != nil {
		t.Fatal(err)
	}
	if got := do(t, h, "acme"); !strings.HasPrefix(got, "not_found: No handler found") {
		t.Errorf("suspended: %s", got)
	}
	if got := do(t, h, "globex"); got != "1" {
		t.Errorf("another organization: %s", got)
	}
	if _, err := h.SetOrgState(t.Context(), "acme", registry.OrgActive, "test"); err != nil {
		t.Fatal(err)
	}
	if got := do(t, h, "acme"); got != "2" {
		t.Errorf("active again: %s", got)
	}
	if _, err := h.SetOrgState(t.Context(), "nobody", registry.OrgActive, "test"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("an organization that does not exist: %v", err)
	}
}

// A purge that has begun is finished whatever happens, and nothing that was
// installed meanwhile loses its data to it.
func TestPurgeThatHasBegun(t *testing.T) {
	clock := time.Now()
	h := openHost(t, standard.Options{Now: func() time.Time { return clock }})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting)
	o := secrets.Owner{Org: "acme", Extension: "acme.x"}
	installAll(t, h, "acme", p)
	_ = do(t, h, "acme")
	if _, err := h.State.Keeper.Set(t.Context(), o, "k", secrets.NewValue("v")); err != nil {
		t.Fatal(err)
	}
	if err := h.Uninstall(t.Context(), "acme", "x", "test", false); err != nil {
		t.Fatal(err)
	}
	// The process that purges stops right after its first step.
	if err := h.State.Registry.BeginPurge(t.Context(), "acme", "acme.x", clock); err != nil {
		t.Fatal(err)
	}
	_, err := h.Install(t.Context(), "acme", p, runtime.Consent{By: "test"})
	if !errors.Is(err, registry.ErrPurging) {
		t.Errorf("installed while its data is being destroyed: %v", err)
	}
	if err := h.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := h.State.Keeper.List(t.Context(), o); len(list) != 0 || err != nil {
		t.Errorf("secrets after the purge: %v, %v", list, err)
	}
	if pairs, err := h.State.Store.Scan(t.Context(), storage.Key("ext/acme/"), "", 10); len(pairs) != 0 || err != nil {
		t.Errorf("data after the purge: %v, %v", pairs, err)
	}
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "1" {
		t.Errorf("installed again: %s, want 1", got)
	}
	if err := h.State.Registry.BeginPurge(t.Context(), "acme", "acme.x", clock); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a purge of what is installed: %v", err)
	}
}
