package worker

import (
	"cmp"
	"slices"
	"time"
)

// Stats are counts since the engine was made, and what is there now.
type Stats struct {
	Workers int // processes, spares counted
	Spares  int
	Busy    int // invocations that run
	Waiting int // invocations that wait for a worker
	Slowed  int // tenants that wait for a worker because theirs died before their first answer

	Started uint64 // processes
	Failed  uint64 // processes that did not become workers
	Ended   uint64 // workers that were ended because of a limit or what they said
	Crashed uint64 // workers that ended by themselves
	Retired uint64
}

// Plus adds the counts of two engines.
func (s Stats) Plus(o Stats) Stats {
	return Stats{
		Workers: s.Workers + o.Workers, Spares: s.Spares + o.Spares, Busy: s.Busy + o.Busy,
		Waiting: s.Waiting + o.Waiting, Slowed: s.Slowed + o.Slowed,
		Started: s.Started + o.Started, Failed: s.Failed + o.Failed, Ended: s.Ended + o.Ended,
		Crashed: s.Crashed + o.Crashed, Retired: s.Retired + o.Retired,
	}
}

func (s *Stats) count(f *fate) {
	switch f.name() {
	case "retired":
		s.Retired++
	case "crash":
		s.Crashed++
	default:
		s.Ended++
	}
}

// Stats returns the counts of the workers in which invocations run.
func (e *Engine) Stats() Stats {
	p := e.programs
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Workers, s.Spares = p.alive, len(p.spares)
	for _, t := range p.tenants {
		s.Waiting += len(t.queue)
		if t.slow.remaining() > 0 {
			s.Slowed++
		}
		for _, w := range t.workers {
			s.Busy += w.busy
		}
	}
	return s
}

// Slow is a tenant that waits for its next worker, because its last ones died
// before their first answer.
type Slow struct {
	Tenant string
	Wait   time.Duration // still, at most a second
}

// Slowed lists the tenants that wait, by name.
func (e *Engine) Slowed() []Slow {
	p := e.programs
	p.mu.Lock()
	defer p.mu.Unlock()
	var slowed []Slow
	for _, t := range p.tenants {
		if wait := t.slow.remaining(); wait > 0 {
			slowed = append(slowed, Slow{t.name(), wait})
		}
	}
	slices.SortFunc(slowed, func(a, b Slow) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(b.Wait, a.Wait))
	})
	// A tenant has workers for each of its programs that make machine code.
	return slices.CompactFunc(slowed, func(a, b Slow) bool { return a.Tenant == b.Tenant })
}
