//go:build unix

package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/storage"
)

// lethal is a store that ends this process, as kill -9 does, at one of its
// transactions: before it, or after it is durable and before anybody knows.
type lethal struct {
	storage.Store
	left  atomic.Int64
	after bool
}

func (l *lethal) Update(ctx context.Context, f func(storage.Tx) error) error {
	last := l.left.Add(-1) == 0
	if last && !l.after {
		die()
	}
	err := l.Store.Update(ctx, f)
	if last && l.after {
		die()
	}
	return err
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// lethalActs are what the child does when it is killed.
var lethalActs = map[string]func(t *testing.T, h *runtime.Host) error{
	"update": func(t *testing.T, h *runtime.Host) error {
		_, _, err := h.Update(t.Context(), "acme", bulky(t, "2.0.0", ""), runtime.Consent{By: "test"})
		return err
	},
	"replace": func(t *testing.T, h *runtime.Host) error {
		_, _, err := h.Update(t.Context(), "acme", bulky(t, "1.0.0", "// edited"), runtime.Consent{By: "test"})
		return err
	},
	"pending, approve, rollback": func(t *testing.T, h *runtime.Host) error {
		plan, _, err := h.Update(t.Context(), "acme", versionOf(t, "3.0.0", `"secrets:read"`), runtime.Consent{By: "test"})
		if err != nil {
			return err
		}
		if _, err := h.Approve(t.Context(), "acme", "acme.x", plan.Digest, runtime.Consent{Granted: plan.Asks}); err != nil {
			return err
		}
		_, err = h.Rollback(t.Context(), "acme", "acme.x", "", "test")
		return err
	},
}

// bulky is a version with a file of several chunks.
func bulky(t *testing.T, version, more string) *pack.Package {
	t.Helper()
	p, err := pack.FromFiles(map[string][]byte{
		"extension.json": []byte(manifestOf("x", version, "", "")), "LICENSE": []byte("MIT"),
		"server/do.js": []byte("export default () => '" + version + "' " + more), "assets/big": []byte(strings.Repeat(version+more, 200_000)),
	}, pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLethalChild is the process that is killed; it does nothing by itself.
func TestLethalChild(t *testing.T) {
	dir := os.Getenv("ANNEX_TEST_LETHAL_DIR")
	if dir == "" {
		t.Skip("the child of TestKilledUpdatesLeaveNothingHalfDone")
	}
	at, err := strconv.Atoi(os.Getenv("ANNEX_TEST_LETHAL_AT"))
	if err != nil {
		t.Fatal(err)
	}
	state, err := standard.OpenState(t.Context(), dir, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := js.New(js.Config{})
	if err != nil {
		t.Fatal(err)
	}
	store := &lethal{Store: state.Store, after: os.Getenv("ANNEX_TEST_LETHAL_AFTER") != ""}
	chain, err := state.Keeper.DeriveKey("audit") // as package standard does
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(store, chain, nil) // its transactions are steps too
	if err != nil {
		t.Fatal(err)
	}
	h, err := runtime.New(t.Context(), runtime.Config{Store: store, Keeper: state.Keeper, Audit: log, JavaScript: engine})
	if err != nil {
		t.Fatal(err)
	}
	store.left.Store(int64(at))
	if err := lethalActs[os.Getenv("ANNEX_TEST_LETHAL_ACT")](t, h); err != nil {
		t.Fatal(err)
	}
	if store.left.Load() <= 0 {
		t.Fatal("not killed")
	}
	fmt.Println("survived") // there is no such step
	os.Exit(0)
}

func TestKilledUpdatesLeaveNothingHalfDone(t *testing.T) {
	stride := 5
	if os.Getenv("ANNEX_LONG") != "" {
		stride = 1
	}
	for act := range lethalActs {
		t.Run(act, func(t *testing.T) {
			kills := 0
			for at := 1; ; at += stride {
				done := false
				for _, after := range []string{"", "yes"} {
					if stride > 1 && (at/stride%2 == 0) != (after == "") {
						continue
					}
					if done = lethalStep(t, act, at, after); !done {
						kills++
					}
				}
				if done {
					break
				}
			}
			t.Logf("killed %d times", kills)
			if kills < 2 {
				t.Errorf("the act has only %d steps", kills)
			}
		})
	}
}

// lethalStep installs version 1.0.0, has a child killed at one of its steps, and
// checks what it left. It reports whether the child came to its end.
func lethalStep(t *testing.T, act string, at int, after string) (survived bool) {
	t.Helper()
	dir := t.TempDir()
	h, err := standard.Open(t.Context(), dir, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	installAll(t, h, "acme", bulky(t, "1.0.0", ""))
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestLethalChild$", "-test.count=1")
	child.Env = append(os.Environ(), "ANNEX_TEST_LETHAL_DIR="+dir, "ANNEX_TEST_LETHAL_ACT="+act,
		"ANNEX_TEST_LETHAL_AT="+strconv.Itoa(at), "ANNEX_TEST_LETHAL_AFTER="+after)
	out, err := child.CombinedOutput()
	survived = strings.Contains(string(out), "survived")
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !survived && !(ok && status.Signal() == syscall.SIGKILL) {
		t.Fatalf("step %d: the child was not killed: %v\n%s", at, err, out)
	}
	h, err = standard.Open(t.Context(), dir, standard.Options{})
	if err != nil {
		t.Fatalf("step %d: %v", at, err)
	}
	defer h.Close(t.Context())
	checkAudit(t, h, at)
	checkWhole(t, h, at)
	return survived
}

// checkWhole checks that what is installed runs, that every version listed can
// be returned to and runs, and that no package is kept which nobody needs.
func checkWhole(t *testing.T, h *standard.Host, at int) {
	t.Helper()
	all, err := h.Versions(t.Context(), "acme", "acme.x")
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	inst, err := h.State.Registry.Get(t.Context(), "acme", "acme.x")
	if err != nil {
		t.Fatal(err)
	}
	if inst.Pending != nil {
		needed[inst.Pending.Digest] = true
		checkFiles(t, h, inst.Pending.Digest, at)
	}
	for i, v := range all {
		needed[v.Digest] = true
		checkFiles(t, h, v.Digest, at)
		if i > 0 {
			if _, err := h.Rollback(t.Context(), "acme", "acme.x", v.Version, "test"); err != nil {
				t.Errorf("step %d: back to %s: %v", at, v.Version, err)
			}
		}
		if got := do(t, h, "acme"); !strings.HasPrefix(got, v.Version) {
			t.Errorf("step %d: version %s answers %s", at, v.Version, got)
		}
		if may := strings.HasSuffix(do(t, h, "acme"), " may"); may != (len(v.Granted.Server) > 0) {
			t.Errorf("step %d: version %s has other grants than are on record: %v", at, v.Version, v.Granted)
		}
	}
	for _, prefix := range []string{"reg/pkg/", "reg/has/", "reg/writing/"} {
		pairs, err := h.State.Store.Scan(t.Context(), storage.Key(prefix), "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			digest, _, _ := strings.Cut(strings.TrimPrefix(string(p.Key), prefix), "/")
			if !needed[digest] || prefix == "reg/writing/" {
				t.Errorf("step %d: left behind: %s", at, p.Key)
			}
		}
	}
}

// checkAudit checks that the chain is whole, and that whatever was done is on
// record: a step that is there without its record is worse than a record of a
// step that a kill came before.
func checkAudit(t *testing.T, h *standard.Host, at int) {
	t.Helper()
	if report, err := h.State.Audit.Verify(t.Context(), "acme"); err != nil || report.Entries == 0 || report.FirstBad != nil {
		t.Errorf("step %d: the audit: %+v, %v", at, report, err)
	}
	page, err := h.State.Audit.List(t.Context(), audit.Query{Org: "acme", Extension: "acme.x", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]int{}
	last := map[string]string{} // digest, by action
	for _, e := range page.Entries {
		done[e.Action+" "+e.Detail["digest"]]++
		last[e.Action] = e.Detail["digest"]
	}
	all, err := h.Versions(t.Context(), "acme", "acme.x")
	if err != nil {
		t.Fatal(err)
	}
	inst, err := h.State.Registry.Get(t.Context(), "acme", "acme.x")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if done["install "+v.Digest]+done["update "+v.Digest] == 0 {
			t.Errorf("step %d: version %s is there, and nobody is on record for it: %v", at, v.Version, done)
		}
	}
	if p := inst.Pending; p != nil && done["update.pending "+p.Digest] == 0 {
		t.Errorf("step %d: version %s waits, and nobody is on record for it: %v", at, p.Version, done)
	}
	if len(all) > 1 && all[0].Version == "1.0.0" && last["rollback"] != all[0].Digest {
		t.Errorf("step %d: it is back at 1.0.0, and no rollback is on record: %v", at, done)
	}
}

func checkFiles(t *testing.T, h *standard.Host, digest string, at int) {
	t.Helper()
	pkg, err := h.State.Registry.Package(t.Context(), digest)
	if errors.Is(err, registry.ErrNotFound) {
		t.Errorf("step %d: package %s is gone", at, digest)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pkg.Files {
		if _, err := h.State.Registry.Read(t.Context(), f); err != nil {
			t.Errorf("step %d: %v", at, err)
		}
	}
}
