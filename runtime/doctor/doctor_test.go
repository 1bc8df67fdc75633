package doctor

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/annexhost/annex/runtime/worker/jail"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := Run(t.Context(), []Check{
			{"fine", func(context.Context) []Finding {
				return []Finding{{Name: "a", Status: OK}, {Name: "b", Status: Warning}}
			}},
			{"broken", func(context.Context) []Finding { panic("oh") }},
			{"endless", func(ctx context.Context) []Finding { <-ctx.Done(); time.Sleep(time.Second); return nil }},
			{"nothing", func(context.Context) []Finding { return nil }},
		})
		var got []string
		for _, f := range found {
			got = append(got, f.Check+"/"+f.Name+"="+string(f.Status))
		}
		want := "fine/a=ok fine/b=warning broken/check=failed endless/check=failed"
		if strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
		time.Sleep(2 * time.Second)
	})
}

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		of   []Status
		want Status
	}{
		{nil, OK}, {[]Status{OK, OK}, OK}, {[]Status{Warning, OK}, Warning},
		{[]Status{Failed, OK, Warning}, Failed}, {[]Status{Warning, Failed}, Failed},
	} {
		var all []Finding
		for _, s := range tt.of {
			all = append(all, Finding{Status: s})
		}
		if got := Worst(all); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.of, got, tt.want)
		}
	}
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	err := Write(&b, []Finding{
		{Check: "one", Name: "long name", Status: OK, Detail: "there", Remedy: "nothing to do"},
		{Check: "one", Name: "x", Status: Failed, Detail: "gone", Remedy: "bring it back"},
		{Check: "two", Name: "y", Status: Warning},
	})
	want := `one
  ok    long name  there
  FAIL  x          gone
                   → bring it back
two
  warn  y
`
	if err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
	}
}

// TestEveryLayerHasARemedy is that an operator is told what to do about each
// layer that a kernel may refuse, and that what is required fails.
func TestEveryLayerHasARemedy(t *testing.T) {
	var report jail.Report
	layers := []jail.Name{jail.Limits, jail.Namespaces, jail.Root, jail.Privileges, jail.Landlock, jail.Calls}
	for _, name := range layers {
		report = append(report, jail.Layer{Name: name, Refused: "the kernel says no", Detail: "all of it"})
	}
	for _, f := range Jail(report, false) {
		if f.Status != Warning || f.Detail != "the kernel says no" || f.Remedy == "" {
			t.Errorf("a layer that does not hold: %+v", f)
		}
	}
	if got := Worst(Jail(report, true)); got != Failed {
		t.Errorf("a jail that is required and not complete: %s, want failed", got)
	}
	if f := Jail(jail.Report{{Name: jail.Calls, Detail: "37 pass"}}, true)[0]; f.Status != OK || f.Detail != "37 pass" {
		t.Errorf("a layer that holds: %+v", f)
	}
}

func TestCgoMattersOnLinux(t *testing.T) {
	for _, tt := range []struct {
		built  bool
		system string
		want   Status
	}{{true, "linux", Warning}, {false, "linux", OK}, {true, "darwin", OK}, {false, "windows", OK}} {
		if got := cgo(tt.built, tt.system); got.Status != tt.want {
			t.Errorf("built with cgo %t on %s: %+v, want %s", tt.built, tt.system, got, tt.want)
		}
	}
}

func TestClock(t *testing.T) {
	if got := clock(time.Unix(0, 0)); got.Status != Failed || got.Remedy == "" {
		t.Errorf("a clock of 1970: %+v, want it to fail", got)
	}
	if got := clock(released.Add(time.Hour)); got.Status == Failed {
		t.Errorf("a clock that may be right: %+v", got)
	}
}

func TestAtLeast(t *testing.T) {
	for _, tt := range []struct {
		have   int64
		status Status
		detail string
	}{{-1, OK, "unlimited"}, {10, OK, "10"}, {9, Warning, "9, a busy host needs 10"}} {
		if got := atLeast("x", tt.have, 10, count, "more"); got.Status != tt.status || got.Detail != tt.detail {
			t.Errorf("%d: %+v, want %s %q", tt.have, got, tt.status, tt.detail)
		}
	}
}

func TestSystemSaysWhatThereIs(t *testing.T) {
	found := System("1.2.3").Run(t.Context())
	if len(found) < 3 || !strings.Contains(found[0].Detail, "annex 1.2.3, go1.") {
		t.Errorf("got %+v", found)
	}
	for _, f := range found {
		if f.Status != OK && f.Remedy == "" {
			t.Errorf("%s: %s without a remedy", f.Name, f.Status)
		}
	}
}
