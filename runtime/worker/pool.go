package worker

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// pool has the workers of an engine: those of tenants and the spares.
type pool struct {
	config Config
	spawn  *spawner
	doing  sync.WaitGroup // goroutines of the pool
	ending chan struct{}  // closed when the pool closes

	compiles bool  // its workers try what compiling does, and run nothing
	guest    int64 // memory of one guest where programs run

	mu       sync.Mutex
	tenants  map[string]*tenant
	spares   []*worker
	starting int
	alive    int       // processes that have not ended, those that start included
	hungry   []*tenant // that wait for a worker, in turn
	blocked  []*tenant // that wait for their group's turn
	watching bool
	slow     backoff // of starting workers
	retrying bool
	house    *time.Timer
	closed   bool
	stats    Stats
}

// tenant is whose invocations share workers.
type tenant struct {
	key     string
	workers []*worker
	queue   []*ticket // invocations without a lane
	hungry  bool
	blocked bool
	slow    backoff // of giving it another worker
}

// ticket is an invocation that waits for a lane.
type ticket struct {
	job  *invocation
	lane chan *lane // capacity 1
}

func newPool(c Config, s *spawner) *pool {
	return &pool{config: c, guest: c.Memory, spawn: s, ending: make(chan struct{}), tenants: map[string]*tenant{}}
}

// first starts the first worker, and the other spares behind it.
func (p *pool) first() (*worker, error) {
	p.mu.Lock()
	p.alive++
	p.starting++
	p.mu.Unlock()
	w, err := p.startWorker()
	p.started(w, err)
	return w, err
}

// acquire returns a lane of a worker of the invocation's tenant.
func (p *pool) acquire(i *invocation) (*lane, *sandbox.Error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, unavailable("the host shuts down")
	}
	t := p.tenants[i.tenant]
	if t == nil {
		t = &tenant{key: i.tenant}
		p.tenants[i.tenant] = t
	}
	if len(t.queue) == 0 || i.alone {
		if l := p.laneFor(t, i); l != nil {
			p.mu.Unlock()
			return l, nil
		}
	}
	k := &ticket{job: i, lane: make(chan *lane, 1)}
	t.queue = append(t.queue, k)
	p.feed(t)
	p.mu.Unlock()
	return p.wait(t, k)
}

// wait waits for a ticket's lane.
func (p *pool) wait(t *tenant, k *ticket) (*lane, *sandbox.Error) {
	patience, late := p.config.MaxWait, unavailable("no worker is free")
	if wall := k.job.limits.Wall; wall > 0 && wall < patience && !p.compiles {
		patience, late = wall, timeoutError(sandbox.ReasonWall, "wall-clock", wall, wall)
	}
	alarm := time.NewTimer(patience)
	defer alarm.Stop()
	var failed *sandbox.Error
	select {
	case l := <-k.lane:
		return l, nil
	case <-k.job.ctx.Done():
		failed = contextError(k.job.ctx)
	case <-alarm.C:
		failed = late
	case <-p.ending:
		failed = unavailable("the host shuts down")
	}
	p.mu.Lock()
	at := slices.Index(t.queue, k)
	if at >= 0 {
		t.queue = slices.Delete(t.queue, at, at+1)
	}
	p.mu.Unlock()
	if at < 0 {
		(<-k.lane).finish(k.job, nil) // it came at the same moment
	}
	return nil, failed
}

func unavailable(why string) *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Unavailable, RetryAfter: 1, Message: why}
}

// laneFor returns a lane for an invocation if there is one now: an idle one,
// else a new one, else one of a spare. The pool is locked.
func (p *pool) laneFor(t *tenant, i *invocation) *lane {
	if !i.alone {
		for _, w := range t.workers {
			if n := len(w.idle); n > 0 && w.takesMore() {
				l := w.idle[n-1]
				w.idle = w.idle[:n-1]
				p.take(w, l, i)
				return l
			}
		}
		for _, w := range t.workers {
			if len(w.lanes) < p.config.Lanes && w.takesMore() {
				if l := p.openLane(w); l != nil {
					p.take(w, l, i)
					return l
				}
			}
		}
	}
	w := p.adopt(t)
	if w == nil {
		return nil
	}
	w.alone = i.alone
	l := w.idle[0]
	w.idle = w.idle[:0]
	p.take(w, l, i)
	return l
}

// takesMore reports whether a worker may be given another invocation: not one
// that is being ended, although it may seem to live for a moment. The pool is
// locked.
func (w *worker) takesMore() bool {
	return !w.retired && !w.gone && !w.alone && w.fate.Load() == nil
}

// take gives a lane to an invocation. The pool is locked.
func (p *pool) take(w *worker, l *lane, i *invocation) {
	w.busy++
	l.job, i.watched = i, watched{}
	if !p.watching {
		p.watching = true
		p.doing.Go(p.watch)
	}
}

// firstAnswer is about how long a worker takes for its first answer.
const firstAnswer = 5 * time.Millisecond

// adopt makes a spare a worker of t, if it may have one. The pool is locked.
func (p *pool) adopt(t *tenant) *worker {
	if len(p.spares) == 0 || p.closed || t.crowded(p.config.PerTenant) || p.overShare(t) {
		return nil
	}
	if wait := t.slow.remaining(); wait > 0 {
		p.feedAfter(wait)
		return nil
	}
	w := p.spares[0]
	p.spares = slices.Delete(p.spares, 0, 1)
	w.tenant = t
	w.lastUsed = time.Now()
	t.workers = append(t.workers, w)
	p.keepHouse()
	if len(p.spares) == 0 || p.retrying {
		p.refill()
	} else {
		p.feedAfter(firstAnswer) // there is time: starting another would slow this one down
	}
	return w
}

// crowded reports whether a tenant has as many workers as it may have.
func (t *tenant) crowded(most int) bool {
	n := 0
	for _, w := range t.workers {
		if !w.retired && !w.gone && w.fate.Load() == nil {
			n++
		}
	}
	return n >= most
}

// openLane opens one more lane into a worker. The pool is locked.
func (p *pool) openLane(w *worker) *lane {
	host, child, err := lanePair()
	if err != nil {
		return nil
	}
	defer child.close()
	w.lastID++
	l := &lane{worker: w, number: w.lastID, file: host}
	l.in.r = &l.file
	if err := w.process.sendLane(l.number, child); err != nil {
		host.close()
		w.process.kill()
		return nil
	}
	w.lanes[l.number] = l
	return l
}

// finish gives a lane back after an invocation that was answered. The lane is
// free once the calls that were left behind have ended.
func (l *lane) finish(i *invocation, failed *sandbox.Error) {
	if i.waiting.Load() > 0 {
		go func() {
			i.pending.Wait()
			l.worker.pool.release(l, failed)
		}()
		return
	}
	l.worker.pool.release(l, failed)
}

// release gives a lane to who waits for one, or keeps it.
func (p *pool) release(l *lane, failed *sandbox.Error) {
	full := p.compiles && l.worker.full()
	p.mu.Lock()
	defer p.mu.Unlock()
	w := l.worker
	w.busy--
	l.job = nil
	if w.gone {
		l.file.close()
		return
	}
	w.served++
	w.answered = true
	w.lastUsed = time.Now()
	w.tenant.slow = backoff{}
	if w.busy == 0 {
		defer p.unblock()
	}
	if w.alone || full || hitLimit(failed) || w.served >= p.config.MaxCalls || time.Since(w.born) >= p.config.MaxAge {
		p.retire(w)
		return
	}
	w.idle = append(w.idle, l)
	if !w.retired {
		p.feed(w.tenant)
	} else if w.busy == 0 {
		p.retire(w)
	}
}

// full reports whether compiling one program has left too little memory for the
// next one, which may be another organization's.
func (w *worker) full() bool {
	most := w.pool.config.Memory
	return most > 0 && w.process.residentMemory()-w.idleRSS > most/2
}

// hitLimit reports whether an invocation ended by a limit after which nobody
// knows in what state it left its process. A depth that the engine counted is
// none of these: its guest's stack was unwound, and a process would have to be
// started for each of a thing that costs a guest nothing.
func hitLimit(e *sandbox.Error) bool {
	return e != nil && (e.Code == sandbox.Timeout || e.Code == sandbox.Exhausted && e.Reason == sandbox.ReasonMemory)
}

// retire gives a worker no more invocations, and ends it when it has none. The
// pool is locked.
func (p *pool) retire(w *worker) {
	w.retired = true
	if w.busy == 0 {
		w.kill(&fate{})
	}
	if w.tenant != nil {
		p.feed(w.tenant)
	}
}

// feed serves who waits in t, as far as there are lanes, and sees to it that
// there will be more. The pool is locked.
func (p *pool) feed(t *tenant) {
	for len(t.queue) > 0 {
		k := t.queue[0]
		l := p.laneFor(t, k.job)
		if l == nil {
			break
		}
		t.queue = slices.Delete(t.queue, 0, 1)
		k.lane <- l
	}
	switch {
	case len(t.queue) == 0 || t.hungry || t.crowded(p.config.PerTenant):
	case p.overShare(t):
		p.block(t)
	default:
		t.hungry = true
		p.hungry = append(p.hungry, t)
	}
	p.refill()
}

// feedHungry gives spares to the tenants that wait for a worker, in turn. The
// pool is locked.
func (p *pool) feedHungry() {
	waiting := p.hungry
	p.hungry = nil
	for _, t := range waiting {
		t.hungry = false
		p.feed(t)
	}
}

// tidy forgets a tenant of which there is nothing to know. The pool is locked.
func (p *pool) tidy(t *tenant) {
	if len(t.workers) == 0 && len(t.queue) == 0 && !t.hungry && !t.blocked && t.slow.remaining() == 0 {
		delete(p.tenants, t.key)
	}
}

// forget has every worker drop a program. A worker that cannot be given it again
// is retired: the same program may be compiled once more, for the same tenant.
func (p *pool) forget(h hash) {
	p.mu.Lock()
	var having []*worker
	for _, t := range p.tenants {
		for _, w := range t.workers {
			if w.programs[h] != nil {
				having = append(having, w)
			}
		}
	}
	if p.config.MachineCode {
		for _, w := range having {
			p.retire(w)
		}
		having = nil
	}
	p.mu.Unlock()
	for _, w := range having {
		w.forget(h)
	}
}

// close ends all workers and waits for them.
func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.ending)
	}
	if p.house != nil {
		p.house.Stop()
	}
	for _, w := range p.all() {
		w.kill(&fate{})
	}
	p.mu.Unlock()
	p.doing.Wait()
}

// all returns the workers that have started. The pool is locked.
func (p *pool) all() []*worker {
	all := slices.Clone(p.spares)
	for _, t := range p.tenants {
		all = append(all, t.workers...)
	}
	return all
}

// startWorker starts a process and makes it a worker with one lane.
func (p *pool) startWorker() (*worker, error) {
	process, err := p.spawn.launch()
	if err != nil {
		return nil, err
	}
	c := p.config
	report, err := process.greet(hello{
		engine: c.Engine, memory: c.Memory, guest: p.guest, procs: c.Procs, lanes: c.Lanes, life: c.MaxAge,
		jail: c.Jail != JailOff, namespaces: process.noNamespaces, parent: os.Getpid(), code: c.MachineCode,
	})
	if err != nil {
		_, words := process.bury()
		if words != "" {
			err = fmt.Errorf("%w; it said: %s", err, words)
		}
		return nil, fmt.Errorf("worker: a process did not become a worker: %w", err)
	}
	if c.Jail == JailRequired && !report.Holds() {
		process.bury()
		return nil, fmt.Errorf("worker: the jail is not complete: %s", report)
	}
	w := &worker{
		pool: p, process: process, report: report, born: time.Now(), dead: make(chan struct{}),
		lanes: map[int64]*lane{}, programs: map[hash]*loading{}, idleRSS: process.residentMemory(),
	}
	return w, nil
}
