package worker

import (
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// watchEvery is how often busy workers are looked at.
const watchEvery = 25 * time.Millisecond

// watched is what is known of an invocation's CPU time, from the operating
// system. Only the goroutine that watches writes it while the worker lives.
type watched struct {
	seen   bool
	before time.Duration // the thread's CPU time when it was first seen
	used   time.Duration
}

// watch holds busy workers to what only the operating system can tell: memory,
// and the CPU time of threads that do not stop. It ends when no worker is busy.
func (p *pool) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-p.ending:
			return
		}
		if !p.look() {
			return
		}
	}
}

// look looks at all busy workers once, and reports whether there were any. The pool
// is locked for each by itself: to ask the system takes its time.
func (p *pool) look() bool {
	busy := p.busy()
	for _, w := range busy {
		p.mu.Lock()
		if !w.gone {
			w.look()
		}
		p.mu.Unlock()
	}
	return len(busy) > 0
}

// busy returns the workers that do something. When there are none the watch ends.
func (p *pool) busy() (busy []*worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tenants {
		for _, w := range t.workers {
			if w.busy > 0 && !w.gone {
				busy = append(busy, w)
			}
		}
	}
	p.watching = len(busy) > 0
	return busy
}

// look checks one worker. The pool is locked.
func (w *worker) look() {
	var most *invocation // that used the most CPU time
	memory := w.pool.config.Memory
	for _, l := range w.lanes {
		i := l.job
		if i == nil {
			continue
		}
		l.measure(i)
		if limit := i.limits.CPU; limit > 0 && i.watched.used > limit+w.pool.config.Grace {
			w.kill(&fate{guilty: i, cause: timeoutError(sandbox.ReasonCPU, "CPU", i.watched.used, limit)})
			return
		}
		if most == nil || i.watched.used > most.watched.used {
			most = i
		}
		if w.busy == 1 {
			memory = i.memory()
		}
	}
	if memory < 0 || most == nil {
		return
	}
	room := memory
	if w.pool.config.MachineCode {
		room += ownCode // the engine itself counts what the guest holds
	}
	if used := w.process.residentMemory() - w.idleRSS; used > room {
		w.kill(&fate{guilty: most, cause: memoryError(used, memory)})
	}
}

// measure reads the CPU time of an invocation's thread.
func (l *lane) measure(i *invocation) {
	used, ok := l.worker.process.threadCPU(l.thread.Load())
	if !ok {
		return
	}
	if i.watched.seen {
		l.far()
	} else {
		i.watched.seen, i.watched.before = true, used
	}
	i.watched.used = used - i.watched.before
}
