package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gauge adds a value that is asked for when somebody looks, such as how many
// workers there are now. It must be called once for a name, before Handler.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Counter adds a count that is kept elsewhere and only grows.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}
