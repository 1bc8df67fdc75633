package standard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/dataformat"
	"github.com/annexhost/annex/runtime/keyspace"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
)

// killVariable makes the test program a child that does one step and is killed.
const killVariable = "ANNEX_TEST_KILL_STEP"

const (
	killOrg = "demo"
	notes   = "annex.notes"
	weather = "annex.weather"
	copied  = "copied" // what an import makes of killOrg
)

// killSteps are what a process is killed in. Each works on a directory dir, which
// has annex.notes with a note, and annex.weather with a secret; but for migrate, whose
// directory is of data format 1.
var killSteps = map[string]func(ctx context.Context, dir string) error{
	"install": inHost(func(ctx context.Context, h *standard.Host) error {
		_, err := h.InstallDir(ctx, killOrg, "../../examples/hello")
		return err
	}),
	"uninstall": inHost(func(ctx context.Context, h *standard.Host) error {
		return h.Uninstall(ctx, killOrg, weather, "test", false)
	}),
	"purge": inHost(func(ctx context.Context, h *standard.Host) error {
		return h.Uninstall(ctx, killOrg, weather, "test", true)
	}),
	"rotate": inHost(func(ctx context.Context, h *standard.Host) error {
		_, err := h.State.RotateMasterKey(ctx, "test")
		return err
	}),
	"erase": inHost(func(ctx context.Context, h *standard.Host) error {
		_, err := h.EraseOrg(ctx, killOrg, "test")
		return err
	}),
	"backup": inHost(func(ctx context.Context, h *standard.Host) error {
		return backUp(ctx, h, os.Getenv(killVariable+"_FILE"))
	}),
	"restore": func(ctx context.Context, dir string) error {
		return restore(ctx, os.Getenv(killVariable+"_FILE"), dir)
	},
	"import": inHost(func(ctx context.Context, h *standard.Host) error {
		return importOrg(ctx, h, os.Getenv(killVariable+"_FILE"))
	}),
	"migrate": inHost(func(context.Context, *standard.Host) error { return nil }),
}

func inHost(f func(context.Context, *standard.Host) error) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		h, err := standard.Open(ctx, dir, standard.Options{})
		if err != nil {
			return err
		}
		return errors.Join(f(ctx, h), h.Close(ctx))
	}
}

func backUp(ctx context.Context, h *standard.Host, file string) error {
	return backup.CreateFile(file, func(w io.Writer) error {
		_, err := h.State.Backup(ctx, "test", w)
		return err
	})
}

func restore(ctx context.Context, file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = standard.Restore(ctx, f, dir, standard.Options{})
	return err
}

func importOrg(ctx context.Context, h *standard.Host, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = h.ImportOrg(ctx, f, copied, runtime.ImportOptions{By: "test"})
	return err
}

// killChild does a step in a process that somebody kills.
func killChild(step string) {
	fmt.Println("ready")
	if err := killSteps[step](context.Background(), os.Args[1]); err != nil {
		fmt.Println("failed:", err)
		os.Exit(3)
	}
}

// TestKilledInEachStep kills a process at a random moment of each step, and looks at
// what it has left: everything that was acknowledged is there, the audit verifies, each
// key is somebody's, and the same step can be done or finished. ANNEX_LONG=1 kills 40
// processes in each.
func TestKilledInEachStep(t *testing.T) {
	rounds := 3
	if os.Getenv("ANNEX_LONG") != "" {
		rounds = 40
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	base := t.TempDir()
	furnish(t, base)
	saved, exported := filepath.Join(t.TempDir(), "saved"), filepath.Join(t.TempDir(), "exported")
	err := inHost(func(ctx context.Context, h *standard.Host) error {
		return errors.Join(backUp(ctx, h, saved), backup.CreateFile(exported, func(w io.Writer) error { return h.ExportOrg(ctx, w, killOrg, "test") }))
	})(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	killed, started := 0, 0
	for _, step := range []string{"install", "uninstall", "purge", "rotate", "erase", "backup", "restore", "import", "migrate"} {
		t.Run(step, func(t *testing.T) {
			fresh := func() (dir, file string) {
				dir = filepath.Join(t.TempDir(), "data")
				switch step {
				case "migrate":
					return format1(t), ""
				case "restore":
					copyFile(t, filepath.Join(base, "master.key"), filepath.Join(dir, "master.key"))
					return dir, saved
				}
				copyDir(t, base, dir)
				if step == "import" {
					return dir, exported
				}
				return dir, filepath.Join(filepath.Dir(dir), "backup")
			}
			dir, file := fresh()
			whole, died := runStep(t, step, dir, file, time.Minute)
			if died {
				t.Fatal("the step does not end")
			}
			for range rounds {
				dir, file := fresh()
				after := time.Duration(random.Int64N(int64(whole)))
				started++
				if _, died := runStep(t, step, dir, file, after); died {
					killed++
				}
				checkAfterKill(t, step, dir, file)
				if t.Failed() {
					t.Fatalf("killed after %v of %v", after, whole)
				}
			}
		})
	}
	t.Logf("%d processes were killed", killed)
	if killed < started/4 {
		t.Errorf("%d processes were killed, the others had ended: the test has not tested much", killed)
	}
}

// furnish makes the directory that the steps work on.
func furnish(t *testing.T, dir string) {
	t.Helper()
	err := inHost(func(ctx context.Context, h *standard.Host) error {
		for _, example := range []string{"notes", "weather"} {
			if _, err := h.InstallDir(ctx, killOrg, "../../examples/"+example); err != nil {
				return err
			}
		}
		_, err := h.State.Keeper.Set(ctx, secrets.Owner{Org: killOrg, Extension: weather}, "api_key", secrets.NewValue("from-format-1"))
		return err
	})(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
}

// runStep runs a step in a child, which it kills some time after the step began. It returns
// how long it took, and whether the child was killed before its end.
func runStep(t *testing.T, step, dir, file string, after time.Duration) (took time.Duration, died bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), killVariable+"="+step, killVariable+"_FILE="+file)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the child said %q", lines.Text())
	}
	began := time.Now()
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	said := ""
	for lines.Scan() {
		said += lines.Text() + "\n"
	}
	err = cmd.Wait()
	took = time.Since(began)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return took, false
	case errors.As(err, &exit) && !exit.Exited():
		return took, true
	}
	t.Fatalf("%s failed: %v: %s", step, err, said)
	return took, false
}

// checkAfterKill looks at what a killed step has left, and finishes it.
func checkAfterKill(t *testing.T, step, dir, file string) {
	t.Helper()
	ctx := context.Background()
	switch step {
	case "restore":
		if _, err := os.Stat(filepath.Join(dir, "store")); errors.Is(err, fs.ErrNotExist) {
			if err := restore(ctx, file, dir); err != nil {
				t.Errorf("the restore cannot be repeated: %v", err)
				return
			}
		}
	case "backup":
		checkBackup(t, dir, file)
	}
	h, err := standard.Open(ctx, dir, standard.Options{})
	if err != nil {
		t.Errorf("the directory does not open: %v", err)
		return
	}
	defer func() {
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	if err := finish(ctx, step, file, h); err != nil {
		t.Errorf("the step cannot be finished: %v", err)
	}
	checkWhole(t, step, h)
}

// finish does the step again, where there is something left of it to do.
func finish(ctx context.Context, step, file string, h *standard.Host) error {
	var err error
	switch step {
	case "install":
		_, err = h.InstallDir(ctx, killOrg, "../../examples/hello")
	case "uninstall", "purge":
		err = h.Uninstall(ctx, killOrg, weather, "test", step == "purge")
	case "rotate":
		if _, err = h.State.RotateMasterKey(ctx, "test"); err == nil && h.State.Keeper.MasterKey().Retired() {
			err = errors.New("the old key is not forgotten")
		}
	case "erase":
		_, err = h.EraseOrg(ctx, killOrg, "test")
	case "import":
		if err = importOrg(ctx, h, file); runtime.CodeOf(err) == "conflict" { // it was whole
			err = nil
		}
	}
	if runtime.CodeOf(err) == "not_found" { // it had happened
		err = nil
	}
	return err
}

// checkWhole compares a host with what its directory had, and with what the step does.
func checkWhole(t *testing.T, step string, h *standard.Host) {
	t.Helper()
	ctx := context.Background()
	if format, err := dataformat.Of(ctx, h.State.Store); err != nil || format != dataformat.Current {
		t.Errorf("format %d, error %v", format, err)
	}
	for _, org := range []string{killOrg, copied, audit.HostOrg} {
		if r, err := h.State.Audit.Verify(ctx, org); err != nil || r.FirstBad != nil {
			t.Errorf("audit of %s: %+v, error %v", org, r.FirstBad, err)
		}
	}
	pairs, err := h.State.Store.Scan(ctx, "", "", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		org, err := keyspace.Owner(p.Key, p.Value)
		if err != nil {
			t.Error(err)
		}
		if step == "erase" && org == killOrg {
			t.Errorf("%q is left of the erased organization", p.Key)
		}
		if step == "purge" && strings.Contains(string(p.Key), killOrg+"/"+weather) {
			t.Errorf("%q is left of the purged extension", p.Key)
		}
	}
	if step == "erase" {
		return
	}
	orgs := []string{killOrg}
	if step == "import" {
		orgs = append(orgs, copied)
	}
	for _, org := range orgs {
		reply, err := h.Invoke(ctx, runtime.Call{ID: "1", Org: org, Extension: notes, Method: "GET", Path: "notes"})
		if err != nil || reply.Status != 200 {
			t.Errorf("annex.notes of %s: status %d, error %v", org, reply.Status, err)
		}
	}
	if step == "purge" {
		return
	}
	v, err := h.State.Keeper.Get(ctx, secrets.Owner{Org: killOrg, Extension: weather}, "api_key")
	if err != nil || string(v.Reveal()) != "from-format-1" {
		t.Errorf("the secret: %v", err)
	}
}

// checkBackup reads a backup that has its name, and makes one that has not.
func checkBackup(t *testing.T, dir, file string) {
	t.Helper()
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := inHost(func(ctx context.Context, h *standard.Host) error { return backUp(ctx, h, file) })(t.Context(), dir); err != nil {
			t.Errorf("the backup cannot be repeated: %v", err)
			return
		}
	}
	into := filepath.Join(t.TempDir(), "restored")
	copyFile(t, filepath.Join(dir, "master.key"), filepath.Join(into, "master.key"))
	if err := restore(t.Context(), file, into); err != nil {
		t.Errorf("the backup is not whole: %v", err)
	}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err == nil {
			copyFile(t, path, filepath.Join(to, rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
