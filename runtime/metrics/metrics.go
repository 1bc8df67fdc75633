// Package metrics counts invocations for Prometheus. Its labels are bounded:
// outcomes and methods of the bridge, never what a stranger can make up, and
// never an organization or an extension.
package metrics

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/annexhost/annex/bridge/egress"
	"github.com/annexhost/annex/runtime"
)

// Metrics is a runtime.Meter. It is safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	invocations *prometheus.CounterVec
	wall, cpu   prometheus.Histogram
	calls       *prometheus.CounterVec
	denied      prometheus.Counter
	logLines    prometheus.Counter
	bytes       *prometheus.CounterVec
	limits      *prometheus.CounterVec
	exchanges   *prometheus.CounterVec
	exchangeFor prometheus.Histogram
	sent        *prometheus.CounterVec
}

// seconds are the buckets of durations: from a warm invocation to the default limit.
var seconds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// New returns metrics that have counted nothing.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		invocations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "annex_invocations_total", Help: "Invocations of handlers, by how they ended.",
		}, []string{"outcome"}),
		wall: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "annex_invocation_seconds", Help: "Time from the start of an invocation to its end.", Buckets: seconds,
		}),
		cpu: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "annex_invocation_cpu_seconds", Help: "Time that an invocation computed.", Buckets: seconds,
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "annex_bridge_calls_total", Help: "Calls that left a sandbox, by method.",
		}, []string{"method"}),
		denied: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "annex_denied_total", Help: "Calls that were not permitted.",
		}),
		logLines: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "annex_log_lines_total", Help: "Lines that handlers logged.",
		}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "annex_bytes_total", Help: "Bytes of requests (in) and answers (out).",
		}, []string{"direction"}),
	}
	m.limits = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "annex_limits_hit_total", Help: "Invocations that ended at a limit, by which.",
	}, []string{"limit"})
	m.exchanges = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "annex_egress_requests_total", Help: "Requests to other hosts, redirects counted too, by how they ended.",
	}, []string{"outcome"})
	m.exchangeFor = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "annex_egress_seconds", Help: "Time of a request to another host.", Buckets: seconds,
	})
	m.sent = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "annex_egress_bytes_total", Help: "Bytes of bodies to other hosts (out) and from them (in).",
	}, []string{"direction"})
	m.registry.MustRegister(m.limits, m.exchanges, m.exchangeFor, m.sent)
	m.registry.MustRegister(m.invocations, m.wall, m.cpu, m.calls, m.denied, m.logLines, m.bytes)
	return m
}

// Invocation counts one ledger.
func (m *Metrics) Invocation(l runtime.Ledger) {
	m.invocations.WithLabelValues(l.Outcome).Inc()
	if code, limit, _ := strings.Cut(l.Outcome, "/"); code == "timeout" || code == "exhausted" {
		m.limits.WithLabelValues(cmp.Or(limit, code)).Inc()
	}
	m.wall.Observe(l.Wall.Seconds())
	m.cpu.Observe(l.CPU.Seconds())
	for method, n := range l.Bridge.Calls {
		m.calls.WithLabelValues(method).Add(float64(n))
	}
	m.denied.Add(float64(l.Bridge.Denied))
	m.logLines.Add(float64(l.Bridge.LogLines))
	m.bytes.WithLabelValues("in").Add(float64(l.BytesIn))
	m.bytes.WithLabelValues("out").Add(float64(l.BytesOut))
}

// Observe counts one exchange with another host; it is an egress.Observer.
func (m *Metrics) Observe(_ context.Context, e egress.Exchange) {
	m.exchanges.WithLabelValues(cmp.Or(string(e.Outcome), "ok")).Inc()
	m.exchangeFor.Observe(e.Duration.Seconds())
	m.sent.WithLabelValues("out").Add(float64(e.Sent))
	m.sent.WithLabelValues("in").Add(float64(e.Received))
}

// Watch adds what can be read at any moment: how busy a host is, and the bytes of
// its store. It may be called once.
func (m *Metrics) Watch(load func() runtime.Load, storeBytes func() int64) {
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	gauge("annex_invocations_running", "Invocations that hold a slot.", func() float64 { return float64(load().Running) })
	gauge("annex_invocations_waiting", "Invocations that wait for a slot.", func() float64 { return float64(load().Waiting) })
	gauge("annex_store_bytes", "Bytes of the store on disk.", func() float64 { return float64(storeBytes()) })
}

// Handler answers with everything counted, in the format of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
