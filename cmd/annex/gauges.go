package main

import (
	"github.com/annexhost/annex/runtime/metrics"
	"github.com/annexhost/annex/runtime/standard"
)

// addGauges counts what a host has at the moment.
func addGauges(m *metrics.Metrics, host *standard.Host) {
	m.Gauge("annex_slots_held", "Invocations that run.", func() float64 { held, _ := host.Slots(); return float64(held) })
	m.Gauge("annex_slots_waiting", "Invocations that wait for their turn.", func() float64 { _, n := host.Slots(); return float64(n) })
	m.Gauge("annex_workers", "Worker processes, spares included.", func() float64 { return float64(host.Workers().Workers) })
	m.Gauge("annex_workers_spare", "Worker processes that wait to become a tenant's.", func() float64 { return float64(host.Workers().Spares) })
	m.Gauge("annex_workers_slowed", "Installations that wait for a worker because theirs died before their first answer.", func() float64 { return float64(host.Workers().Slowed) })
	m.Counter("annex_workers_started_total", "Worker processes that were started.", func() float64 { return float64(host.Workers().Started) })
	m.Counter("annex_workers_ended_total", "Workers that were ended because of a limit, or of what they said.", func() float64 { return float64(host.Workers().Ended) })
	m.Counter("annex_workers_crashed_total", "Workers that ended by themselves.", func() float64 { return float64(host.Workers().Crashed) })
}
