package worker

// groupFactor is how many times the free workers one group may hold.
const groupFactor = 3

// overShare reports whether t's group has as many workers at work as it may
// have beside the others: three times those that are free, so that there is one
// for a newcomer. An idle worker is as good as free. The pool is locked.
func (p *pool) overShare(t *tenant) bool {
	group := p.config.Group(t.name())
	ofGroup, ofAll := 0, 0
	for _, other := range p.tenants {
		n := other.atWork()
		ofAll += n
		if n > 0 && p.config.Group(other.name()) == group {
			ofGroup += n
		}
	}
	return ofGroup > 0 && ofGroup >= groupFactor*(p.config.Max-ofAll)
}

// atWork is how many workers of t run something.
func (t *tenant) atWork() int {
	n := 0
	for _, w := range t.workers {
		if w.busy > 0 && !w.gone {
			n++
		}
	}
	return n
}

// block notes that t waits until others of its group, or of the other groups,
// have less. The pool is locked.
func (p *pool) block(t *tenant) {
	if !t.blocked {
		t.blocked = true
		p.blocked = append(p.blocked, t)
	}
}

// unblock feeds those who waited for others to have less. The pool is locked.
func (p *pool) unblock() {
	waiting := p.blocked
	p.blocked = nil
	for _, t := range waiting {
		t.blocked = false
	}
	for _, t := range waiting {
		p.feed(t)
	}
}
