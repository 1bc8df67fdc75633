package standard_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/permissions"
	"github.com/annexhost/annex/runtime"
	"github.com/annexhost/annex/runtime/audit"
	"github.com/annexhost/annex/runtime/backup"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/standard"
	"github.com/annexhost/annex/secrets"
	"github.com/annexhost/annex/storage"
)

// auditFor writes the records of a session into a host's audit.
type auditFor struct{ log *audit.Log }

func (a auditFor) Audit(ctx context.Context, r bridge.AuditRecord) error {
	return a.log.Append(ctx, audit.Record{Org: r.Org, Extension: r.Extension, Actor: "bench", Action: r.Action, Target: r.Target, Outcome: "ok"})
}

// BenchmarkAuditedSecretReads is secrets.get through the bridge by 64 callers, each read
// on record durably before its value is returned. The bar is 5,000 a second.
func BenchmarkAuditedSecretReads(b *testing.B) {
	ctx := context.Background()
	state, err := standard.OpenState(ctx, b.TempDir(), standard.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer state.Close(ctx)
	o := secrets.Owner{Org: "acme", Extension: "acme.sync"}
	if _, err := state.Keeper.Set(ctx, o, "api_key", secrets.NewValue("s3cret-value")); err != nil {
		b.Fatal(err)
	}
	grants := permissions.NewGrants(o.Extension, permissions.Set{Server: []permissions.Permission{permissions.SecretsRead}}, permissions.Policy{})
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	began := time.Now()
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			s := bridge.NewSession(bridge.SessionConfig{
				Org: o.Org, Extension: o.Extension, Grants: grants, Secrets: state.Keeper, Audit: auditFor{state.Audit},
				Limits: bridge.Limits{Calls: sandbox.Unlimited},
			})
			for left.Add(-1) >= 0 {
				if _, err := s.Call(ctx, "secrets.get", sandbox.Payload{JSON: []byte(`{"name":"api_key"}`)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "reads/s")
}

// long skips what takes minutes and a machine of its own.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("ANNEX_LONG") == "" {
		t.Skip("takes a minute and a quiet machine: ANNEX_LONG=1, or make long")
	}
}

// loaded is a host with annex.notes that callers without end ask for its notes.
type loaded struct {
	*standard.Host
	mu    sync.Mutex
	times []time.Duration
	other map[string]int // outcomes that are no answer
}

func load(t *testing.T, dir string, tier standard.Isolation) *loaded {
	t.Helper()
	limits := runtime.Limits{Rate: runtime.Unlimited}
	h, err := standard.Open(t.Context(), dir, standard.Options{Limits: limits, Isolation: tier})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	if _, err := h.InstallDir(t.Context(), killOrg, "../../examples/notes"); err != nil {
		t.Fatal(err)
	}
	return &loaded{Host: h, other: map[string]int{}}
}

// serve lets callers call until f has returned, and returns the times of the answers.
func (l *loaded) serve(callers int, f func()) []time.Duration {
	ctx, stop := context.WithCancel(context.Background())
	l.times, l.other = nil, map[string]int{}
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				began := time.Now()
				reply, err := l.Invoke(context.Background(), runtime.Call{ID: fmt.Sprintf("%d-%d", c, n), Org: killOrg, Extension: notes, Method: "GET", Path: "notes"})
				took := time.Since(began)
				l.mu.Lock()
				if err == nil && reply.Status == 200 {
					l.times = append(l.times, took)
				} else {
					l.other[fmt.Sprint(runtime.CodeOf(err))]++
				}
				l.mu.Unlock()
				if err != nil {
					time.Sleep(10 * time.Millisecond) // as who is told to try again later
				}
			}
		})
	}
	f()
	stop()
	all.Wait()
	slices.Sort(l.times)
	return l.times
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p))]
}

// TestBackupWhileServing backs 1 GB up while callers are answered: under 30 s, and
// their p99 within three times.
func TestBackupWhileServing(t *testing.T) {
	long(t)
	dir := t.TempDir()
	h := load(t, filepath.Join(dir, "data"), standard.InProcess)
	value := bytes.Repeat([]byte("0123456789abcdef"), 4096) // 64 KiB
	for n := range 16 << 10 {
		err := h.State.Store.Update(t.Context(), func(tx storage.Tx) error {
			return tx.Put(storage.Key(fmt.Sprintf("ext/demo/annex.filler/k/%06d", n)), value)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet := slices.Clone(h.serve(8, func() { time.Sleep(10 * time.Second) }))
	var took time.Duration
	var failed error
	busy := h.serve(8, func() {
		began := time.Now()
		failed = backUp(context.Background(), h.Host, filepath.Join(dir, "backup"))
		took = time.Since(began)
	})
	if failed != nil {
		t.Fatal(failed)
	}
	before, during := percentile(quiet, .99), percentile(busy, .99)
	t.Logf("1 GiB in %v; p99 %v before, %v during", took, before, during)
	if took > 30*time.Second || during > 3*before {
		t.Errorf("the bar is 30 s and three times the p99")
	}
	checkBackupReads(t, filepath.Join(dir, "backup"))
}

// checkBackupReads reads a backup to its end.
func checkBackupReads(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := readBackup(t.Context(), f); err != nil {
		t.Error(err)
	}
}

// TestFullLoad holds 1,000 callers at full load for a minute: no outcome but answers,
// refusals for lack of a slot, and unavailability; p99 under ten times p50.
func TestFullLoad(t *testing.T) {
	long(t)
	for _, tier := range []standard.Isolation{standard.InProcess, standard.Process} {
		t.Run(string(tier), func(t *testing.T) {
			h := load(t, t.TempDir(), tier)
			times := h.serve(1000, func() { time.Sleep(time.Minute) })
			p50, p99 := percentile(times, .5), percentile(times, .99)
			t.Logf("%d answers, p50 %v, p99 %v (%.1f times), others %v", len(times), p50, p99, float64(p99)/float64(p50), h.other)
			for code, n := range h.other {
				if code != string(sandbox.Exhausted) && code != string(sandbox.Unavailable) {
					t.Errorf("%d calls ended with %s", n, code)
				}
			}
			if len(times) == 0 || p99 > 10*p50 {
				t.Errorf("p99 %v, p50 %v: the bar is ten times", p99, p50)
			}
		})
	}
}

func readBackup(ctx context.Context, r io.Reader) (int64, error) {
	s, err := backup.Copy(ctx, io.Discard, r)
	return s.Pairs, err
}
