//go:build unix

package runtime_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/js"
	"github.com/annexhost/annex/runtime/pack"
	"github.com/annexhost/annex/runtime/registry"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// lethalEnds are what the child does to an installation when it is killed, and
// what may be there after the next start.
var lethalEnds = map[string]struct {
	act   func(t *testing.T, h *runtime.Host) error
	check func(t *testing.T, h *standard.Host, at int)
}{
	"install": {
		act: func(t *testing.T, h *runtime.Host) error {
			_, err := h.Install(t.Context(), "acme", extension(t, manifestOf("y", "1.0.0", "", ""), "export default () => 'y'"), runtime.Consent{By: "test"})
			return err
		},
		check: func(t *testing.T, h *standard.Host, at int) {
			call := callOf("acme", "acme.y")
			reply, err := h.Invoke(t.Context(), call)
			_, missing := h.State.Registry.Get(t.Context(), "acme", "acme.y")
			packages := 1
			if missing == nil {
				packages = 2
			}
			if (err == nil) != (missing == nil) || err == nil && string(reply.Body) != "y" {
				t.Errorf("step %d: the record is %v, and a call says %v", at, missing, err)
			}
			if got := count(t, h, "reg/pkg/"); got != packages {
				t.Errorf("step %d: %d packages are kept, want %d", at, got, packages)
			}
			whole(t, h, at)
		},
	},
	"uninstall": {
		act: func(t *testing.T, h *runtime.Host) error {
			return h.Uninstall(t.Context(), "acme", "acme.x", "test", false)
		},
		check: func(t *testing.T, h *standard.Host, at int) {
			if got := do(t, h, "acme"); strings.HasPrefix(got, "not_found") {
				installAll(t, h, "acme", countingPackage(t)) // within the grace period
			} else if got != "2" {
				t.Errorf("step %d: %s", at, got)
			}
			whole(t, h, at)
		},
	},
	"purge": {
		act: func(t *testing.T, h *runtime.Host) error {
			return h.Uninstall(t.Context(), "acme", "acme.x", "test", true)
		},
		check: func(t *testing.T, h *standard.Host, at int) {
			if err := h.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := h.State.Registry.Get(t.Context(), "acme", "acme.x")
			if err == nil {
				whole(t, h, at)
				return
			}
			if !errors.Is(err, registry.ErrNotFound) {
				t.Fatal(err)
			}
			for _, prefix := range []string{"ext/acme/", "reg/pkg/", "reg/blob/", "reg/due/", "reg/short/"} {
				if n := count(t, h, prefix); n != 0 {
					t.Errorf("step %d: %d keys of %s are left", at, n, prefix)
				}
			}
			if list, err := h.State.Keeper.List(t.Context(), lethalOwner); len(list) != 0 || err != nil {
				t.Errorf("step %d: secrets are left: %v, %v", at, list, err)
			}
		},
	},
}

var lethalOwner = secrets.Owner{Org: "acme", Extension: "acme.x"}

// whole checks that acme.x is installed with its data and its secret.
func whole(t *testing.T, h *standard.Host, at int) {
	t.Helper()
	if got := do(t, h, "acme"); got != "2" && got != "3" {
		t.Errorf("step %d: the data is not what it was: %s", at, got)
	}
	if v, err := h.State.Keeper.Get(t.Context(), lethalOwner, "k"); err != nil || string(v.Reveal()) != "v" {
		t.Errorf("step %d: the secret is not what it was: %v", at, err)
	}
}

func count(t *testing.T, h *standard.Host, prefix string) int {
	t.Helper()
	keys, err := h.State.Store.Keys(t.Context(), storage.Key(prefix), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(keys)
}

// TestLethalEndChild is the process that is killed; it does nothing by itself.
func TestLethalEndChild(t *testing.T) {
	dir := os.Getenv("ANNEX_TEST_LETHAL_END")
	if dir == "" {
		t.Skip("the child of TestKilledInstallsAndPurges")
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
	key, err := secrets.ReadKeyFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := secrets.NewKeeper(t.Context(), store, key, secrets.KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := keeper.DeriveKey("audit")
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(store, chain, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := runtime.New(t.Context(), runtime.Config{Store: store, Keeper: keeper, Audit: log, JavaScript: engine})
	if err != nil {
		t.Fatal(err)
	}
	store.left.Store(int64(at))
	if err := lethalEnds[os.Getenv("ANNEX_TEST_LETHAL_ACT")].act(t, h); err != nil {
		t.Fatal(err)
	}
	fmt.Println("survived")
	os.Exit(0)
}

// A process that is killed at any step of an installation, of uninstalling or
// of a purge leaves it done or not done, after the next start and its housekeeping.
func TestKilledInstallsAndPurges(t *testing.T) {
	for name := range lethalEnds {
		t.Run(name, func(t *testing.T) {
			kills := 0
			for at := 1; ; at++ {
				ways := []string{"", "yes"}
				if os.Getenv("ANNEX_LONG") == "" {
					ways = ways[1:] // before a transaction is, for the store, after the one before it
				}
				survived := false
				for _, after := range ways {
					if survived = lethalEnd(t, name, at, after); !survived {
						kills++
					}
				}
				if survived {
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

// lethalEnd has a child killed at one step and checks what it left.
func lethalEnd(t *testing.T, name string, at int, after string) (survived bool) {
	t.Helper()
	dir := t.TempDir()
	h, err := standard.Open(t.Context(), dir, standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	installAll(t, h, "acme", countingPackage(t))
	if got := do(t, h, "acme"); got != "1" {
		t.Fatal(got)
	}
	if _, err := h.State.Keeper.Set(t.Context(), lethalOwner, "k", secrets.NewValue("v")); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestLethalEndChild$", "-test.count=1")
	child.Env = append(os.Environ(), "ANNEX_TEST_LETHAL_END="+dir, "ANNEX_TEST_LETHAL_ACT="+name,
		"ANNEX_TEST_LETHAL_AT="+strconv.Itoa(at), "ANNEX_TEST_LETHAL_AFTER="+after)
	out, err := child.CombinedOutput()
	survived = strings.Contains(string(out), "survived")
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !survived && !(ok && status.Signal() == syscall.SIGKILL) {
		t.Fatalf("step %d: the child was not killed: %v\n%s", at, err, out)
	}
	if h, err = standard.Open(t.Context(), dir, standard.Options{}); err != nil {
		t.Fatalf("step %d: %v", at, err)
	}
	defer h.Close(t.Context())
	lethalEnds[name].check(t, h, at)
	if report, err := h.State.Audit.Verify(t.Context(), "acme"); err != nil || report.FirstBad != nil {
		t.Errorf("step %d: the audit: %+v, %v", at, report, err)
	}
	return survived
}

func countingPackage(t *testing.T) *pack.Package {
	return extension(t, manifestOf("x", "1.0.0", `"storage:database"`, ""), counting)
}
