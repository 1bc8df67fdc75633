package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
)

// manifestOf is an extension acme.NAME that asks for the permissions given and
// has one route, POST do, besides those in more.
func manifestOf(name, version, server, more string) string {
	return fmt.Sprintf(`{
		"id": "acme.%[1]s", "name": "Test", "version": %[2]q, "publisher": "acme", "license": "MIT",
		"engines": {"blueplm": "^3.0.0"}, "serverMain": "server/do.js", "activationEvents": ["onStartup"],
		"contributes": {"apiRoutes": [{"method": "POST", "path": "do", "handler": "server/do.js"}%[4]s]},
		"permissions": {"server": [%[3]s]}
	}`, name, version, server, more)
}

// extension is a package with one handler.
func extension(t *testing.T, manifest, code string) *pack.Package {
	t.Helper()
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": []byte(manifest), "server/do.js": []byte(code), "LICENSE": []byte("MIT"),
	}, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func openHost(t *testing.T, o standard.Options) *standard.Host {
	t.Helper()
	h, err := standard.OpenMemory(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return h
}

func installAll(t *testing.T, h *standard.Host, org string, p *pack.Package) {
	t.Helper()
	if _, err := h.Install(t.Context(), org, p, runtime.Consent{Granted: p.Manifest.Permissions, By: "test"}); err != nil {
		t.Fatal(err)
	}
}

func callOf(org, ext string) runtime.Call {
	return runtime.Call{
		ID: "i1", Org: org, Extension: ext, Method: "POST", Path: "do", URL: "http://localhost/extensions/" + ext + "/do",
		User: &bridge.User{ID: "u", Email: "u@example.com", OrgID: org, Role: "admin"},
	}
}

// do calls POST do of acme.x in org and returns the body, or the error's code and text.
func do(t *testing.T, h *standard.Host, org string) string {
	t.Helper()
	reply, err := h.Invoke(t.Context(), callOf(org, "acme.x"))
	if err != nil {
		e := sandbox.AsError(err)
		return string(e.Code) + ": " + e.Message
	}
	return string(reply.Body)
}

const counting = `export default async ({storage}) => await storage.increment('n')`

func TestStateBelongsToOneOrganization(t *testing.T) {
	h := openHost(t, standard.Options{})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting)
	installAll(t, h, "acme", p)
	installAll(t, h, "globex", p)
	for i, step := range []struct{ org, want string }{{"acme", "1"}, {"acme", "2"}, {"globex", "1"}, {"acme", "3"}} {
		if got := do(t, h, step.org); got != step.want {
			t.Errorf("step %d: %s counts %s, want %s", i, step.org, got, step.want)
		}
	}
	if got := do(t, h, "initech"); !strings.HasPrefix(got, "not_found: No handler found for POST /extensions/acme.x/do") {
		t.Errorf("an organization that did not install it: %s", got)
	}
}

func TestWhatWasNotGrantedIsDeniedAndOnRecord(t *testing.T) {
	h := openHost(t, standard.Options{})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""),
		`export default async ({storage}) => { try { await storage.get('a') } catch { await storage.get('b') } }`)
	if _, err := h.Install(t.Context(), "acme", p, runtime.Consent{By: "test"}); err != nil {
		t.Fatal(err)
	}
	call := callOf("acme", "acme.x")
	call.Credential = "token-1"
	_, err := h.Invoke(t.Context(), call)
	e := sandbox.AsError(err)
	if e == nil || e.Message != "Permission denied: storage:database not granted to extension acme.x" || e.Permission != "storage:database" {
		t.Fatalf("got %+v", e)
	}
	var lines strings.Builder
	if _, err := h.State.Audit.Export(t.Context(), &lines, "acme"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(lines.String(), `"denied"`); got == 0 || !strings.Contains(lines.String(), `"count":2`) {
		t.Errorf("two denials of one permission are one record with their count; audit:\n%s", lines.String())
	}
	if !strings.Contains(lines.String(), `"actor":"u","credential":"token-1","action":"denied"`) {
		t.Errorf("the denial does not say by which token; audit:\n%s", lines.String())
	}
}

func TestGrantingMoreThanIsAskedForIsRefused(t *testing.T) {
	h := openHost(t, standard.Options{})
	p := extension(t, manifestOf("x", "1.0.0", "", ""), counting)
	more := permissions.Set{Server: []permissions.Permission{permissions.HTTPFetch}}
	_, err := h.Install(t.Context(), "acme", p, runtime.Consent{Granted: more, By: "test"})
	if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
		t.Errorf("got %v, want an invalid error", err)
	}
}

func TestAnUpdateKeepsStateAndAsksOnlyForWhatIsNew(t *testing.T) {
	h := openHost(t, standard.Options{})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting))
	if got := do(t, h, "acme"); got != "1" {
		t.Fatalf("first call: %s", got)
	}
	edited := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting+"\n// edited")
	plan, err := h.Plan(t.Context(), "acme", edited)
	if err != nil || plan.NeedsConsent() || plan.Same {
		t.Fatalf("an edited package that asks for nothing new: %+v, %v", plan, err)
	}
	if _, err := h.Install(t.Context(), "acme", edited, runtime.Consent{Granted: plan.Keep(), By: "test"}); err != nil {
		t.Fatal(err)
	}
	if got := do(t, h, "acme"); got != "2" {
		t.Errorf("after the update: %s, want 2", got)
	}
	wider := extension(t, manifestOf("x", "1.1.0", `"storage:database", "secrets:read"`, ""), counting)
	plan, err = h.Plan(t.Context(), "acme", wider)
	if err != nil || !plan.NeedsConsent() || len(plan.Added.Server) != 1 || plan.Added.Server[0] != permissions.SecretsRead {
		t.Errorf("a package that asks for more: %+v, %v", plan.Added, err)
	}
	if keep := plan.Keep(); len(keep.Server) != 1 || keep.Server[0] != permissions.StorageDatabase {
		t.Errorf("kept without asking: %v", keep)
	}
}

func TestUninstallEndsWhatRunsAndKeepsTheDataForTheGracePeriod(t *testing.T) {
	clock := time.Now()
	h := openHost(t, standard.Options{Now: func() time.Time { return clock }})
	p := extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting)
	installAll(t, h, "acme", p)
	do(t, h, "acme")
	waiting := extension(t, manifestOf("y", "1.0.0", "", ""), `export default () => new Promise(r => setTimeout(r, 60000))`)
	installAll(t, h, "acme", waiting)
	ended := make(chan error, 1)
	go func() {
		_, err := h.Invoke(context.Background(), callOf("acme", "acme.y"))
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond) // let it start; the test holds either way
	for _, ext := range []string{"acme.y", "acme.x"} {
		if err := h.Uninstall(t.Context(), "acme", ext, "test", false); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("an invocation of an uninstalled extension ended well")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("an invocation outlived the grants of its extension")
	}
	if got := do(t, h, "acme"); !strings.HasPrefix(got, "not_found") {
		t.Errorf("call after uninstall: %s", got)
	}
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "2" {
		t.Errorf("installed again within the grace period: %s, want 2", got)
	}
	if err := h.Uninstall(t.Context(), "acme", "x", "test", false); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(31 * 24 * time.Hour)
	if err := h.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.State.Registry.Get(t.Context(), "acme", "acme.x"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("record after the grace period: %v", err)
	}
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "1" {
		t.Errorf("installed after the purge: %s, want 1", got)
	}
	if err := h.Uninstall(t.Context(), "acme", "acme.x", "test", true); err != nil {
		t.Fatal(err)
	}
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "1" {
		t.Errorf("installed after --purge: %s, want 1", got)
	}
}

func TestAllThatIsWrongWithTheSourcesComesAtOnce(t *testing.T) {
	h := openHost(t, standard.Options{})
	more := `,{"method": "GET", "path": "b", "handler": "server/b.js"}`
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": []byte(manifestOf("x", "1.0.0", "", more)),
		"server/do.js":   []byte("export default function ( {"),
		"server/b.js":    []byte("import './nowhere'; export default () => 1"),
	}, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Install(t.Context(), "acme", p, runtime.Consent{By: "test"})
	if err == nil || !strings.Contains(err.Error(), "server/do.js:1:") || !strings.Contains(err.Error(), "server/b.js:1:") {
		t.Errorf("got %v, want an error in each file", err)
	}
	if _, err := h.State.Registry.Get(t.Context(), "acme", "acme.x"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a package that does not compile was installed: %v", err)
	}
}

func TestNothingHappensWithoutTheAudit(t *testing.T) {
	h := openHost(t, standard.Options{})
	p := extension(t, manifestOf("x", "1.0.0", `"secrets:read", "secrets:write"`, ""),
		`export default async ({secrets}) => { await secrets.set('k', 'v'); return await secrets.get('k') }`)
	installAll(t, h, "acme", p)
	if got := do(t, h, "acme"); got != "v" {
		t.Fatalf("with the audit: %s", got)
	}
	if err := h.State.Audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := do(t, h, "acme"); !strings.HasPrefix(got, "thrown") && !strings.HasPrefix(got, "unavailable") {
		t.Errorf("a secret was read without a record: %s", got)
	}
	if _, err := h.Install(t.Context(), "globex", p, runtime.Consent{By: "test"}); err == nil {
		t.Error("an extension was installed without a record")
	}
}

// meter keeps ledgers.
type meter struct{ all []runtime.Ledger }

func (m *meter) Invocation(l runtime.Ledger) { m.all = append(m.all, l) }

func TestEveryInvocationLeavesALedger(t *testing.T) {
	m := &meter{}
	h := openHost(t, standard.Options{Meter: m, OnLog: func(runtime.LogLine) {}})
	p := extension(t, manifestOf("x", "1.2.3", `"storage:database"`, ""),
		`export default async ({storage, log, request}) => { await storage.get('a'); await storage.get('b'); log.info('hi'); return 'done' }`)
	installAll(t, h, "acme", p)
	call := callOf("acme", "acme.x")
	call.Body = []byte("12345")
	if _, err := h.Invoke(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if len(m.all) != 1 {
		t.Fatalf("%d ledgers, want 1", len(m.all))
	}
	l := m.all[0]
	if l.Outcome != "ok" || l.Status != 200 || l.Version != "1.2.3" || l.Route != "POST do" || l.BytesIn != 5 || l.BytesOut != 4 {
		t.Errorf("ledger %+v", l)
	}
	if l.Bridge.Calls["storage.get"] != 2 || l.Bridge.Calls["log.info"] != 1 || l.Bridge.LogLines != 1 {
		t.Errorf("calls %+v", l.Bridge)
	}
	if l.Wall <= 0 || l.CPU <= 0 || l.CPU > l.Wall+time.Millisecond {
		t.Errorf("wall %v, CPU %v", l.Wall, l.CPU)
	}
}

func TestLimitsSayWhichHowMuchAndHowToRaise(t *testing.T) {
	busy := openHost(t, standard.Options{Limits: runtime.Limits{Sandbox: sandbox.Limits{CPU: 50 * time.Millisecond}}})
	installAll(t, busy, "acme", extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => { for (;;) {} }`))
	if got := do(t, busy, "acme"); !strings.HasPrefix(got, "timeout: ") || !strings.Contains(got, "CPU") || !strings.Contains(got, "50ms") || !strings.Contains(got, "--limit-cpu") {
		t.Errorf("CPU: %s", got)
	}
	h := openHost(t, standard.Options{Limits: runtime.Limits{Sandbox: sandbox.Limits{Wall: 150 * time.Millisecond}, Rate: 1}})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", "", ""), `export default () => new Promise(r => setTimeout(r, 60000))`))
	if got := do(t, h, "acme"); !strings.HasPrefix(got, "timeout: ") || !strings.Contains(got, "150ms") || !strings.Contains(got, "--limit-wall") {
		t.Errorf("wall: %s", got)
	}
	if got := do(t, h, "acme"); !strings.HasPrefix(got, "exhausted: Rate limit exceeded. Retry after ") {
		t.Errorf("rate: %s", got)
	}
}

func TestPublicRoutesNeedApprovalAndHaveNoUser(t *testing.T) {
	h := openHost(t, standard.Options{})
	more := `,{"method": "GET", "path": "hook", "handler": "server/do.js", "public": true}`
	p := extension(t, manifestOf("x", "1.0.0", "", more), `export default ({user}) => String(user)`)
	public := runtime.Call{ID: "1", Org: "acme", Extension: "acme.x", Method: "GET", Path: "hook", URL: "http://localhost/", Public: true}

	if _, err := h.Install(t.Context(), "acme", p, runtime.Consent{By: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Invoke(t.Context(), public); !errors.Is(err, &sandbox.Error{Code: sandbox.NotFound}) {
		t.Errorf("public route without approval: %v, want not found", err)
	}
	installAll(t, h, "acme", p)
	reply, err := h.Invoke(t.Context(), public)
	if err != nil || string(reply.Body) != "null" {
		t.Errorf("public route: %s, %v; want user null", reply.Body, err)
	}
	public.Method, public.Path = "POST", "do"
	if _, err := h.Invoke(t.Context(), public); !errors.Is(err, &sandbox.Error{Code: sandbox.NotFound}) {
		t.Errorf("a route that is not public, through the public door: %v, want not found", err)
	}
}

func TestNothingOfTheHostLeavesInErrors(t *testing.T) {
	var log strings.Builder
	logger := hclog.New(&hclog.LoggerOptions{Output: io.Writer(&log), Level: hclog.Error})
	h := openHost(t, standard.Options{Logger: logger})
	installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting))
	if err := h.State.Store.Close(); err != nil {
		t.Fatal(err)
	}
	got := do(t, h, "acme")
	if strings.Contains(got, "closed") || strings.Contains(got, "ext/") || got == "1" {
		t.Errorf("a store that is closed: %s", got)
	}
}

func TestValuesThatJSONCannotHoldAreRefusedWithACode(t *testing.T) {
	h := openHost(t, standard.Options{})
	for value, want := range map[string]string{
		"undefined": "undefined", "() => 1": "a function", "Symbol('x')": "a symbol", "1n": "a BigInt",
		"{ deep: 1n }":                 "a BigInt inside",
		"(o => (o.o = o))({})":         "a cycle",
		"{ toJSON() {} }":              "undefined",
		"{ toJSON() { return null } }": "stored",
		"new Date(0)":                  "stored",
	} {
		installAll(t, h, "acme", extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), `export default async ({storage}) => {
			try { await storage.set('k', `+value+`); return 'stored' } catch (e) { return e.code + ': ' + e.message }
		}`))
		got := do(t, h, "acme")
		if want != "stored" && !strings.HasPrefix(got, "invalid: ") || !strings.Contains(got, want) {
			t.Errorf("storage.set of %s: %s, want %s", value, got, want)
		}
	}
}
