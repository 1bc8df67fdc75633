package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime"
)

func TestLedgersAreCounted(t *testing.T) {
	m := New()
	l := runtime.Ledger{
		Org: "acme", Extension: "acme.secret-name", Outcome: "ok", Wall: 3 * time.Millisecond, CPU: time.Millisecond, BytesIn: 5, BytesOut: 7,
		Bridge: bridge.Ledger{Calls: map[string]int64{"storage.get": 2}, Denied: 1, LogLines: 4},
	}
	m.Invocation(l)
	l.Outcome = "timeout/cpu"
	m.Invocation(l)
	m.Observe(t.Context(), egress.Exchange{Host: "api.acme.example", Outcome: "", Duration: time.Millisecond, Sent: 3, Received: 9})
	m.Observe(t.Context(), egress.Exchange{Host: "api.acme.example", Outcome: egress.Denied})
	m.Watch(func() runtime.Load { return runtime.Load{Running: 2, Waiting: 1} }, func() int64 { return 4096 })
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	for _, want := range []string{
		`annex_invocations_total{outcome="ok"} 1`, `annex_invocations_total{outcome="timeout/cpu"} 1`,
		`annex_bridge_calls_total{method="storage.get"} 4`, `annex_denied_total 2`, `annex_log_lines_total 8`,
		`annex_bytes_total{direction="in"} 10`, `annex_invocation_seconds_count 2`,
		`annex_limits_hit_total{limit="cpu"} 1`, `annex_egress_requests_total{outcome="ok"} 1`, `annex_egress_requests_total{outcome="denied"} 1`, `annex_egress_bytes_total{direction="in"} 9`,
		`annex_invocations_running 2`, `annex_invocations_waiting 1`, `annex_store_bytes 4096`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "acme") {
		t.Error("an organization or an extension is a label")
	}
}
