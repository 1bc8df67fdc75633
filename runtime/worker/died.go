package worker

import (
	"slices"
	"strings"
)

// died takes a worker that has ended out of the pool.
func (p *pool) died(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.gone, w.lastBusy = true, w.busy
	p.alive--
	for _, l := range w.idle {
		l.file.close()
	}
	f := w.fate.Load()
	p.stats.count(f)
	if w.tenant == nil {
		p.spares = slices.DeleteFunc(p.spares, func(other *worker) bool { return other == w })
		p.slow.fail()
	} else {
		t := w.tenant
		t.workers = slices.DeleteFunc(t.workers, func(other *worker) bool { return other == w })
		if name := f.name(); !w.answered && (name == "crash" || name == "protocol") {
			t.slow.fail()
		}
		p.feed(t)
		p.tidy(t)
	}
	p.tell(w, f)
	p.feedHungry()
	p.unblock()
	p.refill()
}

// name is what the tenant was called by whoever asked for an invocation.
func (t *tenant) name() string {
	name, _, _ := strings.Cut(t.key, programMark)
	return name
}

// tell reports the end of a worker.
func (p *pool) tell(w *worker, f *fate) {
	if p.config.Ended == nil || f.cause == nil {
		return
	}
	e := Ending{Cause: f.name(), Detail: f.detail}
	if w.tenant != nil {
		e.Tenant = w.tenant.name()
	}
	if f.guilty != nil {
		e.Invocation = f.guilty.asked.ID
	}
	p.config.Ended(e)
}
