package worker

import "time"

// backoff slows down what fails, up to a second.
type backoff struct {
	delay time.Duration
	until time.Time
}

func (b *backoff) fail() {
	const first, most = 20 * time.Millisecond, time.Second
	b.delay = min(max(2*b.delay, first), most)
	b.until = time.Now().Add(b.delay)
}

// remaining is how long to wait still.
func (b *backoff) remaining() time.Duration {
	if b.delay == 0 {
		return 0
	}
	return max(time.Until(b.until), 0)
}

// refill starts workers until there are as many spares as there should be, and
// one for each tenant that waits. The pool is locked.
func (p *pool) refill() {
	if p.closed {
		return
	}
	missing := p.config.Spares + len(p.hungry) - len(p.spares) - p.starting
	if missing <= 0 {
		return
	}
	if wait := p.slow.remaining(); wait > 0 {
		p.feedAfter(wait)
		return
	}
	for ; missing > 0; missing-- {
		if p.alive >= p.config.Max {
			p.makeRoom()
			return
		}
		p.alive++
		p.starting++
		p.doing.Go(func() { p.started(p.startWorker()) })
	}
}

// feedAfter feeds who waits, and starts spares, a little later. The pool is
// locked.
func (p *pool) feedAfter(wait time.Duration) {
	if p.retrying {
		return
	}
	p.retrying = true
	time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.retrying = false
		if !p.closed {
			p.feedHungry()
			p.refill()
		}
	})
}

// makeRoom ends the worker that was idle for longest, if a tenant waits. The
// pool is locked.
func (p *pool) makeRoom() {
	if len(p.hungry) == 0 {
		return
	}
	var oldest *worker
	for _, t := range p.tenants {
		for _, w := range t.workers {
			if w.busy == 0 && !w.retired && !w.gone && (oldest == nil || w.lastUsed.Before(oldest.lastUsed)) {
				oldest = w
			}
		}
	}
	if oldest != nil {
		oldest.retired = true
		oldest.kill(&fate{})
	}
}

// started takes a worker that has started into the pool.
func (p *pool) started(w *worker, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.stats.Started++
	if err != nil {
		p.alive--
		p.stats.Failed++
		p.slow.fail()
		p.tellFailure(err)
		p.refill()
		return
	}
	p.slow = backoff{}
	p.doing.Go(w.attend)
	if p.closed {
		w.kill(&fate{})
		return
	}
	if l := p.openLane(w); l != nil {
		w.idle = append(w.idle, l)
	}
	p.spares = append(p.spares, w)
	p.feedHungry()
	if warm := p.config.Warm; w.tenant == nil && len(warm.Code) > 0 {
		w.process.send(kindWarm, func(b []byte) []byte { return appendSource(b, warm) })
	}
	p.refill()
}

func (p *pool) tellFailure(err error) {
	if p.config.Ended != nil {
		p.config.Ended(Ending{Cause: "start", Detail: err.Error()})
	}
}

// keepHouse sees to it that workers are looked at that nobody uses. The pool is
// locked.
func (p *pool) keepHouse() {
	every := max(p.config.MaxIdle/4, time.Millisecond)
	if p.house == nil {
		p.house = time.AfterFunc(every, p.sweep)
	} else {
		p.house.Reset(every)
	}
}

// sweep retires the workers that were idle or alive for too long.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	left := false
	for _, t := range p.tenants {
		for _, w := range t.workers {
			switch {
			case w.busy > 0 || w.retired || w.gone:
			case time.Since(w.lastUsed) >= p.config.MaxIdle, time.Since(w.born) >= p.config.MaxAge, w.restless():
				w.retired = true
				w.kill(&fate{})
			}
			left = true
		}
		p.tidy(t)
	}
	if left || len(p.tenants) > 0 {
		p.keepHouse()
	}
}

// restless reports whether an idle worker computes all the same. The pool is
// locked.
func (w *worker) restless() bool {
	const most = time.Second
	now := w.process.cpu()
	before := w.idleCPU
	w.idleCPU = now
	return before > 0 && now-before > most
}
