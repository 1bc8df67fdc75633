package standard

import (
	"slices"

	"github.com/annexhost/annex/runtime/worker"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// Jail lists the layers of the jail in which handlers run, and which of them
// hold. It is empty when no handler runs in a worker.
func (h *Host) Jail() jail.Report {
	pools := h.pools()
	if len(pools) == 0 {
		return nil
	}
	return pools[0].Report()
}

// pools are the engines of workers that there are by now.
func (h *Host) pools() []*worker.Engine {
	if h.moduleWorkers != nil {
		if w := h.moduleWorkers.made(); w != nil {
			return append(slices.Clone(h.workers), w)
		}
	}
	return h.workers
}

// IsolationOf is where the handlers of an installation run that are for an
// engine ([JavaScript] or [WebAssembly]).
func (h *Host) IsolationOf(engine, org, extension string) Isolation {
	return h.options.isolationOf(engine, org+"/"+extension)
}

// Workers counts the workers of all engines.
func (h *Host) Workers() worker.Stats {
	var all worker.Stats
	for _, w := range h.pools() {
		all = all.Plus(w.Stats())
	}
	return all
}

// Slowed lists the installations ("acme/annex.notes") whose calls wait for a
// worker, at most a second, because their last ones died before they had
// answered anything.
func (h *Host) Slowed() []worker.Slow {
	var all []worker.Slow
	for _, w := range h.pools() {
		all = append(all, w.Slowed()...)
	}
	return all
}
