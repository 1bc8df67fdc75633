package standard_test

import (
	"context"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/bundle"
	"github.com/annexhost/annex/runtime/standard"
)

// forgetfulVariable makes the test program one that does not call WorkerMain.
const forgetfulVariable = "ANNEX_TEST_FORGETFUL"

func TestMain(m *testing.M) {
	if os.Getenv(forgetfulVariable) == "" {
		standard.WorkerMain()
	}
	if step := os.Getenv(killVariable); step != "" {
		killChild(step)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func openError(o standard.Options) string {
	h, err := standard.OpenMemory(context.Background(), o)
	if err == nil {
		h.Close(context.Background())
		return ""
	}
	return err.Error()
}

// TestProcessNeedsWorkerMain is that a program which could not be started again
// as a worker is told so. It runs itself as such a program.
func TestProcessNeedsWorkerMain(t *testing.T) {
	if os.Getenv(forgetfulVariable) == "" {
		again := exec.Command(os.Args[0], "-test.run=^TestProcessNeedsWorkerMain$")
		again.Env = append(os.Environ(), forgetfulVariable+"=1")
		if text, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		return
	}
	if err := openError(standard.Options{Isolation: standard.Process}); !strings.Contains(err, "WorkerMain") {
		t.Errorf("got %q, want it to say WorkerMain", err)
	}
}

func TestUnknownIsolation(t *testing.T) {
	if err := openError(standard.Options{Isolation: "thread"}); !strings.Contains(err, `"thread"`) {
		t.Errorf("got %q, want it to name what is unknown", err)
	}
}

// TestBundlingInAWorker is that a worker makes the same of a package as this
// process, and says the same of one that is wrong.
func TestBundlingInAWorker(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this system has no workers")
	}
	files := map[string]string{
		"h.ts":     `import {x} from "./x"; export default (n: number) => x + n`,
		"x.js":     `export const x = 1`,
		"wrong.js": "import y from './gone'\nexport default () => {{ }",
	}
	read := func(name string) ([]byte, bool) {
		text, ok := files[name]
		return []byte(text), ok
	}
	build, end := standard.NewWorkshop()
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	for _, entry := range []string{"h.ts", "wrong.js", "absent.js"} {
		in := bundle.Input{Entry: entry, Read: read}
		want, wantErr := bundle.Build(context.Background(), in)
		got, err := build(context.Background(), "package", in)
		if len(want.Warnings) == 0 && len(got.Warnings) == 0 {
			want.Warnings, got.Warnings = nil, nil // none, or an empty list of them
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", entry, got, err, want, wantErr)
		}
	}
}
